//! What is stored of a batch, once its records are known to be good.

use ottla_records::{
    Batch, BatchBuilder, BatchError, BatchOptions, Codec, Compression, RecordView, Timestamp, TimestampType,
};

use super::records::{Inspection, Seen};
use super::{Refusal, Rules, whole};

/// Looks at the records, and changes what the topic wants changed.
///
/// | the topic wants | and the batch | then |
/// |---|---|---|
/// | the batch's codec | has its records in order, or is not compressed | it stays; its times may be corrected |
/// | the batch's codec | is compressed, its records not in order | it is built anew |
/// | another codec | | it is built anew |
pub(super) fn check_and_convert(
    batch: Batch,
    compression: Compression,
    rules: &Rules,
    now: Timestamp,
    scratch: &mut Vec<u8>,
) -> Result<Batch, Refusal> {
    let inspection = Inspection { timestamp_type: batch.header().timestamp_type(), compression, rules, now };
    let seen = inspection.of(batch.record_views(&rules.limits, scratch).map_err(Refusal::from_reading)?)?;

    let codec = rules.target.codec(compression);
    let stays = codec.compression == compression && (seen.in_order || compression == Compression::None);
    if stays {
        return Ok(with_right_times(batch, seen, rules, now));
    }
    let rebuilt = rebuild(&batch, codec, rules, now, scratch).map_err(Refusal::from_reading)?;
    whole::check_size(&rebuilt, rules)?;
    Ok(rebuilt)
}

/// The header's greatest timestamp and timestamp type are the broker's to set. It copies the batch if they change.
fn with_right_times(batch: Batch, seen: Seen, rules: &Rules, now: Timestamp) -> Batch {
    let max_timestamp = match rules.timestamp_type {
        TimestampType::CreateTime => seen.max_timestamp,
        TimestampType::LogAppendTime => now,
    };
    let header = *batch.header();
    if header.timestamp_type() == rules.timestamp_type && header.max_timestamp == max_timestamp {
        return batch;
    }
    batch
        .assign_with_time(header.base_offset, header.leader_epoch, rules.timestamp_type, max_timestamp)
        .to_batch()
}

/// The same records with another codec, and with offsets that count from 0.
fn rebuild(
    batch: &Batch,
    codec: Codec,
    rules: &Rules,
    now: Timestamp,
    scratch: &mut Vec<u8>,
) -> Result<Batch, BatchError> {
    let header = batch.header();
    let gives_time = rules.timestamp_type == TimestampType::LogAppendTime;
    let mut builder = BatchBuilder::new(BatchOptions {
        codec,
        timestamp_type: rules.timestamp_type,
        max_timestamp: gives_time.then_some(now),
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: header.is_transactional(),
        ..BatchOptions::default()
    });
    for (offset, record) in (0..).zip(batch.record_views(&rules.limits, scratch)?) {
        builder.append_view(&RecordView { offset, ..record? })?;
    }
    builder.build()
}
