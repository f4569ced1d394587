use bytes::Bytes;

use crate::varint::{take_varint, take_varlong};
use crate::{Offset, RecordFault, Timestamp};

// A record in a batch of version 2:
//
// +---------------+------------+-------------------+----------------+
// | length varint | attributes | timestamp Δ       | offset Δ       |
// |               | i8, unused | varint of 64 bits | varint         |
// +---------------+------------+-------------------+----------------+
// +------------+-----+--------------+-------+-----------------------+
// | key length | key | value length | value | header count, headers |
// | varint     |     | varint       |       | varint                |
// +------------+-----+--------------+-------+-----------------------+
//
// The length counts what follows it. A length below zero of a key or a value stands for null. A header is a key
// (never null) and a value, both with their lengths before them.

/// A record that holds its own slices of the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub offset: Offset,
    pub timestamp: Timestamp,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Headers,
}

impl Record {
    /// Borrows it.
    pub fn view(&self) -> RecordView<'_> {
        RecordView {
            offset: self.offset,
            timestamp: self.timestamp,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: self.headers.views(),
        }
    }
}

/// A record that borrows the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordView<'a> {
    pub offset: Offset,
    pub timestamp: Timestamp,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: HeaderViews<'a>,
}

impl RecordView<'_> {
    /// Takes slices of `bytes`, which the view must borrow from.
    pub(crate) fn slices_of(&self, bytes: &Bytes) -> Record {
        Record {
            offset: self.offset,
            timestamp: self.timestamp,
            key: self.key.map(|key| bytes.slice_ref(key)),
            value: self.value.map(|value| bytes.slice_ref(value)),
            headers: Headers { count: self.headers.count, bytes: bytes.slice_ref(self.headers.bytes) },
        }
    }
}

/// The headers of a record: as they are stored, known to be well formed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    count: usize,
    bytes: Bytes,
}

impl Headers {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The headers, in their order; names may repeat.
    pub fn iter(&self) -> impl Iterator<Item = Header> + '_ {
        self.views().map(|view| Header {
            key: self.bytes.slice_ref(view.key),
            value: view.value.map(|value| self.bytes.slice_ref(value)),
        })
    }

    pub fn views(&self) -> HeaderViews<'_> {
        HeaderViews { count: self.count, bytes: &self.bytes }
    }
}

/// A record's header. The key ought to be UTF-8, but nobody checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub key: Bytes,
    pub value: Option<Bytes>,
}

/// A record's header, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderView<'a> {
    pub key: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// The headers of a record, borrowed: an iterator over bytes that are known to be well formed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeaderViews<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl<'a> HeaderViews<'a> {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The headers as they are stored, without their count.
    pub(crate) fn encoded(&self) -> &'a [u8] {
        self.bytes
    }

    /// Reads the count and the headers, to the end of the record.
    fn decode(body: &mut &'a [u8]) -> Result<Self, RecordFault> {
        let available = body.len();
        let count = take_varint(body).ok_or(RecordFault::Varint)?;
        let fault = RecordFault::HeaderCount { count, available };
        // No header is shorter than two bytes, but Kafka holds the count against the bytes alone.
        let Some(count) = usize::try_from(count).ok().filter(|&count| count <= body.len()) else {
            return Err(fault);
        };
        let bytes = *body;
        for _ in 0..count {
            take_header(body)?;
        }
        Ok(Self { count, bytes: &bytes[..bytes.len() - body.len()] })
    }
}

impl<'a> Iterator for HeaderViews<'a> {
    type Item = HeaderView<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.count = self.count.checked_sub(1)?;
        Some(take_header(&mut self.bytes).expect("read once already"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for HeaderViews<'_> {}

/// What a record's offset and timestamp count from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordBase {
    pub(crate) offset: Offset,
    pub(crate) timestamp: Timestamp,
    /// The timestamp of every record, in a batch that has the time of its append.
    pub(crate) log_append_time: Option<Timestamp>,
}

impl RecordBase {
    /// Takes a record from the front.
    #[inline]
    pub(crate) fn take_record<'a>(&self, rest: &mut &'a [u8]) -> Result<RecordView<'a>, RecordFault> {
        let length = take_varint(rest).ok_or(RecordFault::LengthVarint)?;
        let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let Some((body, after)) = split else {
            return Err(RecordFault::Length { length, available: rest.len() });
        };
        *rest = after;
        self.decode(body)
    }

