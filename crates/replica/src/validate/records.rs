//! What the records tell.

use std::fmt;

use ottla_records::{Compression, NO_TIMESTAMP, Offset, RecordView, RecordViews, Timestamp, TimestampType};

use super::{RecordErrors, Refusal, Rules};

/// What is wrong with a record of a sound batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFault {
    /// On a compacted topic.
    NoKey,
    TimestampOutOfRange {
        timestamp: Timestamp,
        offset_delta: Offset,
        earliest: Timestamp,
        latest: Timestamp,
    },
    /// The producer claims to know when the broker appends.
    LogAppendTime(Summary),
}

/// A record as Kafka prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    in_compressed_batch: bool,
    offset_delta: Offset,
    timestamp: Timestamp,
    key_size: Option<usize>,
    value_size: Option<usize>,
}

/// What was learned on the way through a batch's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) max_timestamp: Timestamp,
    /// Whether the offset deltas count from 0.
    pub(super) in_order: bool,
}

/// The checks, and the batch that they are of.
#[derive(Clone, Copy)]
pub(super) struct Inspection<'a> {
    /// What the producer says the timestamps are.
    pub(super) timestamp_type: TimestampType,
    pub(super) compression: Compression,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
}

impl Inspection<'_> {
    /// Looks at every record.
    pub(super) fn of(&self, records: RecordViews<'_>) -> Result<Seen, Refusal> {
        let mut seen = Seen { max_timestamp: NO_TIMESTAMP, in_order: true };
        let mut errors = RecordErrors::default();
        for (index, record) in (0..).zip(records) {
            let record = record.map_err(Refusal::from_reading)?;
            self.check(index, &record, &mut errors);
            seen.max_timestamp = seen.max_timestamp.max(record.timestamp);
            seen.in_order &= record.offset == i64::from(index);
        }
        errors.into_result()?;
        Ok(seen)
    }

    /// Looks at one record, the one at this place.
    #[inline]
    pub(super) fn check(&self, index: i32, record: &RecordView<'_>, errors: &mut RecordErrors) {
        if let Some(fault) = self.fault_of(record) {
            errors.push(index, fault);
        }
    }

    #[inline]
    fn fault_of(&self, record: &RecordView<'_>) -> Option<RecordFault> {
        if self.rules.compacted && record.key.is_none() {
            return Some(RecordFault::NoKey);
        }
        self.timestamp_fault_of(record)
    }

    fn timestamp_fault_of(&self, record: &RecordView<'_>) -> Option<RecordFault> {
        if self.rules.timestamp_type == TimestampType::CreateTime && record.timestamp != NO_TIMESTAMP {
            return self.is_out_of_range(record.timestamp).then(|| self.out_of_range(record));
        }
        // Kafka asks this only where the time is not the producer's to say.
        let claims_append_time = self.timestamp_type == TimestampType::LogAppendTime;
        claims_append_time.then(|| RecordFault::LogAppendTime(self.summary(record)))
    }

    /// Differences wrap as Kafka's do: the very first and last timestamps are out of any range.
    fn is_out_of_range(&self, timestamp: Timestamp) -> bool {
        let age = self.now.wrapping_sub(timestamp);
        age > self.rules.timestamp_before_max_ms || age.wrapping_neg() > self.rules.timestamp_after_max_ms
    }

    #[cold]
    fn out_of_range(&self, record: &RecordView<'_>) -> RecordFault {
        RecordFault::TimestampOutOfRange {
            timestamp: record.timestamp,
            offset_delta: record.offset,
            earliest: self.now.wrapping_sub(self.rules.timestamp_before_max_ms),
            latest: self.now.wrapping_add(self.rules.timestamp_after_max_ms),
        }
    }

    #[cold]
    fn summary(&self, record: &RecordView<'_>) -> Summary {
        Summary {
            in_compressed_batch: self.compression != Compression::None,
            offset_delta: record.offset,
            timestamp: record.timestamp,
            key_size: record.key.map(<[u8]>::len),
            value_size: record.value.map(<[u8]>::len),
        }
    }
}

/// Kafka's words, without the partition that it names after some of them.
impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => write!(f, "Compacted topic cannot accept message without key"),
            Self::TimestampOutOfRange { timestamp, offset_delta, earliest, latest } => write!(
                f,
                "Timestamp {timestamp} of message with offset {offset_delta} is out of range. The timestamp \
                 should be within [{earliest}, {latest}]"
            ),
            Self::LogAppendTime(summary) => write!(
                f,
                "Invalid timestamp type in message {summary}. Producer should not set timestamp type to \
                 LogAppendTime."
            ),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Kafka skips over the fields of a compressed record, and then knows sizes but not what is null.
        let (name, null_size) =
            if self.in_compressed_batch { ("PartialDefaultRecord", -1) } else { ("DefaultRecord", 0) };
        let size =
            |size: Option<usize>| size.map_or(null_size, |size| i64::try_from(size).unwrap_or(i64::MAX));
        let (key, value) = (size(self.key_size), size(self.value_size));
        let Self { offset_delta, timestamp, .. } = self;
        write!(
            f,
            "{name}(offset={offset_delta}, timestamp={timestamp}, key={key} bytes, value={value} bytes)"
        )
    }
}
