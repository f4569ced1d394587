//! Format strings, in rpk's dialect.
//!
//! ```text
//! %t %T   topic, its length        %p %o   partition, offset
//! %k %K   key, its length          %d      timestamp
//! %v %V   value, its length        %e      leader epoch
//! %h{..}  headers, each by %k, %v  %H      how many headers
//! %]      the partition's end      %% %{ %}
//! ```
//!
//! A bytes may be followed by `{hex}`, `{base64}`, `{base64raw}` or `{json}`; a number by `{big64}` to `{big8}`, `{little64}` to
//! `{little8}`, `{hex64}` to `{hex8}`; a timestamp by `{iso}` too. `\n`, `\t`, `\r`, `\\` and `\xNN` are bytes.

use std::io::{self, Write};
use std::iter::Peekable;
use std::str::Chars;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use ottla_client::consumer::{ConsumerRecord, Header};

use crate::payload::Payload;
use crate::timestamp::Iso;

/// How a record is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    Bytes(BytesField, BytesCodec),
    Number(NumberField, NumberCodec),
    Iso,
    Headers(Vec<Piece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BytesField {
    Topic,
    Key,
    Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberField {
    TopicLength,
    KeyLength,
    ValueLength,
    Partition,
    Offset,
    Timestamp,
    LeaderEpoch,
    Headers,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BytesCodec {
    Raw,
    Hex,
    Base64,
    Base64Raw,
    Json,
}

/// With the number of bytes that remain of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberCodec {
    Ascii,
    Hex(usize),
    Big(usize),
    Little(usize),
}

/// What a piece is written of: a record, or a header of one.
struct Source<'a> {
    record: &'a ConsumerRecord,
    key: Option<&'a Bytes>,
    value: Option<&'a Bytes>,
}

impl Format {
    /// Why it is none, if it is none.
    pub(crate) fn parse(text: &str) -> Result<Format, String> {
        let mut rest = text.chars().peekable();
        parse_pieces(&mut rest, false).map(Format)
    }

    pub(crate) fn write(&self, out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
        let source = Source { record, key: record.key.as_ref(), value: record.value.as_ref() };
        write_pieces(out, &self.0, &source)
    }
}

/// Up to the end, or to the brace that closes what is nested.
fn parse_pieces(rest: &mut Peekable<Chars<'_>>, is_nested: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = Vec::new();
    loop {
        match rest.next() {
            None if is_nested => return Err("%h{ is not closed".into()),
            None => break,
            Some('}') if is_nested => break,
            Some('\\') => literal.push(parse_escape(rest)?),
            Some('%') => {
                if let Some(escaped) = rest.next_if(|c| matches!(c, '%' | '{' | '}')) {
                    literal.extend(escaped.to_string().bytes());
                    continue;
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(parse_field(rest, is_nested)?);
            }
            Some(c) => literal.extend(c.to_string().bytes()),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn parse_escape(rest: &mut Peekable<Chars<'_>>) -> Result<u8, String> {
    match rest.next() {
        Some('n') => Ok(b'\n'),
        Some('t') => Ok(b'\t'),
        Some('r') => Ok(b'\r'),
        Some('0') => Ok(0),
        Some('\\') => Ok(b'\\'),
        Some('x') => {
            let digits: String = rest.by_ref().take(2).collect();
            let are_two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| are_two);
            byte.ok_or_else(|| format!("\\x{digits} is not two hexadecimal digits"))
        }
        Some(other) => Err(format!("there is no \\{other}: write \\\\ for a backslash")),
        None => Err("it ends with a backslash: write \\\\".into()),
    }
}

fn parse_field(rest: &mut Peekable<Chars<'_>>, is_nested: bool) -> Result<Piece, String> {
    let field = rest.next().ok_or("it ends with %: write %%")?;
    if is_nested && !matches!(field, 'k' | 'K' | 'v' | 'V') {
        return Err(format!("there is no %{field} of a header: it has %k, %K, %v and %V"));
    }
    let bytes = match field {
        't' => Some(BytesField::Topic),
        'k' => Some(BytesField::Key),
        'v' => Some(BytesField::Value),
        _ => None,
    };
    if let Some(bytes) = bytes {
        return Ok(Piece::Bytes(bytes, parse_bytes_codec(&modifier(rest)?)?));
    }
    let number = match field {
        'T' => NumberField::TopicLength,
        'K' => NumberField::KeyLength,
        'V' => NumberField::ValueLength,
        'p' => NumberField::Partition,
        'o' => NumberField::Offset,
        'd' => NumberField::Timestamp,
        'e' => NumberField::LeaderEpoch,
        'H' => NumberField::Headers,
        ']' => NumberField::End,
        'h' => {
            rest.next_if_eq(&'{').ok_or("%h wants the format of a header, as in %h{%k=%v }")?;
            return Ok(Piece::Headers(parse_pieces(rest, true)?));
        }
        other => {
            return Err(format!(
                "there is no %{other}: there are %t %k %v %h{{..}} %p %o %d %e %T %K %V %H %]"
            ));
        }
    };
    let modifier = modifier(rest)?;
    if number == NumberField::Timestamp && matches!(modifier.as_str(), "iso" | "rfc3339") {
        return Ok(Piece::Iso);
    }
    Ok(Piece::Number(number, parse_number_codec(&modifier)?))
}

/// What stands in braces, if something does.
fn modifier(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    if rest.next_if_eq(&'{').is_none() {
        return Ok(String::new());
    }
    let mut text = String::new();
    loop {
        match rest.next() {
            Some('}') => return Ok(text),
            Some(c) => text.push(c),
            None => return Err(format!("{{{text} is not closed")),
        }
    }
}

fn parse_bytes_codec(modifier: &str) -> Result<BytesCodec, String> {
    match modifier {
        "" => Ok(BytesCodec::Raw),
        "hex" => Ok(BytesCodec::Hex),
        "base64" => Ok(BytesCodec::Base64),
        "base64raw" => Ok(BytesCodec::Base64Raw),
        "json" => Ok(BytesCodec::Json),
        other => Err(format!("bytes cannot be {{{other}}}: there are hex, base64, base64raw and json")),
    }
}

fn parse_number_codec(modifier: &str) -> Result<NumberCodec, String> {
    let wrong = || {
        format!("a number cannot be {{{modifier}}}: there are ascii, hex64, big64, little64 and shorter ones")
    };
    let (make, bits): (fn(usize) -> NumberCodec, _) = match modifier {
        "" | "ascii" => return Ok(NumberCodec::Ascii),
        "byte" => return Ok(NumberCodec::Big(1)),
        text => {
            if let Some(bits) = text.strip_prefix("hex") {
                (NumberCodec::Hex, bits)
            } else if let Some(bits) = text.strip_prefix("big") {
                (NumberCodec::Big, bits)
            } else {
                (NumberCodec::Little, text.strip_prefix("little").ok_or_else(wrong)?)
            }
        }
    };
    match bits {
        "64" => Ok(make(8)),
        "32" => Ok(make(4)),
        "16" => Ok(make(2)),
        "8" => Ok(make(1)),
        _ => Err(wrong()),
    }
}

fn write_pieces(out: &mut impl Write, pieces: &[Piece], source: &Source<'_>) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Literal(bytes) => out.write_all(bytes)?,
            Piece::Bytes(field, codec) => write_bytes(out, source.bytes(*field), *codec)?,
            Piece::Number(field, codec) => write_number(out, source.number(*field), *codec)?,
            Piece::Iso => write!(out, "{}", Iso(source.record.timestamp))?,
            Piece::Headers(each) => write_headers(out, each, source.record)?,
        }
    }
    Ok(())
}

fn write_headers(out: &mut impl Write, each: &[Piece], record: &ConsumerRecord) -> io::Result<()> {
    record.headers.iter().try_for_each(|Header { key, value }| {
        write_pieces(out, each, &Source { record, key: Some(&key), value: value.as_ref() })
    })
}

impl Source<'_> {
    /// Nothing for what is null.
    fn bytes(&self, field: BytesField) -> &[u8] {
        match field {
            BytesField::Topic => self.record.partition.topic.as_bytes(),
            BytesField::Key => self.key.map(|key| &key[..]).unwrap_or_default(),
            BytesField::Value => self.value.map(|value| &value[..]).unwrap_or_default(),
        }
    }

    /// -1 for the length of what is null, and what is not known.
    fn number(&self, field: NumberField) -> i64 {
        let length = |length: Option<usize>| length.and_then(|it| i64::try_from(it).ok()).unwrap_or(-1);
        match field {
            NumberField::TopicLength => length(Some(self.record.partition.topic.len())),
            NumberField::KeyLength => length(self.key.map(Bytes::len)),
            NumberField::ValueLength => length(self.value.map(Bytes::len)),
            NumberField::Partition => self.record.partition.partition.into(),
            NumberField::Offset => self.record.offset,
            NumberField::Timestamp => self.record.timestamp,
            NumberField::LeaderEpoch => self.record.leader_epoch.unwrap_or(-1).into(),
            NumberField::Headers => length(Some(self.record.headers.len())),
            NumberField::End => self.record.high_watermark,
        }
    }
}

fn write_bytes(out: &mut impl Write, bytes: &[u8], codec: BytesCodec) -> io::Result<()> {
    match codec {
        BytesCodec::Raw => out.write_all(bytes),
        BytesCodec::Hex => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
        BytesCodec::Base64 => out.write_all(STANDARD.encode(bytes).as_bytes()),
        BytesCodec::Base64Raw => out.write_all(STANDARD_NO_PAD.encode(bytes).as_bytes()),
        BytesCodec::Json => Ok(serde_json::to_writer(out, &Payload(Bytes::copy_from_slice(bytes)))?),
    }
}

fn write_number(out: &mut impl Write, number: i64, codec: NumberCodec) -> io::Result<()> {
    let bytes = number.to_be_bytes();
    match codec {
        NumberCodec::Ascii => write!(out, "{number}"),
        NumberCodec::Hex(size) => bytes[8 - size..].iter().try_for_each(|byte| write!(out, "{byte:02x}")),
        NumberCodec::Big(size) => out.write_all(&bytes[8 - size..]),
        NumberCodec::Little(size) => out.write_all(&number.to_le_bytes()[..size]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_that_is_none_is_refused_with_the_reason() {
        for (text, reason) in [
            ("%", "it ends with %"),
            ("%x", "there is no %x"),
            ("%v{rot13}", "bytes cannot be {rot13}"),
            ("%o{big7}", "a number cannot be {big7}"),
            ("%v{hex", "{hex is not closed"),
            ("%h", "%h wants"),
            ("%h{%k", "%h{ is not closed"),
            ("%h{%o}", "there is no %o of a header"),
            ("\\q", "there is no \\q"),
            ("\\x1", "is not two hexadecimal digits"),
            ("x\\", "it ends with a backslash"),
        ] {
            let refused = Format::parse(text).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn literals_and_escapes_are_bytes() {
        let format = Format::parse("a%%%{é\\n\\xff").expect("a format");
        assert_eq!(format, Format(vec![Piece::Literal(b"a%{\xc3\xa9\n\xff".to_vec())]));
    }

    #[test]
    fn numbers_are_cut_to_their_size() {
        for (codec, expected) in [
            (NumberCodec::Ascii, b"258".as_slice()),
            (NumberCodec::Hex(2), b"0102"),
            (NumberCodec::Big(4), &[0, 0, 1, 2]),
            (NumberCodec::Little(2), &[2, 1]),
        ] {
            let mut out = Vec::new();
            write_number(&mut out, 258, codec).expect("a vector takes everything");
            assert_eq!(out, expected, "{codec:?}");
        }
    }
}
