//! Format strings, in rpk's dialect.
//!
//! ```text
//! %t %T   topic, its length              %p %o   partition, offset
//! %k %K   key, its length                %d      timestamp
//! %v %V   value, its length              %e      leader epoch
//! %h{..}  headers, each by %k %K %v %V   %H      how many headers
//! %a{..}  attributes                     %x %y   producer id, its epoch
//! %[ %| %]  the partition's start, its last stable offset, its end
//! %i      the number of the record, from 1 on
//! %% %{ %}  these characters             \n \t \r \\ \xNN
//! ```
//!
//! What follows in braces says how it is written:
//!
//! | of | modifiers |
//! |---|---|
//! | text: %t %k %v | `hex`, `base64`, `base64raw`, `json`, `unpack[<>bBhHiIqQxc.s$]` |
//! | numbers | `ascii` or `number`, `hex`, `hex64` to `hex4`, `big64` to `big8`, `little64` to `little8`, `byte`, `bool` |
//! | %d | those of numbers, `iso`, `strftime[%F %T]`, `go[2006-01-02]` |
//! | %a | `compression`, `timestamp-type`, `transactional-bit`, `control-bit`, each also with `;` and a modifier of numbers |
//!
//! What stands in brackets may stand between any other characters, which may be repeated: `strftime##%d]##`.
//! Beyond rpk's are `json`, `iso`, and that the length of what is null is -1.

mod attribute;
mod parse;
mod text;
mod time;
mod unpack;

use std::io::{self, Write};

use ottla_client::consumer::ConsumerRecord;

use super::decoding::Decoded;
use crate::format_string::NumberCodec;
use attribute::AttributeField;
use text::TextCodec;
use time::TimeCodec;

/// How a record is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Vec<u8>),
    Text(TextField, TextCodec),
    Number(NumberField, NumberCodec),
    Attribute(AttributeField, Option<NumberCodec>),
    Time(TimeCodec),
    Headers(Vec<Piece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextField {
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
    LeaderEpoch,
    ProducerId,
    ProducerEpoch,
    Headers,
    Number,
    Start,
    StableEnd,
    End,
}

/// What a piece is written of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) record: &'a ConsumerRecord,
    /// What the key means, if that is known: it is written where nothing else is asked for.
    pub(crate) key: Option<&'a Decoded>,
    pub(crate) value: Option<&'a Decoded>,
    /// How many records were written, this one included.
    pub(crate) number: u64,
    /// Whether bytes must be made harmless.
    pub(crate) is_terminal: bool,
}

/// What %k and %v are: of a record, or of a header.
#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    decoded_key: Option<&'a Decoded>,
    decoded_value: Option<&'a Decoded>,
}

impl Format {
    /// Why it is none, if it is none.
    pub(crate) fn parse(text: &str) -> Result<Format, String> {
        parse::pieces(text).map(Format)
    }

    pub(crate) fn write(&self, out: &mut impl Write, source: &Source<'_>) -> io::Result<()> {
        let record = source.record;
        let pair = Pair {
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            decoded_key: source.key,
            decoded_value: source.value,
        };
        write_pieces(out, &self.0, source, &pair)
    }
}

fn write_pieces(
    out: &mut impl Write,
    pieces: &[Piece],
    source: &Source<'_>,
    pair: &Pair<'_>,
) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Literal(bytes) => out.write_all(bytes)?,
            Piece::Text(field, codec) => {
                let (bytes, decoded) = pair.text(*field, source.record);
                match decoded.filter(|_| *codec == TextCodec::Plain) {
                    Some(decoded) => codec.write(out, decoded.text().as_bytes(), source.is_terminal)?,
                    None => codec.write(out, bytes, source.is_terminal)?,
                }
            }
            Piece::Number(field, codec) => codec.write(out, pair.number(*field, source))?,
            Piece::Attribute(field, codec) => field.write(out, source.record.attributes, *codec)?,
            Piece::Time(codec) => codec.write(out, source.record.timestamp)?,
            Piece::Headers(each) => {
                for header in source.record.headers.views() {
                    let (key, value) = (Some(header.key), header.value);
                    let pair = Pair { key, value, decoded_key: None, decoded_value: None };
                    write_pieces(out, each, source, &pair)?;
                }
            }
        }
    }
    Ok(())
}

impl<'a> Pair<'a> {
    /// Nothing for what is null.
    fn text(&self, field: TextField, record: &'a ConsumerRecord) -> (&'a [u8], Option<&'a Decoded>) {
        match field {
            TextField::Topic => (record.partition.topic.as_bytes(), None),
            TextField::Key => (self.key.unwrap_or_default(), self.decoded_key),
            TextField::Value => (self.value.unwrap_or_default(), self.decoded_value),
        }
    }

    /// -1 for the length of what is null, and what is not known.
    fn number(&self, field: NumberField, source: &Source<'_>) -> i64 {
        let length = |length: Option<usize>| length.and_then(|it| i64::try_from(it).ok()).unwrap_or(-1);
        let record = source.record;
        match field {
            NumberField::TopicLength => length(Some(record.partition.topic.len())),
            NumberField::KeyLength => length(self.key.map(<[u8]>::len)),
            NumberField::ValueLength => length(self.value.map(<[u8]>::len)),
            NumberField::Partition => record.partition.partition.into(),
            NumberField::Offset => record.offset,
            NumberField::LeaderEpoch => record.leader_epoch.unwrap_or(-1).into(),
            NumberField::ProducerId => record.producer_id,
            NumberField::ProducerEpoch => record.producer_epoch.into(),
            NumberField::Headers => length(Some(record.headers.len())),
            NumberField::Number => i64::try_from(source.number).unwrap_or(i64::MAX),
            NumberField::Start => record.log_start_offset,
            NumberField::StableEnd => record.last_stable_offset,
            NumberField::End => record.high_watermark,
        }
    }
}
