//! Messages of the versions 0 and 1, which clients from before Kafka 0.11 send: what is asked of them, and the batch that
//! is stored in their place.

use bytes::Bytes;
use ottla_records::{
    Batch, BatchBuilder, BatchError, BatchOptions, Compression, Entries, Entry, LegacyMessage, RecordView,
    Timestamp, TimestampType,
};

use super::records::Inspection;
use super::{InvalidBatch, RecordErrors, Refusal, Rules, whole};

/// Makes one batch of the messages. There must be a whole one; what follows the last whole one is cut off.
///
/// The offsets that the client gave count for nothing.
pub(super) fn convert(bytes: &Bytes, rules: &Rules, now: Timestamp) -> Result<Batch, Refusal> {
    let compression = check_messages(bytes, rules)?;
    let gives_time = rules.timestamp_type == TimestampType::LogAppendTime;
    let mut batch = BatchBuilder::new(BatchOptions {
        codec: rules.target.codec(compression),
        timestamp_type: rules.timestamp_type,
        max_timestamp: gives_time.then_some(now),
        ..BatchOptions::default()
    });
    let mut errors = RecordErrors::default();
    for message in messages(bytes) {
        add_records(&message?, rules, now, &mut batch, &mut errors)?;
    }
    errors.into_result()?;
    let batch = batch.build().map_err(Refusal::from_reading)?;
    whole::check_size(&batch, rules)?;
    Ok(batch)
}

/// The messages that are whole.
fn messages(bytes: &Bytes) -> impl Iterator<Item = Result<LegacyMessage, Refusal>> {
    Entries::new(bytes.clone()).map(|entry| entry.map_err(BatchError::from)).filter_map(|entry| match entry {
        Ok(Entry::Message(message)) => Some(Ok(message)),
        // A batch goes alone.
        Ok(Entry::Batch(_)) => Some(Err(InvalidBatch::Several.into())),
        Err(BatchError::Incomplete { .. }) => None,
        Err(error @ BatchError::BadMessage(_)) => Some(Err(Refusal::from_reading(error))),
        Err(error) => Some(Err(Refusal::Corrupt(error))),
    })
}

/// Checks the messages without looking into compressed ones. Either none is compressed, or there is only one.
fn check_messages(bytes: &Bytes, rules: &Rules) -> Result<Compression, Refusal> {
    let mut set = Compression::None;
    for (index, message) in messages(bytes).enumerate() {
        let message = message?;
        let size = message.bytes().len();
        if size > rules.message_bytes_max {
            return Err(Refusal::TooLarge { size, max: rules.message_bytes_max });
        }
        message.check_crc().map_err(Refusal::Corrupt)?;
        let compression = message.header().compression().map_err(Refusal::UnknownCompression)?;
        if index > 0 && (set != Compression::None || compression != Compression::None) {
            return Err(InvalidBatch::Several.into());
        }
        set = compression;
    }
    Ok(set)
}

/// Adds the message's record, or those in it, and what is wrong with them.
fn add_records(
    message: &LegacyMessage,
    rules: &Rules,
    now: Timestamp,
    batch: &mut BatchBuilder,
    errors: &mut RecordErrors,
) -> Result<(), Refusal> {
    let compression = message.header().compression().map_err(Refusal::UnknownCompression)?;
    let timestamp_type = message.header().timestamp_type().unwrap_or(TimestampType::CreateTime);
    let inspection = Inspection { timestamp_type, compression, rules, now };
    for record in message.checked_records(&rules.limits).map_err(from_reading)? {
        let record = record.map_err(from_reading)?;
        let record = RecordView { offset: batch.next_offset(), ..record.view() };
        inspection.check(batch.record_count(), &record, errors);
        batch.append_view(&record).map_err(Refusal::from_reading)?;
    }
    Ok(())
}

/// Of what a message holds: it has checksums of its own.
fn from_reading(error: BatchError) -> Refusal {
    if matches!(error, BatchError::CrcMismatch { .. }) {
        return Refusal::Corrupt(error);
    }
    Refusal::from_reading(error)
}
