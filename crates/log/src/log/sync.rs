//! Makes what was written durable. What comes of it is the recovery point.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use ottla_records::Offset;

use super::{Log, Writes};
use crate::error::{Error, Result};
use crate::files::{FileKey, Files};
use crate::format::{PartitionMetadata, put};
use crate::names::{FileKind, FileName, LEADER_EPOCHS};

/// What must reach the device before the recovery point may move. Taken with [`Log::take_sync`], carried out with
/// [`SyncWork::run`], which needs no lock, and given back to [`Log::synced`].
///
/// After an error the process must end, because which bytes are durable is not known any more; unless the device was
/// [full](Error::is_storage_full): then [`Log::not_synced`] takes the work back.
#[derive(Debug)]
pub struct SyncWork {
    files: Arc<Files>,
    dir: Arc<Path>,
    writes: Writes,
    unsynced: Vec<FileKey>,
    snapshots: Vec<(Offset, Vec<u8>)>,
    /// Snapshots that newer ones have replaced.
    outdated: Vec<Offset>,
    epochs: Option<String>,
    /// `partition.metadata` may not be durable.
    sync_metadata: bool,
    sync_folder: bool,
    recovery_point: Offset,
}

impl SyncWork {
    /// Nothing has changed since the last one.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
            && self.unsynced.is_empty()
            && self.snapshots.is_empty()
            && self.epochs.is_none()
            && !self.sync_metadata
            && !self.sync_folder
    }

    /// The recovery point once it has run.
    pub fn recovery_point(&self) -> Offset {
        self.recovery_point
    }

    pub fn run(&self) -> Result<()> {
        self.writes.run()?;
        self.unsynced.iter().try_for_each(|key| self.sync(*key))?;
        for (offset, bytes) in &self.snapshots {
            put(self.files.disk(), &FileName::new(*offset, FileKind::Snapshot).path(&self.dir), bytes)?;
        }
        if let Some(text) = &self.epochs {
            put(self.files.disk(), &self.dir.join(LEADER_EPOCHS), text.as_bytes())?;
        }
        if self.sync_metadata {
            PartitionMetadata::sync(self.files.disk(), &self.dir)?;
        }
        if self.sync_folder {
            self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        }
        self.outdated.iter().try_for_each(|offset| self.remove_snapshot(*offset))
    }

    fn remove_snapshot(&self, offset: Offset) -> Result<()> {
        let path = FileName::new(offset, FileKind::Snapshot).path(&self.dir);
        match self.files.disk().remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// A file that is gone was replaced by a cleaned one, which is durable.
    fn sync(&self, key: FileKey) -> Result<()> {
        let Some(file) = self.files.find(key, &self.dir)? else { return Ok(()) };
        let path = FileName::new(key.base, key.kind).path(&self.dir);
        file.sync_data().map_err(Error::io("sync", &path))
    }
}

impl Log {
    /// All that is in memory, and all that is in files and may not be durable.
    pub fn take_sync(&mut self) -> SyncWork {
        let writes = self.take_all_writes();
        if writes.is_empty() {
            self.forget_lookups();
        }
        let mut unsynced: Vec<FileKey> = writes.keys().collect();
        unsynced
            .extend(std::mem::take(&mut self.unsynced).into_iter().map(|(base, kind)| self.key(base, kind)));
        unsynced.sort_unstable_by_key(|key| (key.base, key.kind));
        unsynced.dedup();
        let snapshots = std::mem::take(&mut self.unwritten_snapshots);
        let epochs_changed = std::mem::take(&mut self.epochs_changed);
        let creates = writes.creates() || !snapshots.is_empty() || epochs_changed;
        SyncWork {
            files: Arc::clone(&self.files),
            dir: Arc::clone(&self.dir),
            recovery_point: writes.reached_offset().unwrap_or(self.written_end),
            writes,
            unsynced,
            outdated: self.outdated_snapshots(&snapshots),
            snapshots,
            epochs: epochs_changed.then(|| self.epochs.to_text()),
            sync_metadata: std::mem::take(&mut self.metadata_changed),
            sync_folder: std::mem::take(&mut self.folder_changed) || creates,
        }
    }

    /// The work is done: everything below the recovery point, which is given back, is durable.
    pub fn synced(&mut self, work: SyncWork) -> Offset {
        let SyncWork { writes, snapshots, outdated, recovery_point, unsynced, .. } = work;
        let (folder_changed, unsynced_before) = (self.folder_changed, self.unsynced.len());
        self.written(writes);
        // What `written` noted is what this work has synced already.
        self.folder_changed = folder_changed;
        let mut at = 0;
        self.unsynced.retain(|(base, kind)| {
            at += 1;
            at <= unsynced_before || !unsynced.iter().any(|key| (key.base, key.kind) == (*base, *kind))
        });
        for (offset, _) in snapshots {
            self.note_snapshot(offset);
        }
        self.snapshots.retain(|offset| !outdated.contains(offset));
        self.recovery_point = self.recovery_point.max(recovery_point);
        self.recovery_point
    }

    /// The work could not be done for want of space: the next one has it all to do again.
    pub fn not_synced(&mut self, work: SyncWork) {
        let SyncWork { unsynced, snapshots, epochs, sync_folder, .. } = work;
        for key in unsynced.iter().map(|key| (key.base, key.kind)) {
            if !self.unsynced.contains(&key) {
                self.unsynced.push(key);
            }
        }
        // What is replaced already is replaced by the same once more.
        let first = self.segments[0].base;
        self.unwritten_snapshots.splice(0..0, snapshots.into_iter().filter(|(offset, _)| *offset >= first));
        self.epochs_changed |= epochs.is_some();
        self.folder_changed |= sync_folder;
    }

    /// Takes the work, carries it out and hands it back.
    pub fn sync(&mut self) -> Result<Offset> {
        let work = self.take_sync();
        work.run()?;
        Ok(self.synced(work))
    }
}
