//! Numbers.

use std::io::Read;
use std::str;

use anyhow::{Context as _, Result, bail};

use super::Input;
use crate::format_string;
use crate::integer::integer;

/// How a number is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberCodec {
    /// It is not read: it is always this.
    Fixed(i64),
    Read(format_string::NumberCodec),
}

/// As many as a number of 64 bits can have, and some that do nothing.
const DIGITS_MAX: usize = 32;

/// From so many bytes on a number has a sign.
const SIGNED_BYTES: usize = 4;

impl NumberCodec {
    pub(super) fn parse(modifier: &str) -> Result<NumberCodec, String> {
        match modifier.parse() {
            Ok(number) => Ok(NumberCodec::Fixed(number)),
            Err(_) => format_string::NumberCodec::parse(modifier).map(NumberCodec::Read),
        }
    }

    /// With a sign where it has 32 bits or more.
    pub(super) fn read(self, input: &mut Input<impl Read>) -> Result<i64> {
        use format_string::NumberCodec::{Ascii, Big, Bool, Hex, Little};
        let codec = match self {
            NumberCodec::Fixed(number) => return Ok(number),
            NumberCodec::Read(codec) => codec,
        };
        match codec {
            Ascii => {
                let read = input.all_that(DIGITS_MAX, |byte| byte.is_ascii_digit() || byte == b'-')?;
                let number = str::from_utf8(&read).ok().and_then(|digits| digits.parse().ok());
                number.with_context(|| told(&read, input))
            }
            Hex(digits) => {
                let read = input.all_that(digits.unwrap_or(DIGITS_MAX), |byte| byte.is_ascii_hexdigit())?;
                let text = str::from_utf8(&read).ok().filter(|text| digits.is_none_or(|it| text.len() == it));
                let number = text.and_then(|text| u64::from_str_radix(text, 16).ok());
                let number = number.with_context(|| told(&read, input))?;
                Ok(if digits == Some(8) { sign_of_32_bits(number) } else { number.cast_signed() })
            }
            Big(size) => of_bytes(input, size, false),
            Little(size) => of_bytes(input, size, true),
            Bool if input.takes(b"true")? => Ok(1),
            Bool if input.takes(b"false")? => Ok(0),
            Bool => bail!("`true` or `false` should come, and there is {}", input.shown()),
        }
    }
}

fn sign_of_32_bits(number: u64) -> i64 {
    u32::try_from(number).map_or(number.cast_signed(), |number| number.cast_signed().into())
}

/// Why what was read is no number.
fn told(read: &[u8], input: &Input<impl Read>) -> String {
    match read {
        [] => format!("digits should come, and there is {}", input.shown()),
        read => format!("`{}` is no such number", read.escape_ascii()),
    }
}

fn of_bytes(input: &mut Input<impl Read>, size: usize, is_little: bool) -> Result<i64> {
    let bytes = input.take(size)?;
    Ok(i64::try_from(integer(&bytes, size >= SIGNED_BYTES, is_little))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(modifier: &str, bytes: &[u8]) -> Result<i64> {
        NumberCodec::parse(modifier).map_err(anyhow::Error::msg)?.read(&mut Input::new(bytes))
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for modifier in ["ascii", "number", "hex", "hex64", "big64", "little64"] {
            for number in [0, 1, 258, i64::MAX, -1] {
                check(modifier, number);
            }
        }
        for modifier in ["hex32", "big32", "little32"] {
            for number in [0, 258, i32::MAX.into(), -1] {
                check(modifier, number);
            }
        }
        for modifier in ["hex16", "big16", "little16"] {
            check(modifier, 0xffff);
        }
        for modifier in ["hex8", "byte", "big8", "little8"] {
            check(modifier, 0xff);
        }
        check("hex4", 15);
        check("bool", 1);
        check("bool", 0);
    }

    fn check(modifier: &str, number: i64) {
        let mut written = Vec::new();
        let codec = format_string::NumberCodec::parse(modifier).expect(modifier);
        codec.write(&mut written, number).expect("a vector takes everything");
        // What follows is not of the number.
        written.extend(b" and more");
        assert_eq!(read(modifier, &written).expect(modifier), number, "{modifier}");
    }

    #[test]
    fn a_number_that_is_none_is_told() {
        assert_eq!(read("3", b"").expect("nothing is read"), 3);
        for (modifier, bytes, expected) in [
            ("ascii", &b"x1"[..], "digits should come, and there is `x1`"),
            ("ascii", b"", "digits should come, and there is the end of the input"),
            ("ascii", b"99999999999999999999", "`99999999999999999999` is no such number"),
            ("ascii", b"1-1", "`1-1` is no such number"),
            ("hex16", b"12x", "`12` is no such number"),
            ("hex", b"g", "digits should come, and there is `g`"),
            ("big32", b"\x01", "4 bytes should come, and there is 1 before the input ends"),
            ("bool", b"tru", "`true` or `false` should come, and there is `tru`"),
        ] {
            assert_eq!(read(modifier, bytes).expect_err(modifier).to_string(), expected, "{modifier}");
        }
    }
}
