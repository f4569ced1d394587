//! Opens a partition's folder, reading as little as will do: after a clean stop the names in the folder, the small
//! files, and the end of the active segment.

use std::path::PathBuf;
use std::sync::Arc;

use ottla_records::Offset;

use super::layout::{Layout, SegmentFiles};
use super::recover::Recovery;
use super::segment::Segment;
use super::{Log, Rolling};
use crate::config::LogConfig;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::format::{LeaderEpochs, PartitionMetadata};
use crate::index::{IndexEntry, OffsetEntry};
use crate::names::{FileKind, LEADER_EPOCHS};

/// What the data directory knows about a partition that its folder does not tell.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    pub folder: PathBuf,
    pub config: Arc<LogConfig>,
    /// From `log-start-offset-checkpoint`; 0 if the partition is not in it.
    pub start_offset: Offset,
    /// From `recovery-point-offset-checkpoint`; 0 if the partition is not in it.
    pub recovery_point: Offset,
    /// Whether the last stop was clean: everything is durable then, and the recovery point has no say.
    pub is_clean: bool,
    /// Whether offsets may be missing between segments above the recovery point. In our own directories they are
    /// not: only what is below it is compacted or deleted, so a gap above it is something that was never durable,
    /// and the log ends there. Apache Kafka does not wait for its recovery point, so this must be set for a
    /// directory that it left, and if the checkpoint of the recovery points was lost.
    pub may_have_gaps: bool,
    pub now_ms: i64,
}

#[derive(Debug)]
pub struct Opened {
    pub log: Log,
    pub recovery: Recovery,
}

impl Log {
    /// Makes the folder of a new partition. The names become durable with a sync of the log and of the data
    /// directory, which the caller does once for many.
    ///
    /// A folder that has segments is refused: they are another log's.
    pub fn create(
        files: &Arc<Files>,
        folder: PathBuf,
        metadata: PartitionMetadata,
        config: Arc<LogConfig>,
        now_ms: i64,
    ) -> Result<Log> {
        files.disk().create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        if !Layout::read(files.disk(), &folder)?.segments.is_empty() {
            return Err(Error::io("create", &folder)(std::io::ErrorKind::AlreadyExists.into()));
        }
        metadata.write(files.disk(), &folder)?;
        let options = OpenOptions {
            folder,
            config,
            start_offset: 0,
            recovery_point: 0,
            is_clean: true,
            may_have_gaps: false,
            now_ms,
        };
        let mut log = Log::bare(files, &options);
        log.folder_changed = true;
        log.metadata_changed = true;
        Ok(log)
    }

    /// Opens a folder, recovers it unless the last stop was clean, and says what that found.
    ///
    /// The producers' state is the caller's: see [`Log::producer_state`].
    pub fn open(files: &Arc<Files>, options: &OpenOptions) -> Result<Opened> {
        let mut log = Log::bare(files, options);
        log.load(&Layout::read(files.disk(), &options.folder)?)?;
        let mut recovery = Recovery::default();
        log.rebuild_missing_indexes(options, &mut recovery)?;
        if options.is_clean {
            log.end = log.find_end(&mut recovery)?;
        } else {
            log.recover_from(options, &mut recovery)?;
        }
        log.settle(options, &mut recovery)?;
        Ok(Opened { log, recovery })
    }

    fn bare(files: &Arc<Files>, options: &OpenOptions) -> Log {
        Log {
            files: Arc::clone(files),
            id: files.next_log_id(),
            dir: options.folder.as_path().into(),
            config: Arc::clone(&options.config),
            segments: vec![Segment::new(options.start_offset)],
            tail: super::Tail::default(),
            rolling: Rolling { first_timestamp: None, created_ms: options.now_ms },
            lookups: super::Lookups::default(),
            start: options.start_offset,
            end: options.start_offset,
            written_end: options.start_offset,
            recovery_point: options.start_offset,
            flushed: options.start_offset,
            truncations: 0,
            epochs: LeaderEpochs::default(),
            epochs_changed: false,
            snapshots: Vec::new(),
            unwritten_snapshots: Vec::new(),
            replay_limit: Offset::MAX,
            unsynced: Vec::new(),
            folder_changed: false,
            metadata_changed: false,
            waits: true,
            in_use: Arc::default(),
        }
    }

    fn load(&mut self, layout: &Layout) -> Result<()> {
        self.epochs = LeaderEpochs::read(self.files.disk(), &self.dir.join(LEADER_EPOCHS))?;
        self.snapshots.clone_from(&layout.snapshots);
        if layout.segments.is_empty() {
            return Ok(());
        }
        let load = |(base, files): (&Offset, &SegmentFiles)| self.load_segment(*base, files);
        self.segments = layout.segments.iter().map(load).collect::<Result<_>>()?;
        Ok(())
    }

