//! Makes batches durable in their segments without a sync of all that belongs to them: `flush.messages`, `flush.ms`.

use std::path::Path;
use std::sync::Arc;

use ottla_records::Offset;

use super::Log;
use crate::disk::File;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::format::PartitionMetadata;
use crate::names::{FileKind, FileName};

/// Segment files that are to be synced. Taken with [`Log::take_flush`], carried out with [`Flush::run`], which needs no
/// lock, and given back to [`Log::flushed`]. Neither another one nor a [`super::SyncWork`] of the log may be out at the
/// same time. It has its files open, so that segments may be deleted meanwhile, as those of a busy log must be.
///
/// The recovery point stays where it is: indexes, epochs and producers' state follow with the next sync, and a start
/// that comes before it makes them anew from the batches. After an error the process must end.
#[derive(Debug)]
pub struct Flush {
    files: Arc<Files>,
    dir: Arc<Path>,
    segments: Vec<(Offset, Arc<dyn File>)>,
    /// `partition.metadata` may not be durable.
    sync_metadata: bool,
    sync_folder: bool,
    end: Offset,
    truncations: u32,
}

impl Flush {
    pub fn run(&self) -> Result<()> {
        for (base, file) in &self.segments {
            let path = FileName::new(*base, FileKind::Log).path(&self.dir);
            file.sync_data().map_err(Error::io("sync", &path))?;
        }
        if self.sync_metadata {
            PartitionMetadata::sync(self.files.disk(), &self.dir)?;
        }
        if self.sync_folder {
            self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        }
        Ok(())
    }
}

impl Log {
    /// Below it every batch is durable in segment files: it is the recovery point or beyond.
    pub fn flushed_end(&self) -> Offset {
        self.flushed.max(self.recovery_point)
    }

    /// What is in segment files and may not be durable.
    pub fn take_flush(&mut self) -> Result<Flush> {
        let (batches, others) = self.unsynced.drain(..).partition(|(_, kind)| *kind == FileKind::Log);
        self.unsynced = others;
        Ok(Flush {
            files: Arc::clone(&self.files),
            dir: Arc::clone(&self.dir),
            segments: self.open_segments(batches)?,
            sync_metadata: std::mem::take(&mut self.metadata_changed),
            sync_folder: std::mem::take(&mut self.folder_changed),
            end: self.written_end,
            truncations: self.truncations,
        })
    }

    /// One that is gone was replaced by a cleaned one, which is durable.
    fn open_segments(&self, batches: Vec<(Offset, FileKind)>) -> Result<Vec<(Offset, Arc<dyn File>)>> {
        let mut files = Vec::with_capacity(batches.len());
        for (base, kind) in batches {
            let file = self.files.find(self.key(base, kind), &self.dir)?;
            files.extend(file.map(|file| (base, file)));
        }
        Ok(files)
    }

    /// The flush is done: everything below [`Log::flushed_end`] is durable.
    pub fn flushed(&mut self, flush: Flush) {
        if flush.truncations == self.truncations {
            self.flushed = self.flushed.max(flush.end);
        }
    }
}
