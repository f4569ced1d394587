//! What keys and values mean: `--decode`.
//!
//! ```text
//! kind      one kind of bytes, and how they are read
//! msgpack   MessagePack as JSON
//! guess     which kind bytes probably are
//! internal  records of the brokers' own topics
//! ```

mod guess;
mod internal;
mod kind;
mod msgpack;

use ottla_client::consumer::ConsumerRecord;
use serde_json::value::RawValue;

pub(crate) use kind::Kind;

use crate::envelope::Content;
use crate::exit::print_warning;

/// What bytes mean.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Text(String),
    /// A number or a structure, as JSON on one line.
    Json(String),
}

impl Decoded {
    /// As people read it.
    pub(crate) fn text(&self) -> &str {
        match self {
            Decoded::Text(text) | Decoded::Json(text) => text,
        }
    }

    pub(crate) fn content(&self) -> Content<'_> {
        match self {
            Decoded::Text(text) => Content::Text(text),
            Decoded::Json(json) => {
                serde_json::from_str::<&RawValue>(json).map_or(Content::Text(json), Content::Json)
            }
        }
    }
}

/// Of a key or a value: nothing if it is null, or is not to be decoded.
pub(crate) type Meaning = Option<Result<Decoded, String>>;

/// What keys and values are said to be.
#[derive(Debug, Default)]
pub(crate) struct Decoding {
    key: Field,
    value: Field,
}

#[derive(Debug, Default)]
struct Field {
    kind: Option<Kind>,
    failures: u64,
    first_failure: Option<String>,
}

impl Decoding {
    /// Of `key=KIND`, `value=KIND`, or `KIND` for both.
    pub(crate) fn parse<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Decoding, String> {
        let mut decoding = Decoding::default();
        for part in parts {
            match part.split_once('=') {
                None => {
                    let kind = Kind::parse(part)?;
                    (decoding.key.kind, decoding.value.kind) = (Some(kind), Some(kind));
                }
                Some(("key", kind)) => decoding.key.kind = Some(Kind::parse(kind)?),
                Some(("value", kind)) => decoding.value.kind = Some(Kind::parse(kind)?),
                Some((other, _)) => {
                    return Err(format!("there is no {other} to decode: there are key and value"));
                }
            }
        }
        Ok(decoding)
    }

    /// Of the key, and of the value.
    pub(crate) fn decode(&mut self, record: &ConsumerRecord) -> (Meaning, Meaning) {
        let is_auto = [&self.key, &self.value].iter().any(|field| field.kind == Some(Kind::Auto));
        let internal = if is_auto { internal::decode(record) } else { None };
        let (key, value) = match internal {
            Some((key, value)) => (
                key.filter(|_| self.key.kind == Some(Kind::Auto)),
                value.filter(|_| self.value.kind == Some(Kind::Auto)),
            ),
            None => (self.key.decode(record.key.as_deref()), self.value.decode(record.value.as_deref())),
        };
        self.key.note(key.as_ref(), "the key", record);
        self.value.note(value.as_ref(), "the value", record);
        (key, value)
    }

    /// Tells what was not what it was said to be.
    pub(crate) fn warn(&self) {
        for (field, shown) in [(&self.key, "keys"), (&self.value, "values")] {
            if let Some(first) = &field.first_failure {
                print_warning(format!(
                    "{} {shown} could not be decoded, and are shown as they are; the first: {first}",
                    field.failures
                ));
            }
        }
    }
}

impl Field {
    fn decode(&self, bytes: Option<&[u8]>) -> Meaning {
        Some(self.kind?.decode(bytes?))
    }

    fn note(&mut self, meaning: Option<&Result<Decoded, String>>, what: &str, record: &ConsumerRecord) {
        if let Some(Err(reason)) = meaning {
            self.failures += 1;
            self.first_failure.get_or_insert_with(|| {
                format!("{what} at {} in {}: {reason}", record.offset, record.partition)
            });
        }
    }
}
