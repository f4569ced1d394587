//! Metadata records as batches.

use bytes::Bytes;
use ottla_records::{Batch, BatchBuilder, BatchOptions, ControlType, Epoch, Limits, Offset, Timestamp};
use ottla_wire::messages::MetadataRecord;

use crate::{Error, Result};

/// As Kafka's: what is larger is split.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// Where a writer of batches is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) next_offset: Offset,
    pub(crate) epoch: Epoch,
    pub(crate) timestamp: Timestamp,
}

/// Batches of records that belong together, as few as there can be.
pub(crate) fn batches(values: impl IntoIterator<Item = Bytes>, position: Position) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut builder = builder(position, false);
    for value in values {
        if !builder.is_empty() && builder.size_in_bytes() + value.len() > BATCH_BYTES_MAX {
            let next = Position { next_offset: builder.next_offset(), ..position };
            let full = std::mem::replace(&mut builder, self::builder(next, false));
            batches.push(full.build().expect("a batch below its limit can be built"));
        }
        builder
            .append(position.timestamp, None, Some(&value), &[])
            .expect("a metadata record is far smaller than a batch can be");
    }
    if !builder.is_empty() {
        batches.push(builder.build().expect("a batch below its limit can be built"));
    }
    batches
}

/// A batch of control records.
pub(crate) fn control_batch(records: &[(ControlType, Bytes)], position: Position) -> Batch {
    let mut builder = builder(position, true);
    for (control_type, value) in records {
        builder
            .append_control(position.timestamp, *control_type, value)
            .expect("a control record is far smaller than a batch can be");
    }
    builder.build().expect("a few control records fit a batch")
}

fn builder(position: Position, control: bool) -> BatchBuilder {
    BatchBuilder::new(BatchOptions {
        base_offset: position.next_offset,
        leader_epoch: position.epoch,
        control,
        ..BatchOptions::default()
    })
}

/// The records of a batch from `from` on: those that change the image, and control records with their type.
pub(crate) fn read_batch(
    batch: &Batch,
    from: Offset,
    mut on_record: impl FnMut(Offset, MetadataRecord) -> Result<()>,
    mut on_control: impl FnMut(ControlType, Bytes),
) -> Result<()> {
    let header = batch.header();
    let unreadable = |source| Error::Batch { offset: header.base_offset, source };
    for record in batch.records(&Limits::default()).map_err(unreadable)? {
        let record = record.map_err(unreadable)?;
        let (offset, value) = (record.offset, record.value.unwrap_or_default());
        if offset < from {
            continue;
        }
        if header.is_control() {
            let key =
                ottla_records::ControlKey::parse(&record.key.unwrap_or_default()).map_err(unreadable)?;
            on_control(key.control_type, value);
        } else {
            let record =
                MetadataRecord::decode_framed(&value).map_err(|source| Error::Record { offset, source })?;
            on_record(offset, record)?;
        }
    }
    Ok(())
}
