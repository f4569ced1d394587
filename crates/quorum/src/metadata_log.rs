//! The metadata log of a quorum of one.
//!
//! ```text
//!             propose                    commit
//! decision ─────────────► pending ─────────────────► durable ─► published image, responses
//!              │
//!              └► the log's own image, which the next decision reads
//! ```

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use ottla_log::{Files, Log, LogConfig, PARTITION_METADATA, Recovery, disk::Disk, format::PartitionMetadata};
use ottla_metadata::{Image, activation_records};
use ottla_records::{Batch, Epoch, Offset, Timestamp};
use ottla_wire::messages::MetadataRecord;

use crate::{
    Error, FOLDER, Identity, QuorumState, Result, Snapshot, SnapshotId, TOPIC_ID,
    damage::{check_damage, segments},
    data_dir::read_bootstrap,
    encode::{Position, batches, read_batch},
    files::read_whole,
    kraft::{Voters, leader_change},
    snapshot::{Contents, remove_old, values},
};

/// How to open the metadata log.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    pub data_dir: PathBuf,
    pub identity: Identity,
    /// Whether the last stop was clean, so that nothing needs to be scanned.
    pub is_clean: bool,
    /// `metadata.log.max.record.bytes.between.snapshots`
    pub snapshot_bytes: u64,
    /// `min.insync.replicas`, which a new cluster takes as its own.
    pub min_insync_replicas: i32,
    pub now_ms: Timestamp,
}

/// The log, and what opening it found.
#[derive(Debug)]
pub struct Opened {
    pub log: MetadataLog,
    pub recovery: Recovery,
    /// The snapshot that the image began with.
    pub snapshot: Option<SnapshotId>,
}

/// What a commit made durable.
#[derive(Debug, Default, PartialEq)]
pub struct Committed {
    /// What was proposed since the last commit, in order: to be replayed into the image that others see, which began as
    /// a clone of the one that opening gave.
    pub records: Vec<MetadataRecord>,
    /// Behind the last of them.
    pub end_offset: Offset,
}

/// The log and the image of all that was proposed. After an error the process must end: what is durable is not known.
#[derive(Debug)]
pub struct MetadataLog {
    log: Log,
    files: Arc<Files>,
    folder: PathBuf,
    identity: Identity,
    epoch: Epoch,
    voters: Voters,
    image: Image,
    /// What opening added to the image; to be stored before what is pending.
    opening: Vec<MetadataRecord>,
    pending: Vec<MetadataRecord>,
    committed_end: Offset,
    last_timestamp: Timestamp,
    snapshot_bytes: u64,
    bytes_since_snapshot: u64,
}

impl MetadataLog {
    /// Opens the log, or makes it, reads the image, and begins an epoch. What a new controller has to record is in the
    /// image and not yet durable: a commit must follow, once the caller has added what it has to propose at its start.
    pub fn open(files: &Arc<Files>, options: &OpenOptions) -> Result<Opened> {
        let folder = options.data_dir.join(FOLDER);
        let snapshot = SnapshotId::list(files.disk(), &folder)?.last().copied();
        let (log, recovery) = open_log(files, &folder, snapshot, options)?;
        let mut this = MetadataLog {
            log,
            files: Arc::clone(files),
            folder,
            identity: options.identity.clone(),
            epoch: 0,
            voters: Voters::default(),
            image: Image::default(),
            opening: Vec::new(),
            pending: Vec::new(),
            committed_end: 0,
            last_timestamp: 0,
            snapshot_bytes: options.snapshot_bytes,
            bytes_since_snapshot: 0,
        };
        this.load(snapshot)?;
        this.lead(snapshot, options)?;
        Ok(Opened { log: this, recovery, snapshot })
    }

