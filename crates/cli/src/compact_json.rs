//! JSON, on one line and otherwise as it was written: no digit of a number is lost.

use serde::de::IgnoredAny;

/// Without the space between its parts; why it is no JSON, if it is none.
pub(crate) fn compact(bytes: &[u8]) -> Result<String, String> {
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| error.to_string())?;
    std::str::from_utf8(bytes).map(without_space).map_err(|error| error.to_string())
}

/// Of what is JSON.
pub(crate) fn without_space(text: &str) -> String {
    let (mut compact, mut is_string, mut is_escaped) = (String::with_capacity(text.len()), false, false);
    for c in text.chars() {
        if is_string {
            is_string = c != '"' || is_escaped;
            is_escaped = c == '\\' && !is_escaped;
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            is_string = c == '"';
        }
        compact.push(c);
    }
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_left_out_but_not_in_strings() {
        for (text, expected) in [
            (" [ 1,\n\t2 ] ", "[1,2]"),
            (r#"{"a b" : "c \" d\\" , "e" : 1e400}"#, r#"{"a b":"c \" d\\","e":1e400}"#),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("null", "null"),
        ] {
            assert_eq!(compact(text.as_bytes()).as_deref(), Ok(expected));
        }
        for text in [&b""[..], b"{", b"{} x", b"\"\xff\""] {
            assert!(compact(text).is_err(), "{text:?}");
        }
    }
}