    /// Reads a record of which `body` is all but the length.
    #[inline]
    fn decode<'a>(&self, body: &'a [u8]) -> Result<RecordView<'a>, RecordFault> {
        let (_attributes, mut body) = body.split_first().ok_or(RecordFault::Truncated)?;
        let timestamp_delta = take_varlong(&mut body).ok_or(RecordFault::Varint)?;
        let offset_delta = take_varint(&mut body).ok_or(RecordFault::Varint)?;
        let view = RecordView {
            offset: self.offset.saturating_add(i64::from(offset_delta)),
            timestamp: self.log_append_time.unwrap_or(self.timestamp.saturating_add(timestamp_delta)),
            key: take_nullable(&mut body, "key")?,
            value: take_nullable(&mut body, "value")?,
            headers: HeaderViews::decode(&mut body)?,
        };
        if body.is_empty() { Ok(view) } else { Err(RecordFault::BytesLeft { left: body.len() }) }
    }
}

fn take_header<'a>(body: &mut &'a [u8]) -> Result<HeaderView<'a>, RecordFault> {
    let available = body.len();
    let null = RecordFault::FieldLength { field: "header key", length: -1, available };
    let key = take_nullable(body, "header key")?.ok_or(null)?;
    Ok(HeaderView { key, value: take_nullable(body, "header value")? })
}

/// Takes bytes with their length before them; null if that is below zero.
#[inline]
fn take_nullable<'a>(body: &mut &'a [u8], field: &'static str) -> Result<Option<&'a [u8]>, RecordFault> {
    let length = take_varint(body).ok_or(RecordFault::Varint)?;
    let Ok(size) = usize::try_from(length) else { return Ok(None) };
    let Some((bytes, after)) = body.split_at_checked(size) else {
        return Err(RecordFault::FieldLength { field, length, available: body.len() });
    };
    *body = after;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: RecordBase = RecordBase { offset: 100, timestamp: 1_000, log_append_time: None };

    fn check(bytes: &[u8], expected: RecordFault) {
        assert_eq!(BASE.take_record(&mut &*bytes), Err(expected), "{bytes:?}");
    }

    #[test]
    fn a_record_ends_where_its_length_says() {
        // Length 7 of a record, then two bytes of the next one.
        let mut bytes: &[u8] = &[14, 0, 2, 4, 1, 2, 9, 0, 77, 78];
        let record = BASE.take_record(&mut bytes).unwrap();
        assert_eq!((record.offset, record.timestamp), (102, 1_001));
        assert_eq!((record.key, record.value), (None, Some(&[9][..])));
        assert_eq!(bytes, [77, 78]);
    }

    #[test]
    fn fields_stay_within_the_record_whatever_follows_it() {
        check(&[16, 0, 2, 4, 1, 2, 9, 0, 77, 78], RecordFault::BytesLeft { left: 1 });
        check(&[12, 0, 2, 4, 1, 2, 9, 0, 77, 78], RecordFault::Varint);
        let field = |field, length, available| RecordFault::FieldLength { field, length, available };
        check(&[14, 0, 2, 4, 1, 10, 9, 0, 77, 78], field("value", 5, 2));
        check(&[14, 0, 2, 4, 8, 1, 1, 0, 77, 78], field("key", 4, 3));
        check(&[14, 0, 2, 4, 1, 1, 4, 0, 77, 78], RecordFault::HeaderCount { count: 2, available: 2 });
        check(&[0], RecordFault::Truncated);
        check(&[], RecordFault::LengthVarint);
    }
}
