use bytes::Bytes;

use crate::legacy::InnerMessages;
use crate::record::RecordBase;
use crate::{BatchError, BatchHeader, Record, RecordView, TimestampType};

/// Where a reader is among the records of a batch.
#[derive(Clone, Debug)]
struct Walk {
    base: RecordBase,
    index: usize,
    count: usize,
    /// After the last record, or an error.
    ended: bool,
}

impl Walk {
    fn new(header: &BatchHeader) -> Result<Self, BatchError> {
        let negative = BatchError::NegativeCount { count: header.record_count };
        let Ok(count) = usize::try_from(header.record_count) else { return Err(negative) };
        let log_append_time = match header.timestamp_type() {
            TimestampType::LogAppendTime => Some(header.max_timestamp),
            TimestampType::CreateTime => None,
        };
        let base =
            RecordBase { offset: header.base_offset, timestamp: header.base_timestamp, log_append_time };
        // A batch whose records are all compacted away has none, whatever its bytes.
        Ok(Self { base, index: 0, count, ended: count == 0 })
    }

    #[inline]
    fn step<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Result<RecordView<'a>, BatchError>> {
        if self.ended {
            return None;
        }
        if self.index == self.count {
            self.ended = true;
            let extra = rest.len();
            return (extra > 0).then_some(Err(BatchError::ExtraRecordBytes { extra }));
        }
        let result = self.take(rest);
        self.index += 1;
        self.ended = result.is_err();
        Some(result)
    }

    #[inline]
    fn take<'a>(&self, rest: &mut &'a [u8]) -> Result<RecordView<'a>, BatchError> {
        let index = self.index;
        if rest.is_empty() {
            return Err(BatchError::MissingRecord { index, count: self.count });
        }
        self.base.take_record(rest).map_err(|fault| BatchError::BadRecord { index, fault })
    }
}

/// The records of a batch, borrowed. Ends after the first error; bytes after the last record are one.
#[derive(Clone, Debug)]
pub struct RecordViews<'a> {
    walk: Walk,
    rest: &'a [u8],
}

impl<'a> RecordViews<'a> {
    pub(crate) fn new(header: &BatchHeader, payload: &'a [u8]) -> Result<Self, BatchError> {
        Ok(Self { walk: Walk::new(header)?, rest: payload })
    }
}

impl<'a> Iterator for RecordViews<'a> {
    type Item = Result<RecordView<'a>, BatchError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.walk.step(&mut self.rest)
    }
}

/// The records of a batch, or those in a message of an old version. Ends after the first error; bytes after the
/// last record are one.
#[derive(Clone, Debug)]
pub struct Records(Source);

#[derive(Clone, Debug)]
enum Source {
    Batch { walk: Walk, payload: Bytes, position: usize },
    Message(Option<Record>),
    InnerMessages(InnerMessages),
}

impl Records {
    pub(crate) fn new(header: &BatchHeader, payload: Bytes) -> Result<Self, BatchError> {
        Ok(Self(Source::Batch { walk: Walk::new(header)?, payload, position: 0 }))
    }

    pub(crate) fn of_message(record: Record) -> Self {
        Self(Source::Message(Some(record)))
    }

    pub(crate) fn of_inner_messages(messages: InnerMessages) -> Self {
        Self(Source::InnerMessages(messages))
    }
}

impl Iterator for Records {
    type Item = Result<Record, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Batch { walk, payload, position } => {
                let mut rest = &payload[*position..];
                let result = walk.step(&mut rest)?.map(|view| view.slices_of(payload));
                *position = payload.len() - rest.len();
                Some(result)
            }
            Source::Message(record) => record.take().map(Ok),
            Source::InnerMessages(messages) => messages.next(),
        }
    }
}