    /// All that was proposed, committed or not: what the next decision reads, and nobody else.
    pub fn image(&self) -> &Image {
        &self.image
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub fn leader_id(&self) -> i32 {
        self.identity.node_id
    }

    /// Behind the last committed record: in a quorum of one, high watermark and end of the log.
    pub fn end_offset(&self) -> Offset {
        self.committed_end
    }

    /// Where the next proposal's first record goes.
    pub fn next_offset(&self) -> Offset {
        let unwritten = self.opening.len() + self.pending.len();
        self.log.end_offset() + Offset::try_from(unwritten).expect("records in memory can be counted")
    }

    /// Takes the records of one decision. They change [`MetadataLog::image`] at once, and are stored by the next
    /// [`MetadataLog::commit`]: after a crash all of them are found or none, unless all that was proposed since the last
    /// commit has more than eight megabytes.
    pub fn propose(&mut self, mut records: Vec<MetadataRecord>) -> Result<()> {
        self.replay_proposal(&records)?;
        self.pending.append(&mut records);
        Ok(())
    }

    fn replay_proposal(&mut self, records: &[MetadataRecord]) -> Result<()> {
        for (offset, record) in (self.next_offset()..).zip(records) {
            let replayed = self.image.replay(record.clone(), &mut Vec::new());
            replayed.map_err(|source| Error::Replay { offset, source })?;
        }
        Ok(())
    }

    /// Makes all proposals durable, with as few writes as there can be.
    pub fn commit(&mut self, now_ms: Timestamp) -> Result<Committed> {
        let (opening, records) = (std::mem::take(&mut self.opening), std::mem::take(&mut self.pending));
        let value = |record: &MetadataRecord| record.encode_framed(self.image.record_version(record));
        let values: Vec<Bytes> = opening.iter().chain(&records).map(value).collect();
        self.append_values(values, now_ms)?;
        self.committed_end = self.log.end_offset();
        Ok(Committed { records, end_offset: self.committed_end })
    }

    /// Writes a snapshot if enough was appended since the last one. Takes as long as writing the whole image does, so
    /// answer first. Says whether one was written.
    pub fn maybe_snapshot(&mut self, now_ms: Timestamp) -> Result<bool> {
        let is_due = self.bytes_since_snapshot >= self.snapshot_bytes;
        let is_whole = self.next_offset() == self.committed_end && !self.image.in_transaction();
        if is_due && is_whole {
            self.snapshot(now_ms)?;
        }
        Ok(is_due && is_whole)
    }

    /// Writes what is left, and ends the files as a clean stop does.
    pub fn close(&mut self, now_ms: Timestamp) -> Result<Committed> {
        let committed = self.commit(now_ms)?;
        self.log.close(Vec::new)?;
        Ok(committed)
    }

    fn snapshot(&mut self, now_ms: Timestamp) -> Result<SnapshotId> {
        let id = SnapshotId { end: self.log.end_offset(), epoch: self.epoch };
        let contents = Contents {
            records: values(&self.image),
            voters: &self.voters,
            epoch: self.epoch,
            last_timestamp: self.last_timestamp,
            now_ms,
        };
        contents.write(self.files.disk(), &self.folder.join(id.file_name()))?;
        self.bytes_since_snapshot = 0;
        self.remove_before(remove_old(self.files.disk(), &self.folder)?, now_ms)?;
        Ok(id)
    }

    /// Cuts the log so that it starts where the oldest snapshot that is kept ends.
    fn remove_before(&mut self, oldest: Option<SnapshotId>, now_ms: Timestamp) -> Result<()> {
        self.log.roll(now_ms, Vec::new);
        if let Some(id) = oldest {
            self.log.delete_records_before(id.end)?;
            self.log.apply_retention(now_ms, self.log.end_offset(), Vec::new)?.remove()?;
        }
        self.log.sync()?;
        Ok(())
    }

    /// The newest snapshot, and what the log holds behind it.
    fn load(&mut self, snapshot: Option<SnapshotId>) -> Result<()> {
        let from = snapshot.map_or(0, |id| id.end);
        if !(self.log.start_offset()..=self.log.end_offset()).contains(&from) {
            let (log_start, log_end) = (self.log.start_offset(), self.log.end_offset());
            return Err(Error::Gap { log_start, log_end, snapshot: from });
        }
        if let Some(id) = snapshot {
            self.load_snapshot(id)?;
        }
        let mut batches = Vec::new();
        self.log.replay(from, |batch| batches.push(batch))?;
        batches.iter().try_for_each(|batch| self.load_batch(batch, from))
    }

    fn load_snapshot(&mut self, id: SnapshotId) -> Result<()> {
        let path = self.folder.join(id.file_name());
        let snapshot = Snapshot::read(self.files.disk(), &path)?;
        let snapshot = snapshot.ok_or_else(|| Error::malformed(&path, "it has vanished"))?;
        self.voters = snapshot.voters;
        for record in snapshot.records {
            let replayed = self.image.replay(record, &mut Vec::new());
            replayed.map_err(|error| Error::malformed(&path, error.to_string()))?;
        }
        Ok(())
    }

    fn load_batch(&mut self, batch: &Batch, from: Offset) -> Result<()> {
        self.bytes_since_snapshot += batch.size_in_bytes() as u64;
        self.last_timestamp = batch.header().max_timestamp;
        let (image, voters) = (&mut self.image, &mut self.voters);
        read_batch(
            batch,
            from,
            |offset, record| {
                image.replay(record, &mut Vec::new()).map_err(|source| Error::Replay { offset, source })
            },
            |control_type, value| voters.replay(control_type, value),
        )
    }

    /// Begins an epoch: higher than any that was ever seen, recorded before it is used.
    fn lead(&mut self, snapshot: Option<SnapshotId>, options: &OpenOptions) -> Result<()> {
        let before = QuorumState::read(self.files.disk(), &self.folder)?;
        let seen = [
            before.as_ref().map_or(0, |state| state.leader_epoch),
            self.log.latest_epoch().unwrap_or(0),
            snapshot.map_or(0, |id| id.epoch),
        ];
        self.epoch = seen.into_iter().fold(0, Epoch::max).saturating_add(1);
        let dynamic_voters = before.is_some_and(|state| state.dynamic_voters) || self.voters.are_dynamic();
        let leader_id = self.identity.node_id;
        let state = QuorumState { leader_epoch: self.epoch, leader_id, dynamic_voters };
        state.write(self.files.disk(), &self.folder)?;

        let directory = dynamic_voters.then_some(self.identity.directory_id);
        let position = self.position(options.now_ms);
        self.append_batch(leader_change(leader_id, directory, position), options.now_ms)?;
        self.log.sync()?;
        self.committed_end = self.log.end_offset();
        let bootstrap = read_bootstrap(self.files.disk(), &options.data_dir)?;
        let records = activation_records(&self.image, &bootstrap, options.min_insync_replicas);
        self.replay_proposal(&records)?;
        self.opening = records;
        Ok(())
    }

    fn position(&self, timestamp: Timestamp) -> Position {
        Position { next_offset: self.log.end_offset(), epoch: self.epoch, timestamp }
    }

    /// One sync for each batch: so whole batches behind a damaged one are never the remains of a torn write.
    fn append_values(&mut self, values: Vec<Bytes>, now_ms: Timestamp) -> Result<()> {
        for batch in batches(values, self.position(now_ms)) {
            self.append_batch(batch, now_ms)?;
            self.log.sync()?;
        }
        Ok(())
    }

    fn append_batch(&mut self, batch: Batch, now_ms: Timestamp) -> Result<()> {
        self.bytes_since_snapshot += batch.size_in_bytes() as u64;
        self.last_timestamp = now_ms;
        self.log.append(&batch.into(), now_ms, Vec::new)?;
        Ok(())
    }
}

fn open_log(
    files: &Arc<Files>,
    folder: &Path,
    snapshot: Option<SnapshotId>,
    options: &OpenOptions,
) -> Result<(Log, Recovery)> {
    let disk = files.disk();
    // What a snapshot covers was durable before the snapshot was.
    let recovery_point = snapshot.map_or(0, |id| id.end);
    let is_new = segments(disk, folder)?.is_empty();
    if is_new {
        make_folder(disk, &options.data_dir, folder)?;
    }
    keep_partition_metadata(disk, folder)?;
    if !options.is_clean {
        check_damage(disk, folder, recovery_point)?;
    }
    let opened = Log::open(
        files,
        &ottla_log::OpenOptions {
            folder: folder.to_path_buf(),
            config: config(),
            start_offset: if is_new { recovery_point } else { 0 },
            recovery_point,
            is_clean: options.is_clean,
            may_have_gaps: false,
            now_ms: options.now_ms,
        },
    )?;
    Ok((opened.log, opened.recovery))
}

/// Durable on return, even if an earlier start made it and died.
fn make_folder(disk: &dyn Disk, data_dir: &Path, folder: &Path) -> Result<()> {
    let io = |source| Error::Io { path: folder.to_path_buf(), source };
    disk.create_dir_all(folder).map_err(io)?;
    disk.sync_dir(data_dir).map_err(io)
}

/// A loss of power may have taken the file's bytes, which are always the same: nothing is lost with them.
fn keep_partition_metadata(disk: &dyn Disk, folder: &Path) -> Result<()> {
    let metadata = PartitionMetadata { topic_id: TOPIC_ID };
    let found = read_whole(disk, &folder.join(PARTITION_METADATA))?;
    if found.is_none_or(|found| *found != *metadata.to_text().as_bytes()) {
        metadata.write(disk, folder)?;
    }
    Ok(())
}

/// Nothing is removed by age or size, only what lies before the start of the log.
fn config() -> Arc<LogConfig> {
    Arc::new(LogConfig { retention_ms: -1, retention_bytes: -1, ..LogConfig::default() })
}
