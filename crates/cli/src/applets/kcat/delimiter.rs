//! What separates messages, and keys from values.

use super::told::Fatal;

/// The bytes of `\n`, `\t`, `\xNN`, and of what stands between them.
pub(super) fn parse(text: &str) -> Result<Vec<u8>, Fatal> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        rest = match escape.as_bytes().first() {
            Some(b'n') => {
                bytes.push(b'\n');
                &escape[1..]
            }
            Some(b't') => {
                bytes.push(b'\t');
                &escape[1..]
            }
            Some(b'x') => {
                let (byte, after) = hexadecimal(&escape[1..]);
                let byte =
                    byte.ok_or_else(|| Fatal::new(format!("Delimiter \\{escape} expects hex number")))?;
                bytes.push(byte);
                after
            }
            _ => {
                bytes.push(b'\\');
                escape
            }
        };
    }
    bytes.extend(rest.as_bytes());
    Ok(bytes)
}

/// All digits that there are, of which the last byte counts, and what follows.
pub(super) fn hexadecimal(text: &str) -> (Option<u8>, &str) {
    let count = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (digits, after) = text.split_at(count);
    let last = &digits[count.saturating_sub(2)..];
    (u8::from_str_radix(last, 16).ok(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_bytes() {
        for (text, expected) in [
            ("", &b""[..]),
            ("\\n", b"\n"),
            ("\\t\\n\\n", b"\t\n\n"),
            ("\\x54!\\x45\\x53T", b"T!EST"),
            ("\\x0a", b"\n"),
            ("a\\q\\", b"a\\q\\"),
            ("é", "é".as_bytes()),
        ] {
            assert_eq!(parse(text).expect(text), expected, "{text}");
        }
        assert_eq!(
            parse("\\xg").expect_err("no digit").to_string(),
            "% ERROR: Delimiter \\xg expects hex number"
        );
    }
}
