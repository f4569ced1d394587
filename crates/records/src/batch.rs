use bytes::Bytes;

use crate::compression::unpack;
use crate::header::CHECKSUMMED_FROM;
use crate::{
    AssignedBatch, BATCH_HEADER_SIZE, BatchError, BatchHeader, Compression, Epoch, Frame, Limits, Offset,
    RecordViews, Records, Timestamp, TimestampType, crc32c,
};

/// A batch of version 2: its header, parsed, and all its bytes, which are shared with whoever received them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    header: BatchHeader,
    bytes: Bytes,
}

impl Batch {
    /// A view of `bytes`, which must be exactly one batch. Neither the checksum nor the records are looked at.
    pub fn parse(bytes: Bytes) -> Result<Self, BatchError> {
        let header = BatchHeader::parse(&bytes)?;
        let needed = header.size_in_bytes();
        match bytes.len().checked_sub(needed) {
            Some(0) => Ok(Self { header, bytes }),
            Some(extra) => Err(BatchError::TrailingBytes { extra }),
            None => Err(BatchError::Incomplete { needed, available: bytes.len() }),
        }
    }

    /// A view of the entry that `frame` was read from. `bytes` must be exactly it.
    #[inline]
    pub(crate) fn from_frame(frame: Frame, bytes: Bytes) -> Result<Self, BatchError> {
        let header = BatchHeader::from_frame(frame, &bytes)?;
        Ok(Self::from_parts(header, bytes))
    }

    /// Puts together what belongs together.
    pub(crate) fn from_parts(header: BatchHeader, bytes: Bytes) -> Self {
        debug_assert_eq!(header.size_in_bytes(), bytes.len(), "a batch is as long as its header says");
        Self { header, bytes }
    }

    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    pub fn size_in_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The records as they are stored: compressed, if they are.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[BATCH_HEADER_SIZE..]
    }

    pub fn crc_is_valid(&self) -> bool {
        self.check_crc().is_ok()
    }

    /// [`BatchError::CrcMismatch`] unless the bytes are what their writer checksummed.
    pub fn check_crc(&self) -> Result<(), BatchError> {
        let (stored, computed) = (self.header.crc, crc32c(&self.bytes[CHECKSUMMED_FROM..]));
        if stored == computed { Ok(()) } else { Err(BatchError::CrcMismatch { stored, computed }) }
    }

    /// Reads the records. Keys and values are slices: of the batch itself, or of what it unpacked to, all at once,
    /// when it is compressed. The checksum is not looked at.
    pub fn records(&self, limits: &Limits) -> Result<Records, BatchError> {
        let compression = self.header.compression()?;
        let payload = if compression == Compression::None {
            self.bytes.slice(BATCH_HEADER_SIZE..)
        } else {
            let mut unpacked = Vec::new();
            unpack(compression, self.payload(), limits, &mut unpacked)?;
            // Slices keep the whole of it alive, and a codec may have asked for more space than it needed.
            unpacked.shrink_to_fit();
            Bytes::from(unpacked)
        };
        Records::new(&self.header, payload)
    }

    /// Reads the records as views, which cost no allocation and no copy: to check them, or to look for keys.
    ///
    /// A compressed batch is unpacked into `scratch`, whose earlier content is lost; use one for many batches.
    pub fn record_views<'a>(
        &'a self,
        limits: &Limits,
        scratch: &'a mut Vec<u8>,
    ) -> Result<RecordViews<'a>, BatchError> {
        let compression = self.header.compression()?;
        let payload = if compression == Compression::None {
            self.payload()
        } else {
            scratch.clear();
            unpack(compression, self.payload(), limits, scratch)?;
            scratch.as_slice()
        };
        RecordViews::new(&self.header, payload)
    }

    /// The batch at `base_offset`, of the leader of `leader_epoch`. Nothing is copied.
    pub fn assign(self, base_offset: Offset, leader_epoch: Epoch) -> AssignedBatch {
        AssignedBatch::new(self, base_offset, leader_epoch)
    }

    /// As [`Batch::assign`], with another greatest timestamp or timestamp type: the checksum is computed anew.
    ///
    /// With [`TimestampType::LogAppendTime`] every record takes `max_timestamp` as its own.
    pub fn assign_with_time(
        self,
        base_offset: Offset,
        leader_epoch: Epoch,
        timestamp_type: TimestampType,
        max_timestamp: Timestamp,
    ) -> AssignedBatch {
        AssignedBatch::with_time(self, base_offset, leader_epoch, timestamp_type, max_timestamp)
    }
}
