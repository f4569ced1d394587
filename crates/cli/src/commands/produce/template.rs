//! `--template`: what is different in each record.

use bytes::Bytes;
use ottla_records::Timestamp;

use crate::random;

/// With `{i}`, `{now}` and `{random}` replaced: the number of the record from 1 on, the time in milliseconds, 16 hexadecimal digits.
pub(super) fn filled(text: &Bytes, number: u64, now: Timestamp) -> Bytes {
    let (mut out, mut rest) = (Vec::with_capacity(text.len() + 16), &text[..]);
    while let Some(at) = memchr::memchr(b'{', rest) {
        out.extend(&rest[..at]);
        rest = &rest[at..];
        let (name, value) = if rest.starts_with(b"{i}") {
            ("{i}", number.to_string())
        } else if rest.starts_with(b"{now}") {
            ("{now}", now.to_string())
        } else if rest.starts_with(b"{random}") {
            ("{random}", format!("{:016x}", random::number()))
        } else {
            ("{", "{".to_owned())
        };
        out.extend(value.into_bytes());
        rest = &rest[name.len()..];
    }
    out.extend(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_braces_is_replaced_if_it_is_known() {
        for (text, expected) in [
            ("{i}-{now}", "7-1700000000123"),
            ("{\"id\":{i},\"x\":{}}", "{\"id\":7,\"x\":{}}"),
            ("{", "{"),
            ("", ""),
        ] {
            assert_eq!(filled(&Bytes::from(text), 7, 1_700_000_000_123), expected, "{text}");
        }
        let random = filled(&Bytes::from("{random}"), 1, 0);
        assert!(random.len() == 16 && random.iter().all(u8::is_ascii_hexdigit));
    }
}
