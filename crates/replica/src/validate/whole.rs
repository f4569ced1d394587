//! What the frame and the header tell.

use bytes::Bytes;
use ottla_records::{Batch, BatchError, BatchHeader, Compression, Frame, NO_PRODUCER_ID};

use super::{InvalidBatch, Refusal, Rules};

/// The one batch that a request has for a partition.
pub(super) fn the_batch(bytes: &Bytes, rules: &Rules) -> Result<Batch, Refusal> {
    let frame = match Frame::parse(bytes) {
        Ok(frame) => frame,
        Err(BatchError::Incomplete { .. }) => return Err(InvalidBatch::None.into()),
        Err(error) => return Err(Refusal::CorruptFrame(error)),
    };
    if frame.size_in_bytes > bytes.len() {
        return Err(InvalidBatch::None.into());
    }
    let batch = parse(bytes.slice(..frame.size_in_bytes))?;
    if batch.header().is_transactional() && !rules.transactional {
        return Err(Refusal::TransactionalIdMissing);
    }
    if batch.header().compression() == Ok(Compression::Zstd) && !rules.zstd {
        return Err(Refusal::ZstdTooNew);
    }
    check_nothing_follows(&bytes[frame.size_in_bytes..])?;
    Ok(batch)
}

fn parse(bytes: Bytes) -> Result<Batch, Refusal> {
    Batch::parse(bytes).map_err(|error| {
        if let BatchError::OldMagic { magic } = error {
            return InvalidBatch::OldMagic { magic }.into();
        }
        Refusal::Corrupt(error)
    })
}

/// A torn batch at the end is no matter, a second one is.
fn check_nothing_follows(rest: &[u8]) -> Result<(), Refusal> {
    match Frame::parse(rest) {
        Ok(frame) if frame.size_in_bytes <= rest.len() => Err(InvalidBatch::Several.into()),
        Ok(_) | Err(BatchError::Incomplete { .. }) => Ok(()),
        Err(error) => Err(Refusal::Corrupt(error)),
    }
}

/// Checks the batch without looking at its records.
pub(super) fn check(batch: &Batch, rules: &Rules) -> Result<Compression, Refusal> {
    let header = batch.header();
    if header.base_offset != 0 {
        return Err(InvalidBatch::BaseOffset { base_offset: header.base_offset }.into());
    }
    check_size(batch, rules)?;
    batch.check_crc().map_err(Refusal::Corrupt)?;
    check_header(header)?;
    header.compression().map_err(Refusal::UnknownCompression)
}

/// Also of batches that were built anew.
pub(super) fn check_size(batch: &Batch, rules: &Rules) -> Result<(), Refusal> {
    let size = batch.size_in_bytes();
    if size > rules.message_bytes_max {
        return Err(Refusal::TooLarge { size, max: rules.message_bytes_max });
    }
    if size > rules.segment_bytes_max {
        return Err(Refusal::LargerThanSegment { size, max: rules.segment_bytes_max });
    }
    Ok(())
}

fn check_header(header: &BatchHeader) -> Result<(), Refusal> {
    let (count, last_offset_delta) = (header.record_count, header.last_offset_delta);
    if count <= 0 || i64::from(count) != i64::from(last_offset_delta) + 1 {
        return Err(InvalidBatch::Count { count, last_offset_delta }.into());
    }
    if header.is_control() {
        return Err(InvalidBatch::Control.into());
    }
    if header.producer_id > NO_PRODUCER_ID && header.base_sequence < 0 {
        return Err(InvalidBatch::Sequence { sequence: header.base_sequence }.into());
    }
    Ok(())
}
