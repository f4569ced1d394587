use bytes::Bytes;

use crate::compression::pack;
use crate::encode::{EncodedRecord, Nullable, does_not_fit, length_of};
use crate::header::{CHECKSUMMED_FROM, LENGTH_OVERHEAD};
use crate::{
    Attributes, BATCH_HEADER_SIZE, Batch, BatchError, BatchHeader, Codec, Compression, ControlType, Epoch,
    HeaderView, NO_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP, Offset,
    ProducerEpoch, ProducerId, RecordView, Sequence, Timestamp, TimestampType, crc32c,
};

/// What a batch has besides its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchOptions {
    /// The offset of the first record, or lower, where compaction removed the first ones.
    pub base_offset: Offset,
    /// The offset of the last record, or higher, where compaction removed the last ones.
    /// By default that of the last record; of an empty batch, `base_offset` − 1.
    pub last_offset: Option<Offset>,
    pub leader_epoch: Epoch,
    /// A batch without records is not compressed.
    pub codec: Codec,
    pub timestamp_type: TimestampType,
    /// The time of the append with [`TimestampType::LogAppendTime`]. By default the greatest of the records.
    pub max_timestamp: Option<Timestamp>,
    pub producer_id: ProducerId,
    pub producer_epoch: ProducerEpoch,
    pub base_sequence: Sequence,
    pub transactional: bool,
    pub control: bool,
    pub delete_horizon: Option<Timestamp>,
}

impl Default for BatchOptions {
    /// An uncompressed batch of no particular producer, to be given its offset later.
    fn default() -> Self {
        Self {
            base_offset: 0,
            last_offset: None,
            leader_epoch: NO_LEADER_EPOCH,
            codec: Codec::default(),
            timestamp_type: TimestampType::CreateTime,
            max_timestamp: None,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            transactional: false,
            control: false,
            delete_horizon: None,
        }
    }
}

impl BatchOptions {
    /// For a batch that replaces one with this header, with the same offsets, producer and attributes, and some or
    /// all of its records: for compaction and recompression.
    ///
    /// The greatest timestamp is left to the records, but for [`TimestampType::LogAppendTime`], where theirs is it.
    pub fn replacing(header: &BatchHeader) -> Result<Self, BatchError> {
        let timestamp_type = header.timestamp_type();
        let keeps_time = timestamp_type == TimestampType::LogAppendTime;
        Ok(Self {
            base_offset: header.base_offset,
            last_offset: Some(header.last_offset()),
            leader_epoch: header.leader_epoch,
            codec: Codec::from(header.compression()?),
            timestamp_type,
            max_timestamp: keeps_time.then_some(header.max_timestamp),
            producer_id: header.producer_id,
            producer_epoch: header.producer_epoch,
            base_sequence: header.base_sequence,
            transactional: header.is_transactional(),
            control: header.is_control(),
            delete_horizon: header.delete_horizon(),
        })
    }
}

/// Builds a batch record by record, byte for byte as Kafka does (compressed payloads aside).
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    options: BatchOptions,
    /// Room for the header, then the records, uncompressed.
    buffer: Vec<u8>,
    record_count: i32,
    next_offset: Offset,
    /// What timestamps count from, once there is a record.
    base_timestamp: Option<Timestamp>,
    max_timestamp: Timestamp,
}

impl BatchBuilder {
    pub fn new(options: BatchOptions) -> Self {
        Self::with_capacity(options, 0)
    }

    /// With room for so many bytes of records, so that they need not move as they grow more.
    pub fn with_capacity(options: BatchOptions, records_size: usize) -> Self {
        let mut buffer = Vec::with_capacity(BATCH_HEADER_SIZE + records_size);
        buffer.resize(BATCH_HEADER_SIZE, 0);
        Self {
            options,
            buffer,
            record_count: 0,
            next_offset: options.base_offset,
            base_timestamp: options.delete_horizon,
            max_timestamp: NO_TIMESTAMP,
        }
    }

