//! The files of the data directory that list an offset for each partition.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use ottla_log::{
    CLEANER_OFFSETS, Files, HIGH_WATERMARKS, LOG_STARTS, RECOVERY_POINTS,
    format::{PartitionOffset, read_offset_checkpoint, write_offset_checkpoint},
};
use ottla_records::Offset;
use rustc_hash::FxHashMap;

use super::{Storage, lock};
use crate::{
    partition::{Partition, State},
    topics::Topics,
};

/// A partition as the files name it.
pub(super) type Key = (String, i32);
type Offsets = FxHashMap<Key, Offset>;

/// The checkpoints as a start finds them.
///
/// They go by names, and a name may have been another topic's: what is not about a folder that is there must be gone
/// from them before such a folder is made.
#[derive(Debug)]
pub(super) struct Checkpoints {
    dir: PathBuf,
    files: Arc<Files>,
    recovery_points: Offsets,
    log_starts: Offsets,
}

impl Checkpoints {
    pub(super) fn read(dir: &Path, files: &Arc<Files>) -> ottla_log::Result<Checkpoints> {
        Ok(Checkpoints {
            dir: dir.to_owned(),
            files: Arc::clone(files),
            recovery_points: read(dir, files, RECOVERY_POINTS)?,
            log_starts: read(dir, files, LOG_STARTS)?,
        })
    }

    /// 0 for a partition that was never synced.
    pub(super) fn recovery_point(&self, key: &Key) -> Offset {
        self.recovery_points.get(key).copied().unwrap_or(0)
    }

    pub(super) fn log_start(&self, key: &Key) -> Offset {
        self.log_starts.get(key).copied().unwrap_or(0)
    }

    /// Whether there were recovery points once. Nothing is compacted before the first are stored.
    pub(super) fn were_lost(&self) -> ottla_log::Result<bool> {
        Ok(self.recovery_points.is_empty() && !read(&self.dir, &self.files, CLEANER_OFFSETS)?.is_empty())
    }

    /// Forgets all but these partitions. Durable on return.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&Key) -> bool) -> ottla_log::Result<()> {
        // A log start comes with a recovery point, so it goes first.
        for (name, offsets) in
            [(LOG_STARTS, &mut self.log_starts), (RECOVERY_POINTS, &mut self.recovery_points)]
        {
            let before = offsets.len();
            offsets.retain(|key, _| is_kept(key));
            if offsets.len() < before {
                write(&self.dir, &self.files, name, offsets)?;
            }
        }
        Ok(())
    }

    /// Reports a log start above the recovery point, which is never written: taken for true, it would have a log
    /// emptied that ends between them.
    pub(super) fn check(&self) -> ottla_log::Result<()> {
        let is_beyond = |(key, start): &(&Key, &Offset)| **start > self.recovery_point(key);
        let beyond = self.log_starts.iter().filter(|_| !self.recovery_points.is_empty()).find(is_beyond);
        let Some((key, start)) = beyond else { return Ok(()) };
        let (topic, partition) = key;
        let reason = format!(
            "{topic}-{partition} starts at {start}, beyond its recovery point, {}: one of the two is damaged",
            self.recovery_point(key)
        );
        Err(ottla_log::Error::Malformed { path: self.dir.join(LOG_STARTS), reason })
    }

    /// Takes recovery points that differ from what was found. Durable on return.
    pub(super) fn replace_recovery_points(
        &mut self,
        recovery_points: impl Iterator<Item = (Key, Offset)>,
    ) -> ottla_log::Result<()> {
        self.recovery_points = recovery_points.collect();
        write(&self.dir, &self.files, RECOVERY_POINTS, &self.recovery_points)
    }
}

fn read(dir: &Path, files: &Files, name: &str) -> ottla_log::Result<Offsets> {
    let entries = read_offset_checkpoint(files.disk(), &dir.join(name))?;
    Ok(entries.into_iter().map(|entry| ((entry.topic, entry.partition), entry.offset)).collect())
}

fn write(dir: &Path, files: &Files, name: &str, offsets: &Offsets) -> ottla_log::Result<()> {
    let entry = |((topic, partition), offset): (&Key, &Offset)| PartitionOffset {
        topic: topic.clone(),
        partition: *partition,
        offset: *offset,
    };
    let entries: Vec<PartitionOffset> = offsets.iter().map(entry).collect();
    write_offset_checkpoint(files.disk(), &dir.join(name), &entries)
}

impl Storage {
    /// Topics are gone from memory, and the folders of their partitions have other names. These are durable on return.
    pub(crate) fn topics_were_deleted(&self) -> ottla_log::Result<()> {
        self.checkpoints_are_stale.store(true, Ordering::Release);
        self.sync_names()
    }

    /// Before a folder is made that may have the name of a deleted one: what the checkpoint files say of that must not
    /// be taken for the new one's.
    pub(crate) fn refresh_checkpoints(&self, topics: &Topics) -> ottla_log::Result<()> {
        if self.checkpoints_are_stale.load(Ordering::Acquire) {
            self.write_checkpoints(topics)?;
        }
        Ok(())
    }

    /// Lists all partitions that there are. Durable on return, and with it every name in the data directory.
    pub(crate) fn write_checkpoints(&self, topics: &Topics) -> ottla_log::Result<()> {
        let _one_at_a_time = lock(&self.checkpoints);
        self.checkpoints_are_stale.store(false, Ordering::Release);
        self.write_all_checkpoints(topics)
            .inspect_err(|_| self.checkpoints_are_stale.store(true, Ordering::Release))
    }

    fn write_all_checkpoints(&self, topics: &Topics) -> ottla_log::Result<()> {
        let partitions = topics.partitions();
        let write = |name, offset: &dyn Fn(&State) -> Option<Offset>| {
            let entry = |partition: &Arc<Partition>| {
                let offset = offset(&partition.lock())?;
                Some(PartitionOffset {
                    topic: partition.topic.name.to_string(),
                    partition: partition.index,
                    offset,
                })
            };
            let entries: Vec<PartitionOffset> = partitions.iter().filter_map(entry).collect();
            write_offset_checkpoint(self.files.disk(), &self.dir.join(name), &entries)
        };
        write(RECOVERY_POINTS, &|state| Some(state.log.recovery_point()))?;
        write(LOG_STARTS, &stored_start)?;
        write(HIGH_WATERMARKS, &|state| Some(state.replica.high_watermark()))
    }
}

/// Records may have been deleted beyond the recovery point by now. That waits for the next time: what a start finds below
/// a log start it takes for deleted, and above the recovery point it relies on nothing.
fn stored_start(state: &State) -> Option<Offset> {
    let log = &state.log;
    log.start_needs_checkpoint().then(|| log.start_offset().min(log.recovery_point()))
}
