use crate::BatchError;
use crate::varint::{put_varint, put_varlong, varint_size};

/// A record's fields as they are stored.
pub(crate) struct EncodedRecord<'a> {
    pub(crate) timestamp_delta: i64,
    pub(crate) offset_delta: i32,
    pub(crate) key: Nullable<'a>,
    pub(crate) value: Nullable<'a>,
    pub(crate) header_count: i32,
    pub(crate) headers: &'a [u8],
}

impl EncodedRecord<'_> {
    /// Appends the record; nothing of it if it does not fit.
    pub(crate) fn put(&self, out: &mut Vec<u8>) -> Result<(), BatchError> {
        let size = self.size();
        let length = length_of(size)?;
        let size_with_length = varint_size(i64::from(length)) + size;
        length_of(out.len() + size_with_length)?;

        out.reserve(size_with_length);
        put_varint(out, length);
        out.push(0);
        put_varlong(out, self.timestamp_delta);
        put_varint(out, self.offset_delta);
        self.key.put(out);
        self.value.put(out);
        put_varint(out, self.header_count);
        out.extend_from_slice(self.headers);
        Ok(())
    }

    /// What the record takes, but for its length.
    fn size(&self) -> usize {
        size_of::<i8>()
            + varint_size(self.timestamp_delta)
            + varint_size(i64::from(self.offset_delta))
            + self.key.size()
            + self.value.size()
            + varint_size(i64::from(self.header_count))
            + self.headers.len()
    }
}

/// Bytes with their length before them, −1 for null.
pub(crate) struct Nullable<'a> {
    length: i32,
    bytes: &'a [u8],
}

impl<'a> Nullable<'a> {
    pub(crate) fn new(bytes: Option<&'a [u8]>) -> Result<Self, BatchError> {
        match bytes {
            Some(bytes) => Ok(Self { length: length_of(bytes.len())?, bytes }),
            None => Ok(Self { length: -1, bytes: &[] }),
        }
    }

    fn size(&self) -> usize {
        varint_size(i64::from(self.length)) + self.bytes.len()
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.length);
        out.extend_from_slice(self.bytes);
    }
}

pub(crate) fn length_of(size: usize) -> Result<i32, BatchError> {
    i32::try_from(size).ok().ok_or(does_not_fit("a size"))
}

pub(crate) fn does_not_fit(what: &'static str) -> BatchError {
    BatchError::DoesNotFit { what }
}