    /// An index that is missing or has a length that cannot be counts as empty, which has it rebuilt.
    fn load_segment(&self, base: Offset, files: &SegmentFiles) -> Result<Segment> {
        let size = u32::try_from(files.log).map_err(|_too_large| Error::Corrupt {
            path: self.path(base, FileKind::Log),
            position: files.log,
            reason: "a segment has less than 4 GiB".into(),
        })?;
        Ok(Segment {
            size,
            offset_entries: entry_count(files.offset_index, OffsetEntry::SIZE),
            time_entries: entry_count(files.time_index, crate::index::TimeEntry::SIZE),
            aborted_entries: entry_count(files.txn_index, crate::index::AbortedTxn::SIZE),
            has_indexes: files.offset_index.is_some() && files.time_index.is_some(),
            ..Segment::new(base)
        })
    }

    /// The offset behind the last batch, by way of the last entry of the index.
    fn find_end(&mut self, recovery: &mut Recovery) -> Result<Offset> {
        let at = self.segments.len() - 1;
        let (base, size) = (self.segments[at].base, self.segments[at].size);
        let count = self.segments[at].offset_entries;
        let entries: Vec<OffsetEntry> =
            self.read_index(base, FileKind::OffsetIndex, count.saturating_sub(1), count)?;
        let mut start = 0;
        if let Some(last) = entries.first() {
            match self.is_entry_right(at, *last)? {
                true => start = last.position,
                false => self.rebuild_segment(at, recovery)?,
            }
        }
        let mut end = base;
        let mut walk = self.walk(at, start, size)?;
        while let Some(span) = walk.next()? {
            end = span.last_offset + 1;
        }
        Ok(end)
    }

    /// What remains once the end is known.
    fn settle(&mut self, options: &OpenOptions, recovery: &mut Recovery) -> Result<()> {
        self.start = options.start_offset.max(self.segments[0].base);
        if self.start > self.end {
            recovery.missing_below = Some(self.start);
            self.drop_all_segments(self.start)?;
        }
        self.written_end = self.end;
        self.recovery_point = if options.is_clean { self.end } else { options.recovery_point.min(self.end) };
        // As long as there is no recovery point nothing was synced, and this neither.
        self.metadata_changed = !options.is_clean && options.recovery_point == 0;
        self.replay_limit = if options.is_clean { Offset::MAX } else { options.recovery_point };
        self.epochs_changed |= self.epochs.truncate_from_end(self.end);
        self.epochs_changed |= self.epochs.truncate_from_start(self.start);
        self.remove_snapshots_beyond_end()?;
        self.resume_active()
    }

    /// What the next append to the active segment must know.
    pub(super) fn resume_active(&mut self) -> Result<()> {
        let at = self.segments.len() - 1;
        let (base, count) = (self.segments[at].base, self.segments[at].time_entries);
        if count > 0 {
            let last = self.read_index(base, FileKind::TimeIndex, count - 1, count)?;
            self.segments[at].last_time = last.first().copied();
        }
        self.rolling.first_timestamp = self.span_at(at, 0)?.map(|first| first.max_timestamp);
        Ok(())
    }

    pub(super) fn remove_snapshots_beyond_end(&mut self) -> Result<()> {
        let kept = self.snapshots.partition_point(|offset| *offset <= self.end);
        let beyond = self.snapshots.split_off(kept);
        beyond.into_iter().try_for_each(|offset| self.remove_snapshot(offset))
    }

    /// Removes every file of every segment; an empty one begins at `base`.
    pub(super) fn drop_all_segments(&mut self, base: Offset) -> Result<()> {
        for segment in std::mem::replace(&mut self.segments, vec![Segment::new(base)]) {
            self.remove_segment_files(segment.base)?;
        }
        self.keep_end()?;
        self.end = base;
        self.forget_lookups();
        Ok(())
    }

    /// Makes the name of the active segment durable, which alone tells where the log goes on once all before it is
    /// gone.
    pub(super) fn keep_end(&mut self) -> Result<()> {
        self.files.get_or_create(self.key(self.active().base, FileKind::Log), &self.dir)?;
        self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))
    }

    pub(super) fn remove_segment_files(&mut self, base: Offset) -> Result<()> {
        for kind in FileKind::SEGMENT {
            self.files.forget(self.key(base, kind));
            let path = self.path(base, kind);
            match self.files.disk().remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(error));
                }
                _ => self.unsynced.retain(|unsynced| *unsynced != (base, kind)),
            }
        }
        self.folder_changed = true;
        Ok(())
    }
}

/// Of an index file; 0 if it is missing or its length cannot be.
fn entry_count(len: Option<u64>, size: usize) -> u32 {
    let len = len.unwrap_or(0);
    if !len.is_multiple_of(size as u64) {
        return 0;
    }
    u32::try_from(len / size as u64).unwrap_or(0)
}
