//! Decoding of the protocol's primitives.

use bytes::Bytes;
use bytestring::ByteString;
use uuid::Uuid;

use crate::{DecodeError, Records};

/// Memory that a message may take beyond a multiple of its size on the wire.
const ALLOWANCE_BASE: usize = 64 * 1024;
/// A struct in memory may be larger than on the wire, where empty strings take a byte; honest messages stay far below.
const ALLOWANCE_FACTOR: usize = 8;
/// The most that it is for a request, however large: records are no elements, and little else is worth more.
const REQUEST_ALLOWANCE_MAX: usize = 32 * 1024 * 1024;
/// Elements that are allocated before the first of them has been read.
const PREALLOCATED_MAX: usize = 1024;

/// Reads primitives off the front of a frame. Strings and bytes are slices of the frame.
#[derive(Debug)]
pub struct Reader {
    bytes: Bytes,
    at: usize,
    /// Bytes of memory that arrays may still take.
    allowance: usize,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl Reader {
    pub fn new(bytes: Bytes) -> Reader {
        let allowance = bytes.len().saturating_mul(ALLOWANCE_FACTOR).saturating_add(ALLOWANCE_BASE);
        Reader { bytes, at: 0, allowance }
    }

    /// Of a frame that anybody may have sent: what is decoded from it has an end of its own.
    pub fn of_request(bytes: Bytes) -> Reader {
        let reader = Reader::new(bytes);
        Reader { allowance: reader.allowance.min(REQUEST_ALLOWANCE_MAX), ..reader }
    }

    /// How far it has read.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).copied();
        let bytes =
            bytes.ok_or(DecodeError::Truncated { at: self.at, missing: N - self.remaining().min(N) })?;
        self.at += N;
        Ok(bytes)
    }

    /// The next `length` bytes, which share the frame's memory.
    pub fn slice(&mut self, length: usize) -> Result<Bytes> {
        let remaining = self.remaining();
        if length > remaining {
            return Err(DecodeError::Truncated { at: self.at, missing: length - remaining });
        }
        let slice = self.bytes.slice(self.at..self.at + length);
        self.at += length;
        Ok(slice)
    }

    pub fn bool(&mut self) -> Result<bool> {
        Ok(self.fixed::<1>()? != [0])
    }

    pub fn i8(&mut self) -> Result<i8> {
        Ok(i8::from_be_bytes(self.fixed()?))
    }

    pub fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.fixed()?))
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.fixed()?))
    }

    pub fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.fixed()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }

    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.fixed()?))
    }

    pub fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_be_bytes(self.fixed()?))
    }

    pub fn uuid(&mut self) -> Result<Uuid> {
        Ok(Uuid::from_bytes(self.fixed()?))
    }

    /// At most five bytes of seven bits each, the lowest first.
    pub fn unsigned_varint(&mut self) -> Result<u32> {
        let at = self.at;
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.fixed::<1>()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                return Err(DecodeError::BadVarint { at });
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::BadVarint { at })
    }

    /// A length or count: None for null, and never more than `remaining / unit`.
    fn length(&mut self, flexible: bool, short: bool, unit: usize) -> Result<Option<usize>> {
        let at = self.at;
        let length = match (flexible, short) {
            (true, _) => i64::from(self.unsigned_varint()?) - 1,
            (false, true) => i64::from(self.i16()?),
            (false, false) => i64::from(self.i32()?),
        };
        if length == -1 {
            return Ok(None);
        }
        let remaining = self.remaining();
        match usize::try_from(length) {
            Ok(length) if length <= remaining / unit => Ok(Some(length)),
            _ => Err(DecodeError::BadLength { at, length, remaining }),
        }
    }

    pub fn nullable_string(&mut self, flexible: bool) -> Result<Option<ByteString>> {
        let Some(length) = self.length(flexible, true, 1)? else { return Ok(None) };
        let at = self.at;
        let text = ByteString::try_from(self.slice(length)?);
        text.map(Some).map_err(|_not_utf8| DecodeError::NotUtf8 { at })
    }

    pub fn string(&mut self, flexible: bool) -> Result<ByteString> {
        let at = self.at;
        self.nullable_string(flexible)?.ok_or(DecodeError::UnexpectedNull { at })
    }

    pub fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<Bytes>> {
        match self.length(flexible, false, 1)? {
            Some(length) => self.slice(length).map(Some),
            None => Ok(None),
        }
    }

    pub fn bytes(&mut self, flexible: bool) -> Result<Bytes> {
        let at = self.at;
        self.nullable_bytes(flexible)?.ok_or(DecodeError::UnexpectedNull { at })
    }

    pub fn nullable_records(&mut self, flexible: bool) -> Result<Option<Records>> {
        Ok(self.nullable_bytes(flexible)?.map(Records::from))
    }

    pub fn records(&mut self, flexible: bool) -> Result<Records> {
        Ok(Records::from(self.bytes(flexible)?))
    }

    /// An array whose elements take at least `min_size` bytes each.
    pub fn nullable_array<T>(
        &mut self,
        flexible: bool,
        min_size: usize,
        element: impl Fn(&mut Reader) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(count) = self.length(flexible, false, min_size)? else { return Ok(None) };
        let memory = count.saturating_mul(size_of::<T>());
        self.allowance = self.allowance.checked_sub(memory).ok_or(DecodeError::TooLarge)?;
        let mut elements = Vec::with_capacity(count.min(PREALLOCATED_MAX));
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    pub fn array<T>(
        &mut self,
        flexible: bool,
        min_size: usize,
        element: impl Fn(&mut Reader) -> Result<T>,
    ) -> Result<Vec<T>> {
        let at = self.at;
        self.nullable_array(flexible, min_size, element)?.ok_or(DecodeError::UnexpectedNull { at })
    }

    /// Whether a nullable struct is there: -1 says no.
    pub fn present(&mut self) -> Result<bool> {
        Ok(self.i8()? >= 0)
    }

    /// Whether a nullable struct in a tagged field is there: 0 says no.
    pub fn tagged_present(&mut self) -> Result<bool> {
        Ok(self.unsigned_varint()? > 0)
    }

    /// The tagged fields at the end of a struct. `known` reads the value of a tag that it knows, and says whether it did.
    pub fn tags(&mut self, mut known: impl FnMut(u32, &mut Reader) -> Result<bool>) -> Result<()> {
        let count = self.unsigned_varint()?;
        let mut previous = None;
        for _ in 0..count {
            let at = self.at;
            let tag = self.unsigned_varint()?;
            if previous.is_some_and(|p| tag <= p) {
                return Err(DecodeError::BadTag { at, tag });
            }
            previous = Some(tag);
            self.tag(at, tag, &mut known)?;
        }
        Ok(())
    }

    fn tag(
        &mut self,
        at: usize,
        tag: u32,
        known: &mut impl FnMut(u32, &mut Reader) -> Result<bool>,
    ) -> Result<()> {
        let size = usize::try_from(self.unsigned_varint()?).unwrap_or(usize::MAX);
        let remaining = self.remaining();
        if size > remaining {
            return Err(DecodeError::Truncated { at: self.at, missing: size - remaining });
        }
        let end = self.at + size;
        if !known(tag, self)? {
            self.at = end;
        }
        if self.at == end { Ok(()) } else { Err(DecodeError::BadTag { at, tag }) }
    }

    /// Tagged fields of which none is known.
    pub fn skip_tags(&mut self) -> Result<()> {
        self.tags(|_, _| Ok(false))
    }
}
