//! Numbers.

use std::io::{self, Write};

/// How a number is written. What does not fit is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberCodec {
    Ascii,
    /// So many digits; none for as many as it has.
    Hex(Option<usize>),
    /// So many bytes.
    Big(usize),
    Little(usize),
    Bool,
}

impl NumberCodec {
    pub(crate) fn parse(modifier: &str) -> Result<NumberCodec, String> {
        Ok(match modifier {
            "ascii" | "number" => NumberCodec::Ascii,
            "hex" => NumberCodec::Hex(None),
            "hex64" => NumberCodec::Hex(Some(16)),
            "hex32" => NumberCodec::Hex(Some(8)),
            "hex16" => NumberCodec::Hex(Some(4)),
            "hex8" => NumberCodec::Hex(Some(2)),
            "hex4" => NumberCodec::Hex(Some(1)),
            "big64" => NumberCodec::Big(8),
            "big32" => NumberCodec::Big(4),
            "big16" => NumberCodec::Big(2),
            "little64" => NumberCodec::Little(8),
            "little32" => NumberCodec::Little(4),
            "little16" => NumberCodec::Little(2),
            "byte" | "big8" | "little8" => NumberCodec::Big(1),
            "bool" => NumberCodec::Bool,
            other => {
                return Err(format!(
                    "a number cannot be {{{other}}}: there are ascii, hex, hex64, big64, little64 and shorter ones, \
                     byte and bool"
                ));
            }
        })
    }

    pub(crate) fn write(self, out: &mut impl Write, number: i64) -> io::Result<()> {
        match self {
            NumberCodec::Ascii => write!(out, "{number}"),
            NumberCodec::Hex(None) => write!(out, "{number:x}"),
            NumberCodec::Hex(Some(digits)) => {
                let all = format!("{number:016x}");
                out.write_all(&all.as_bytes()[16 - digits..])
            }
            NumberCodec::Big(size) => out.write_all(&number.to_be_bytes()[8 - size..]),
            NumberCodec::Little(size) => out.write_all(&number.to_le_bytes()[..size]),
            NumberCodec::Bool => write!(out, "{}", number != 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_to_their_size() {
        for (modifier, number, expected) in [
            ("ascii", 258, b"258".as_slice()),
            ("number", -1, b"-1"),
            ("hex", 258, b"102"),
            ("hex64", -2, b"fffffffffffffffe"),
            ("hex32", 258, b"00000102"),
            ("hex16", 258, b"0102"),
            ("hex8", 258, b"02"),
            ("hex4", 258, b"2"),
            ("big64", 258, &[0, 0, 0, 0, 0, 0, 1, 2]),
            ("big32", 258, &[0, 0, 1, 2]),
            ("big16", 258, &[1, 2]),
            ("big8", 258, &[2]),
            ("byte", 258, &[2]),
            ("little64", 258, &[2, 1, 0, 0, 0, 0, 0, 0]),
            ("little32", 258, &[2, 1, 0, 0]),
            ("little16", 258, &[2, 1]),
            ("little8", 258, &[2]),
            ("bool", 258, b"true"),
            ("bool", 0, b"false"),
        ] {
            let mut out = Vec::new();
            let codec = NumberCodec::parse(modifier).expect(modifier);
            codec.write(&mut out, number).expect("a vector takes everything");
            assert_eq!(out, expected, "{modifier}");
        }
    }
}
