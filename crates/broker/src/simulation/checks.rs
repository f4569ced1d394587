//! What must hold of a broker that has recovered.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use ottla_records::{Batch, Offset};

use super::{
    history::{Fate, History, Moment, PartitionHistory},
    node::{Node, readable},
    script::{check_duplicate, name, place},
};
use crate::partition::Partition;

/// Holds of every broker that starts on what a crash at this moment left.
pub(super) fn check(node: &Node, history: &History, at: Moment, fate: Fate) -> Result<(), String> {
    check_topics(node, history, at)?;
    let none = PartitionHistory::default();
    for partition in node.partitions() {
        let history = history.partitions.get(&place(&partition)).unwrap_or(&none);
        check_partition(node, &partition, history, at, fate)
            .map_err(|error| format!("{}: {error}", name(&partition)))?;
    }
    Ok(())
}

fn check_topics(node: &Node, history: &History, at: Moment) -> Result<(), String> {
    for (id, topic) in &history.topics {
        let name = &topic.name;
        if topic.must_exist(at) && !node.has_topic(*id) {
            return Err(format!("topic {name} ({id}) is lost"));
        }
        if !topic.may_exist(at) && node.has_topic(*id) {
            return Err(format!("topic {name} ({id}) is back"));
        }
        for index in (0..topic.partitions).filter(|_| node.has_topic(*id)) {
            node.partition((*id, index)).ok_or_else(|| format!("{name}-{index} is lost"))?;
        }
    }
    Ok(())
}

fn check_partition(
    node: &Node,
    partition: &Arc<Partition>,
    history: &PartitionHistory,
    at: Moment,
    fate: Fate,
) -> Result<(), String> {
    let batches = readable(partition)?;
    check_batches(partition, &batches, history.start_max(at))?;
    if let Some(strange) = batches.iter().find(|batch| !history.was_written(batch)) {
        return Err(format!("the batch at {} was never written there", strange.header().base_offset));
    }
    let start = partition.lock().log.start_offset();
    if !(history.start_min(at)..=history.start_max(at)).contains(&start) {
        let (min, max) = (history.start_min(at), history.start_max(at));
        return Err(format!("the log starts at {start}, which is not within {min}..={max}"));
    }
    let found: BTreeSet<(Offset, Bytes)> =
        batches.iter().map(|batch| (batch.header().base_offset, batch.bytes().clone())).collect();
    for written in history.promised(at, fate) {
        if !found.contains(&(written.header.base_offset, written.bytes.clone())) {
            let (from, to) = (written.header.base_offset, written.header.last_offset());
            return Err(format!("records {from} to {to} are lost; the log is {}", span(partition)));
        }
    }
    for written in history.last_of_producers(at, fate, &found).into_values() {
        let batch = Batch::parse(written.bytes.clone()).map_err(|error| error.to_string())?;
        check_duplicate(node, partition, &batch)?;
    }
    Ok(())
}

/// Whole batches without a gap, up to the end, of the epochs that the log says. Of records that were deleted, and came
/// back because the power failed before that was durable, it need not say one.
fn check_batches(partition: &Partition, batches: &[Batch], deleted_below: Offset) -> Result<(), String> {
    let state = partition.lock();
    let (start, end) = (state.log.start_offset(), state.log.end_offset());
    let mut next = batches.first().map_or(end, |first| first.header().base_offset);
    if next > start {
        return Err(format!("the log starts at {start}, its first batch at {next}"));
    }
    for batch in batches {
        let header = batch.header();
        if header.base_offset != next {
            return Err(format!("offset {next} is followed by {}", header.base_offset));
        }
        batch.check_crc().map_err(|error| format!("at {next}: {error}"))?;
        let epoch = state.log.epoch_of(header.base_offset.max(start));
        if epoch != Some(header.leader_epoch) && header.base_offset >= deleted_below {
            return Err(format!("the batch at {next} is of epoch {}, not {epoch:?}", header.leader_epoch));
        }
        next = header.next_offset();
    }
    let high_watermark = state.replica.high_watermark();
    if (next, high_watermark) != (end, end) || state.replica.log_end_offset() != end {
        return Err(format!(
            "records end at {next}, the high watermark is {high_watermark}, the log ends at {end}"
        ));
    }
    Ok(())
}

fn span(partition: &Partition) -> String {
    let state = partition.lock();
    let (start, end, point) = (state.log.start_offset(), state.log.end_offset(), state.log.recovery_point());
    format!("{start}..{end}, durable below {point}")
}

/// All that can be read of all partitions.
pub(super) fn contents(node: &Node) -> Vec<(String, Offset, Vec<Bytes>)> {
    let of_one = |partition: &Arc<Partition>| {
        let batches = readable(partition).expect("it was checked");
        let start = partition.lock().log.start_offset();
        (name(partition), start, batches.into_iter().map(Batch::into_bytes).collect())
    };
    node.partitions().iter().map(of_one).collect()
}
