use crate::{BATCH_HEADER_SIZE, BatchError, Offset};

/// What every stored entry starts with, a batch or a message of an old version.
///
/// ```text
/// byte 0            8          12               16      17
///     +------------+----------+----------------+-------+--
///     | offset i64 | size i32 | epoch or crc   | magic | …
///     +------------+----------+----------------+-------+--
/// ```
///
/// `size` counts what follows it. The offset is the first of a batch of version 2, and the last of a compressed
/// message of version 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub offset: Offset,
    /// The whole entry, offset and size included.
    pub size_in_bytes: usize,
    /// 0, 1 or 2.
    pub magic: i8,
}

/// The offset and the size.
const OVERHEAD: usize = 12;
/// What the smallest message of version 0 has after the size: a checksum, magic, attributes, two lengths.
const LENGTH_MIN: i32 = 14;

impl Frame {
    /// As many bytes as [`Frame::parse`] needs.
    pub const SIZE: usize = 17;

    /// Reads the first [`Frame::SIZE`] bytes of an entry. The entry may be longer than `bytes`.
    ///
    /// A length or a magic that cannot be is an error, as is a length that is too small for the magic.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchError> {
        let incomplete = BatchError::Incomplete { needed: Self::SIZE, available: bytes.len() };
        let Some(head) = bytes.first_chunk::<{ Self::SIZE }>() else { return Err(incomplete) };
        let [o0, o1, o2, o3, o4, o5, o6, o7, l0, l1, l2, l3, _, _, _, _, magic] = *head;
        let length = i32::from_be_bytes([l0, l1, l2, l3]);
        let magic = magic.cast_signed();
        if length < LENGTH_MIN {
            return Err(BatchError::LengthTooSmall { length, least: LENGTH_MIN });
        }
        if !(0..=2).contains(&magic) {
            return Err(BatchError::UnknownMagic { magic });
        }
        let length = usize::try_from(length).expect("checked to be positive");
        let offset = i64::from_be_bytes([o0, o1, o2, o3, o4, o5, o6, o7]);
        Ok(Self { offset, size_in_bytes: OVERHEAD + length, magic })
    }

    /// Reads the frame of an entry that must be whole in `bytes`.
    #[inline]
    pub(crate) fn parse_whole(bytes: &[u8]) -> Result<Self, BatchError> {
        let frame = Self::parse(bytes)?;
        if frame.size_in_bytes > bytes.len() {
            return Err(BatchError::Incomplete { needed: frame.size_in_bytes, available: bytes.len() });
        }
        Ok(frame)
    }

    /// Checks that a batch of version 2 has room for its header.
    pub(crate) fn check_header_fits(&self) -> Result<(), BatchError> {
        if self.size_in_bytes >= BATCH_HEADER_SIZE {
            return Ok(());
        }
        let length_of = |size: usize| i32::try_from(size - OVERHEAD).expect("a header is small");
        Err(BatchError::LengthTooSmall {
            length: length_of(self.size_in_bytes),
            least: length_of(BATCH_HEADER_SIZE),
        })
    }
}