    /// With a codec that was not known before the records were.
    #[must_use]
    pub fn with_codec(mut self, codec: Codec) -> Self {
        self.options.codec = codec;
        self
    }

    /// As part of a transaction, or not.
    #[must_use]
    pub fn with_transactional(mut self, transactional: bool) -> Self {
        self.options.transactional = transactional;
        self
    }

    /// Of a producer that numbers its records.
    #[must_use]
    pub fn produced_by(mut self, id: ProducerId, epoch: ProducerEpoch, base_sequence: Sequence) -> Self {
        self.options.producer_id = id;
        self.options.producer_epoch = epoch;
        self.options.base_sequence = base_sequence;
        self
    }

    /// Has times count from one that is not the first record's.
    pub(crate) fn counting_from(mut self, base_timestamp: Timestamp) -> Self {
        self.base_timestamp = Some(base_timestamp);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.record_count == 0
    }

    pub fn record_count(&self) -> i32 {
        self.record_count
    }

    /// Whether the time is not too far from the first record's for the format.
    pub fn takes_time(&self, timestamp: Timestamp) -> bool {
        self.base_timestamp.is_none_or(|base| timestamp.checked_sub(base).is_some())
    }

    /// The batch so far, if it were not compressed.
    pub fn size_in_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The offset that [`BatchBuilder::append`] gives next.
    pub fn next_offset(&self) -> Offset {
        self.next_offset
    }

