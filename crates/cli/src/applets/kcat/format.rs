//! Format strings: `-f`.

use super::delimiter;
use super::told::Fatal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(Vec<u8>),
    Offset,
    Key,
    KeyLength,
    Value,
    ValueLength,
    /// As four bytes, big endian.
    ValueLengthBinary,
    Topic,
    Partition,
    Timestamp,
    Headers,
}

pub(super) fn parse(text: &str) -> Result<Vec<Piece>, Fatal> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((plain, field)) = rest.split_once('%') {
        if !plain.is_empty() {
            pieces.push(Piece::Literal(literal(plain)));
        }
        let name = field.chars().next().ok_or_else(|| Fatal::new("Empty formatter"))?;
        pieces.push(match name {
            'o' => Piece::Offset,
            'k' => Piece::Key,
            'K' => Piece::KeyLength,
            's' => Piece::Value,
            'S' => Piece::ValueLength,
            'R' => Piece::ValueLengthBinary,
            't' => Piece::Topic,
            'p' => Piece::Partition,
            'T' => Piece::Timestamp,
            'h' => Piece::Headers,
            '%' => Piece::Literal(b"%".to_vec()),
            other => return Err(Fatal::new(format!("Unsupported formatter: %{other}"))),
        });
        rest = &field[name.len_utf8()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(literal(rest)));
    }
    Ok(pieces)
}

/// With `\n`, `\t`, `\r`, `\xNN`, and `\NNN` as C reads numbers: octal behind a 0, else decimal. As in kcat `\x` wants a digit of
/// ten first: `\xff` is `ff`, and `\x0ff` is the byte.
fn literal(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        let Some(first) = escape.chars().next() else {
            bytes.push(b'\\');
            return bytes;
        };
        let after = &escape[first.len_utf8()..];
        rest = match first {
            'n' => push(&mut bytes, b'\n', after),
            't' => push(&mut bytes, b'\t', after),
            'r' => push(&mut bytes, b'\r', after),
            'x' if after.starts_with(|c: char| c.is_ascii_digit()) => {
                let (byte, after) = delimiter::hexadecimal(after);
                push(&mut bytes, byte.unwrap_or_default(), after)
            }
            'x' => after,
            '0'..='9' => {
                let (byte, after) = number(escape);
                push(&mut bytes, byte, after)
            }
            _ => {
                let (itself, after) = escape.split_at(first.len_utf8());
                bytes.extend(itself.as_bytes());
                after
            }
        };
    }
    bytes.extend(rest.as_bytes());
    bytes
}

fn push<'a>(bytes: &mut Vec<u8>, byte: u8, after: &'a str) -> &'a str {
    bytes.push(byte);
    after
}

/// Of which the last byte counts.
fn number(text: &str) -> (u8, &str) {
    let radix = if text.starts_with('0') { 8 } else { 10 };
    let count = text.chars().take_while(|c| c.is_digit(radix)).count();
    let (digits, after) = text.split_at(count);
    let number = digits
        .chars()
        .filter_map(|digit| digit.to_digit(radix))
        .fold(0_u32, |number, digit| number.wrapping_mul(radix).wrapping_add(digit));
    (number.to_le_bytes()[0], after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_escapes_are_kcats() {
        let literal = |bytes: &[u8]| Piece::Literal(bytes.to_vec());
        for (text, expected) in [
            ("%t:%p", vec![Piece::Topic, literal(b":"), Piece::Partition]),
            ("%%\\n\\t\\r", vec![literal(b"%"), literal(b"\n\t\r")]),
            ("\\x41b\\x09g", vec![literal(b"\x1b\tg")]),
            ("\\xff\\x0ff", vec![literal(b"ff\xff")]),
            ("\\65\\0101\\q\\é\\", vec![literal("AAqé\\".as_bytes())]),
            ("", vec![]),
        ] {
            assert_eq!(parse(text).expect(text), expected, "{text}");
        }
        for (text, expected) in [("%", "Empty formatter"), ("%z", "Unsupported formatter: %z")] {
            assert_eq!(parse(text).expect_err(text).to_string(), format!("% ERROR: {expected}"));
        }
    }
}
