//! What bytes are unpacked into: `-s`.

use std::io::{self, Write};

use super::told::Fatal;
use crate::integer::integer;

/// A pack string, such as `iq$`.
///
/// Where kcat runs today `<` is without effect: all integers are big endian. So they are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pack(String);

/// Why bytes could not be unpacked; what came before is written.
#[derive(Debug)]
pub(super) enum Failure {
    Io(io::Error),
    Unpack(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl Pack {
    pub(super) fn parse(what: &str, text: &str) -> Result<Pack, Fatal> {
        if text.is_empty() {
            return Err(Fatal::new(format!("{what} pack-format must not be empty")));
        }
        match text.chars().find(|token| !" <>bBhHiIqQcs$".contains(*token)) {
            Some(token) => {
                Err(Fatal::new(format!("Invalid token '{token}' in {what} pack-format, see -s usage.")))
            }
            None => Ok(Pack(text.into())),
        }
    }

    pub(super) fn write(&self, out: &mut impl Write, what: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut rest = bytes;
        for token in self.0.chars() {
            let size = match token.to_ascii_lowercase() {
                'b' | 'c' => 1,
                'h' => 2,
                'i' => 4,
                'q' => 8,
                _ => 0,
            };
            let truncated = || {
                Failure::Unpack(format!(
                    "{what} truncated, expected {size} bytes to unpack {token} but only {} bytes remaining",
                    rest.len()
                ))
            };
            let (taken, after) = rest.split_at_checked(size).ok_or_else(truncated)?;
            match token {
                ' ' => out.write_all(b" ")?,
                'c' => out.write_all(taken)?,
                's' => out.write_all(std::mem::take(&mut rest))?,
                '$' if !rest.is_empty() => {
                    let count = rest.len();
                    let reason = format!("expected {what} end-of-input, but {count} bytes remaining");
                    return Err(Failure::Unpack(reason));
                }
                '<' | '>' | '$' => {}
                _ => write!(out, "{}", integer(taken, token.is_ascii_lowercase(), false))?,
            }
            if size > 0 {
                rest = after;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_unpacked_as_far_as_they_go() {
        for (pack, expected, failure) in [
            ("i", "16909060", None),
            ("<i", "16909060", None),
            ("bB", "12", None),
            ("h h$", "258 772", None),
            ("cs", "\u{1}\u{2}\u{3}\u{4}", None),
            ("h$", "258", Some("expected value end-of-input, but 2 bytes remaining")),
            ("bq", "1", Some("value truncated, expected 8 bytes to unpack q but only 3 bytes remaining")),
        ] {
            let mut out = Vec::new();
            let written = Pack::parse("value", pack).expect(pack).write(&mut out, "value", &[1, 2, 3, 4]);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{pack}");
            match (written, failure) {
                (Ok(()), None) => {}
                (Err(Failure::Unpack(reason)), Some(failure)) => assert_eq!(reason, failure),
                (written, _) => panic!("{pack}: {written:?}"),
            }
        }
    }
}