    /// Adds a record at the next offset.
    ///
    /// [`BatchError::DoesNotFit`] if an offset, a timestamp or a size is too far from the others.
    pub fn append(
        &mut self,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[HeaderView<'_>],
    ) -> Result<(), BatchError> {
        self.append_at(self.next_offset, timestamp, key, value, headers)
    }

    /// Adds a record at an offset, after which the next one follows. Nothing else is asked of the order.
    pub fn append_at(
        &mut self,
        offset: Offset,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[HeaderView<'_>],
    ) -> Result<(), BatchError> {
        let mut encoded = Vec::with_capacity(headers.len() * 16);
        for header in headers {
            Nullable::new(Some(header.key))?.put(&mut encoded);
            Nullable::new(header.value)?.put(&mut encoded);
        }
        self.append_encoded(offset, timestamp, key, value, (headers.len(), &encoded))
    }

    /// Adds a record as it is, at its offset.
    pub fn append_view(&mut self, record: &RecordView<'_>) -> Result<(), BatchError> {
        let headers = (record.headers.len(), record.headers.encoded());
        self.append_encoded(record.offset, record.timestamp, record.key, record.value, headers)
    }

    /// Adds a control record at the next offset.
    pub fn append_control(
        &mut self,
        timestamp: Timestamp,
        control_type: ControlType,
        value: &[u8],
    ) -> Result<(), BatchError> {
        self.append(timestamp, Some(&control_type.key().encode()), Some(value), &[])
    }

    fn append_encoded(
        &mut self,
        offset: Offset,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        (header_count, headers): (usize, &[u8]),
    ) -> Result<(), BatchError> {
        let record_count = self.record_count.checked_add(1).ok_or(does_not_fit("the number of records"))?;
        let base_timestamp = self.base_timestamp.unwrap_or(timestamp);
        let record = EncodedRecord {
            timestamp_delta: timestamp.checked_sub(base_timestamp).ok_or(does_not_fit("a timestamp"))?,
            offset_delta: delta(self.options.base_offset, offset)?,
            key: Nullable::new(key)?,
            value: Nullable::new(value)?,
            header_count: length_of(header_count)?,
            headers,
        };
        record.put(&mut self.buffer)?;

        self.record_count = record_count;
        self.next_offset = offset.saturating_add(1);
        self.base_timestamp = Some(base_timestamp);
        self.max_timestamp = self.max_timestamp.max(timestamp);
        Ok(())
    }

    /// Ends the batch: compresses the records, sets the header and its checksum.
    pub fn build(self) -> Result<Batch, BatchError> {
        let compression = if self.is_empty() { Compression::None } else { self.options.codec.compression };
        let header = self.header(compression)?;
        let bytes = if compression == Compression::None {
            self.buffer
        } else {
            let mut packed = vec![0; BATCH_HEADER_SIZE];
            pack(self.options.codec, &self.buffer[BATCH_HEADER_SIZE..], &mut packed);
            packed
        };
        finish(header, bytes)
    }

    fn header(&self, compression: Compression) -> Result<BatchHeader, BatchError> {
        let options = &self.options;
        let last_offset = options.last_offset.unwrap_or(self.next_offset.saturating_sub(1));
        Ok(BatchHeader {
            base_offset: options.base_offset,
            leader_epoch: options.leader_epoch,
            attributes: Attributes::default()
                .with_compression(compression)
                .with_timestamp_type(options.timestamp_type)
                .with_transactional(options.transactional)
                .with_control(options.control)
                .with_delete_horizon(options.delete_horizon.is_some()),
            last_offset_delta: delta(options.base_offset, last_offset)?,
            base_timestamp: self.base_timestamp.unwrap_or(NO_TIMESTAMP),
            max_timestamp: options.max_timestamp.unwrap_or(self.max_timestamp),
            producer_id: options.producer_id,
            producer_epoch: options.producer_epoch,
            base_sequence: options.base_sequence,
            record_count: self.record_count,
            ..BatchHeader::empty()
        })
    }
}

/// Writes the header, with length and checksum, into the room before the records.
pub(crate) fn finish(mut header: BatchHeader, mut bytes: Vec<u8>) -> Result<Batch, BatchError> {
    header.length = length_of(bytes.len() - LENGTH_OVERHEAD)?;
    bytes[..BATCH_HEADER_SIZE].copy_from_slice(&header.encode());
    header.crc = crc32c(&bytes[CHECKSUMMED_FROM..]);
    bytes[..BATCH_HEADER_SIZE].copy_from_slice(&header.encode());
    Ok(Batch::from_parts(header, Bytes::from(bytes)))
}

fn delta(base: Offset, offset: Offset) -> Result<i32, BatchError> {
    let delta = offset.checked_sub(base).and_then(|delta| i32::try_from(delta).ok());
    delta.ok_or(does_not_fit("an offset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> BatchBuilder {
        BatchBuilder::new(BatchOptions { base_offset: 10, ..BatchOptions::default() })
    }

    #[test]
    fn what_does_not_fit_is_refused_and_leaves_the_batch_as_it_was() {
        let mut builder = builder();
        builder.append(-5, None, None, &[]).unwrap();
        let size = builder.size_in_bytes();
        for (offset, timestamp) in [(i64::MAX, 0), (i64::MIN, 0), (11, i64::MAX)] {
            let result = builder.append_at(offset, timestamp, None, None, &[]);
            assert!(matches!(result, Err(BatchError::DoesNotFit { .. })), "{offset} {timestamp}");
        }
        assert_eq!((builder.record_count(), builder.size_in_bytes()), (1, size));
        assert_eq!(builder.next_offset(), 11);
        builder.build().unwrap();
    }

    #[test]
    fn an_empty_batch_is_a_header_alone_and_never_compressed() {
        let codec = Codec::from(Compression::Zstd);
        let options =
            BatchOptions { codec, base_offset: 10, last_offset: Some(14), ..BatchOptions::default() };
        let batch = BatchBuilder::new(options).build().unwrap();
        assert_eq!(batch.size_in_bytes(), BATCH_HEADER_SIZE);
        assert_eq!(batch.header().compression(), Ok(Compression::None));
        assert_eq!(batch.header().next_offset(), 15);
        assert_eq!(builder().build().unwrap().header().next_offset(), 10);
    }
}
