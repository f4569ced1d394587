use bytes::Bytes;

use super::LegacyMessage;
use crate::compression::{unpack, unpack_version_0};
use crate::{BatchError, Compression, Frame, Limits, Offset, Record, Timestamp, TimestampType};

/// The messages in a compressed message, with the offsets and timestamps that the outer one gives them.
///
/// Ends after the first error. A set that was cut in the middle ends there, as Kafka reads it.
#[derive(Clone, Debug)]
pub(crate) struct InnerMessages {
    rest: Bytes,
    /// What their offsets count from.
    base: Offset,
    /// The timestamp of all of them, if it is not their own.
    append_time: Option<Timestamp>,
    /// The version of the outer message.
    magic: i8,
    /// Whether version and checksum of each are looked at.
    is_checked: bool,
}

impl InnerMessages {
    /// Unpacks the value of `outer`.
    pub(super) fn unpack(
        outer: &LegacyMessage,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Self, BatchError> {
        let packed = outer.value.as_ref().ok_or(BatchError::WrapperWithoutValue)?;
        let mut unpacked = Vec::new();
        match outer.header.magic {
            0 => unpack_version_0(compression, packed, limits, &mut unpacked)?,
            _ => unpack(compression, packed, limits, &mut unpacked)?,
        }
        unpacked.shrink_to_fit();
        let last = last_offset(&unpacked)?.ok_or(BatchError::WrapperWithoutMessages)?;
        let base = if outer.header.magic == 0 { 0 } else { outer.header.offset.saturating_sub(last) };
        let has_append_time = outer.header.timestamp_type() == Some(TimestampType::LogAppendTime);
        let append_time = has_append_time.then_some(outer.header.timestamp);
        let magic = outer.header.magic;
        Ok(Self { rest: Bytes::from(unpacked), base, append_time, magic, is_checked: false })
    }

    /// From here on those of another version or with a wrong checksum are errors.
    pub(super) fn checked(self) -> Self {
        Self { is_checked: true, ..self }
    }

    pub(super) fn base_offset(&self) -> Result<Offset, BatchError> {
        Ok(Frame::parse(&self.rest)?.offset.saturating_add(self.base))
    }

    fn take_record(&mut self, frame: Frame) -> Result<Record, BatchError> {
        if frame.magic > 1 {
            return Err(BatchError::BadMessage("a batch in a compressed message"));
        }
        let message = LegacyMessage::from_frame(frame, self.rest.split_to(frame.size_in_bytes))?;
        if message.header.compression()? != Compression::None {
            return Err(BatchError::NestedWrapper);
        }
        if self.is_checked {
            if message.header.magic != self.magic {
                return Err(BatchError::BadMessage(
                    "a compressed message of another version than the outer one",
                ));
            }
            message.check_crc()?;
        }
        let mut record = message.record();
        record.offset = record.offset.saturating_add(self.base);
        if message.header.magic > 0 {
            record.timestamp = self.append_time.unwrap_or(record.timestamp);
        }
        Ok(record)
    }
}

impl Iterator for InnerMessages {
    type Item = Result<Record, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = whole_frame(&self.rest).transpose()?.and_then(|frame| self.take_record(frame));
        if result.is_err() {
            self.rest.clear();
        }
        Some(result)
    }
}

/// The offset of the last message that is whole.
fn last_offset(mut messages: &[u8]) -> Result<Option<Offset>, BatchError> {
    let mut last = None;
    while let Some(frame) = whole_frame(messages)? {
        last = Some(frame.offset);
        messages = &messages[frame.size_in_bytes..];
    }
    Ok(last)
}

/// The frame of the first message; nothing if it is cut.
fn whole_frame(messages: &[u8]) -> Result<Option<Frame>, BatchError> {
    match Frame::parse_whole(messages) {
        Ok(frame) => Ok(Some(frame)),
        Err(BatchError::Incomplete { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
