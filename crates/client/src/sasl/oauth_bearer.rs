//! OAUTHBEARER (RFC 7628, KIP-255, KIP-342): a token instead of a password.

use bytes::Bytes;

use super::Token;

/// The answer to an error: the broker then says it again in its response.
pub(super) const UNDERSTOOD: Bytes = Bytes::from_static(b"\x01");

/// The only message, where fields end with the byte 1.
pub(super) fn initial(token: &Token) -> Result<Bytes, String> {
    let value = token.value.reveal();
    if value.is_empty() || value.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err("the token is empty, or has something in it that no token has".into());
    }
    let mut message = format!("n,,\x01auth=Bearer {value}\x01");
    for (name, value) in &token.extensions {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        // Tabs and ends of lines are what may be in it beside what can be printed.
        let is_value = value.bytes().all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~'));
        if !is_name || name == "auth" || !is_value {
            return Err(format!("{name:?} cannot be an extension of a token, or has a value that cannot"));
        }
        message.extend([name, "=", value, "\x01"]);
    }
    message.push('\x01');
    Ok(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_the_token_and_its_extensions() {
        let token = Token::new("abc.def").extension("logicalCluster", "lkc-1");
        assert_eq!(initial(&token).unwrap(), "n,,\x01auth=Bearer abc.def\x01logicalCluster=lkc-1\x01\x01");
    }

    #[test]
    fn what_would_end_a_field_is_refused() {
        for token in [
            Token::new(""),
            Token::new("a\x01b"),
            Token::new("a").extension("auth", "b"),
            Token::new("a").extension("b", "c\x01"),
            Token::new("a").extension("b=c", "d"),
        ] {
            assert!(initial(&token).is_err(), "{token:?}");
        }
    }
}
