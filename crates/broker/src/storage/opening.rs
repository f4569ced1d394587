//! Opens the partitions of a data directory, and puts back what only the journal has.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use ottla_log::{
    Files, Log, OpenOptions,
    format::{PartitionMetadata, read_offset_checkpoint},
    index::AbortedTxn,
    journal::{Lsn, Recovered, Recovery as JournalRecovery},
    partition_folder,
};
use ottla_records::{AssignedBatch, Batch, Limits, Offset};
use ottla_replica::{self as replica, CompletedTransaction, Event, Marker, Replicas};
use rustc_hash::FxHashMap;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    clock,
    partition::{Partition, TopicIdentity, epoch_entries, log_producer_entry, replica_producer_entry},
    topics::TopicSettings,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Log(#[from] ottla_log::Error),
    #[error("{folder}: {reason}")]
    Partition { folder: PathBuf, reason: String },
    #[error(
        "journal entry {lsn} is for offset {offset} of {topic}-{partition}, whose log ends at {end}: records between them are missing"
    )]
    Gap { lsn: Lsn, topic: String, partition: i32, offset: Offset, end: Offset },
}

/// What is known of all partitions before any is opened.
#[derive(Debug)]
pub(crate) struct Opening {
    dir: PathBuf,
    files: Arc<Files>,
    recovery_points: Checkpoint,
    log_starts: Checkpoint,
    is_clean: bool,
    /// The directory is Apache Kafka's, or its checkpoint was lost.
    may_have_gaps: bool,
}

type Checkpoint = FxHashMap<(String, i32), Offset>;

/// A partition to be opened or made.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) topic: Arc<TopicIdentity>,
    pub(crate) index: i32,
    pub(crate) leader_epoch: i32,
    pub(crate) settings: Arc<TopicSettings>,
}

/// A partition whose folder was read; the journal may have more of it.
struct Opened {
    wanted: Wanted,
    log: Log,
    recovery: replica::Recovery,
    /// Batches that the journal put back.
    restored: usize,
}

/// What opening gives: the partitions, and those of them that hold batches which only the journal has.
pub(crate) struct Partitions {
    pub(crate) all: Vec<Arc<Partition>>,
    pub(crate) restored: Vec<Arc<Partition>>,
}

impl Opening {
    /// Reads the checkpoint files. `is_clean`: the last stop wrote and synced everything; `is_ours`: there is a journal.
    pub(crate) fn new(
        dir: &Path,
        files: &Arc<Files>,
        is_clean: bool,
        is_ours: bool,
    ) -> ottla_log::Result<Opening> {
        let checkpoint = |name: &str| -> ottla_log::Result<Checkpoint> {
            let entries = read_offset_checkpoint(files.disk(), &dir.join(name))?;
            Ok(entries.into_iter().map(|entry| ((entry.topic, entry.partition), entry.offset)).collect())
        };
        let recovery_points = checkpoint(ottla_log::RECOVERY_POINTS)?;
        // Nothing is compacted before the first recovery points are stored.
        let checkpoint_was_lost =
            recovery_points.is_empty() && !checkpoint(ottla_log::CLEANER_OFFSETS)?.is_empty();
        Ok(Opening {
            dir: dir.to_owned(),
            files: Arc::clone(files),
            may_have_gaps: !is_ours || checkpoint_was_lost,
            recovery_points,
            log_starts: checkpoint(ottla_log::LOG_STARTS)?,
            is_clean,
        })
    }

    /// Opens the partitions on all processors, and puts back what the journal has beyond them.
    pub(crate) fn open(
        &self,
        wanted: Vec<Wanted>,
        journal: &mut JournalRecovery,
    ) -> Result<Partitions, OpenError> {
        let mut opened = self.read_folders(wanted)?;
        restore(&mut opened, journal)?;
        let (mut all, mut restored) = (Vec::with_capacity(opened.len()), Vec::new());
        for opened in opened {
            let is_restored = opened.restored > 0;
            let partition = opened.finish();
            if is_restored {
                restored.push(Arc::clone(&partition));
            }
            all.push(partition);
        }
        Ok(Partitions { all, restored })
    }

    fn read_folders(&self, wanted: Vec<Wanted>) -> Result<Vec<Opened>, OpenError> {
        let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = wanted.len().div_ceil(workers).max(1);
        thread::scope(|scope| {
            let open =
                |chunk: &[Wanted]| chunk.iter().map(|w| self.read_folder(w)).collect::<Result<Vec<_>, _>>();
            let threads: Vec<_> =
                wanted.chunks(share).map(|chunk| scope.spawn(move || open(chunk))).collect();
            let mut opened = Vec::with_capacity(wanted.len());
            for thread in threads {
                opened.extend(thread.join().expect("opening a partition does not panic")?);
            }
            Ok(opened)
        })
    }

    /// Opens the partition's folder, or makes it if there is none.
    fn read_folder(&self, wanted: &Wanted) -> Result<Opened, OpenError> {
        let folder = self.dir.join(partition_folder(&wanted.topic.name, wanted.index));
        let exists = self.files.disk().exists(&folder);
        if !exists.map_err(|source| ottla_log::Error::Io {
            action: "look for",
            path: folder.clone(),
            source,
        })? {
            return Ok(Opened::create(&self.files, folder, wanted.clone())?);
        }
        let key = (wanted.topic.name.to_string(), wanted.index);
        let options = OpenOptions {
            folder: folder.clone(),
            config: Arc::clone(&wanted.settings.log),
            start_offset: self.log_starts.get(&key).copied().unwrap_or(0),
            recovery_point: self.recovery_points.get(&key).copied().unwrap_or(0),
            is_clean: self.is_clean,
            may_have_gaps: self.may_have_gaps,
            now_ms: clock::wall_ms(),
        };
        let opened = Log::open(&self.files, &options)?;
        report(&folder, &opened.recovery);
        let mut log = opened.log;
        let recovery = recover(&mut log).map_err(|reason| OpenError::Partition { folder, reason })?;
        Ok(Opened { wanted: wanted.clone(), log, recovery, restored: 0 })
    }
}

/// Makes a new partition.
pub(crate) fn create(dir: &Path, files: &Arc<Files>, wanted: Wanted) -> ottla_log::Result<Arc<Partition>> {
    let folder = dir.join(partition_folder(&wanted.topic.name, wanted.index));
    Ok(Opened::create(files, folder, wanted)?.finish())
}

impl Opened {
    fn create(files: &Arc<Files>, folder: PathBuf, wanted: Wanted) -> ottla_log::Result<Opened> {
        let metadata = PartitionMetadata { topic_id: wanted.topic.id };
        let log = Log::create(files, folder, metadata, Arc::clone(&wanted.settings.log), clock::wall_ms())?;
        Ok(Opened { wanted, log, recovery: replica::Recovery::new(0, 0, []), restored: 0 })
    }

    /// This node is the only one: it leads what it holds, and everything that it found is safe.
    fn finish(self) -> Arc<Partition> {
        let Opened { wanted, mut log, recovery, .. } = self;
        let end = log.end_offset();
        let recovered = replica::Recovered { high_watermark: end, durable_end: end };
        let replica = recovery.finish(clock::wall_ms(), recovered, wanted.settings.replica);
        log.begin_epoch(wanted.leader_epoch);
        let partition = Partition::new(wanted.topic, wanted.index, replica, log, wanted.settings);
        partition.on(&Event::BecomeLeader { epoch: wanted.leader_epoch, replicas: Replicas::default() });
        Arc::new(partition)
    }

    /// Takes a batch that the journal has: at the log's end it is appended, below it is there already.
    fn restore(&mut self, entry: Recovered) -> Result<(), OpenError> {
        let (lsn, end) = (entry.lsn, self.log.end_offset());
        let batch = Batch::parse(entry.batch).map_err(|error| self.no_batch(lsn, &error))?;
        let offset = batch.header().base_offset;
        if offset < end {
            return Ok(());
        }
        if offset > end {
            let (topic, partition) = (self.wanted.topic.name.to_string(), self.wanted.index);
            return Err(OpenError::Gap { lsn, topic, partition, offset, end });
        }
        let (header, marker) = (*batch.header(), marker(&batch));
        let recovery = &self.recovery;
        self.log.append(&AssignedBatch::from(batch), clock::wall_ms(), || {
            recovery.producers().map(|entry| log_producer_entry(&entry)).collect()
        })?;
        let ended = self.recovery.replay(&header, marker).map_err(|error| self.no_batch(lsn, &error))?;
        note_aborted(&mut self.log, ended)?;
        self.restored += 1;
        Ok(())
    }

    fn no_batch(&self, lsn: Lsn, error: &dyn std::fmt::Display) -> OpenError {
        let folder = self.log.folder().to_owned();
        OpenError::Partition { folder, reason: format!("journal entry {lsn} does not fit: {error}") }
    }
}

fn report(folder: &Path, recovery: &ottla_log::Recovery) {
    let folder = folder.display();
    if let Some(cut) = &recovery.cut {
        info!(%folder, file = %cut.path.display(), position = cut.position, bytes = cut.bytes,
              reason = %cut.reason, end = cut.offset, "cut off a batch that was not written whole");
    }
    if let Some(offset) = recovery.missing_below {
        warn!(%folder, offset, "records that were durable are gone");
    }
    if !recovery.rebuilt_indexes.is_empty() {
        info!(%folder, segments = recovery.rebuilt_indexes.len(), "rebuilt indexes");
    }
}

/// Puts the replica's state together: the newest snapshot of the producers, and the batches behind it.
fn recover(log: &mut Log) -> Result<replica::Recovery, String> {
    let state = log.producer_state().map_err(|error| error.to_string())?;
    let epochs: Vec<_> = epoch_entries(log.epoch_entries()).collect();
    let mut recovery = replica::Recovery::new(log.start_offset(), state.replay_from, epochs);
    state.entries.iter().for_each(|entry| recovery.restore(&replica_producer_entry(entry)));
    let mut ended = Vec::new();
    let mut failure = None;
    let replayed =
        log.replay(state.replay_from, |batch| match recovery.replay(batch.header(), marker(&batch)) {
            Ok(transaction) => ended.extend(transaction),
            Err(error) => failure = failure.take().or(Some(error.to_string())),
        });
    replayed.map_err(|error| error.to_string())?;
    for transaction in ended {
        note_aborted(log, Some(transaction)).map_err(|error| error.to_string())?;
    }
    failure.map_or(Ok(recovery), Err)
}

/// What a power failure may have taken from the transaction index is put back; what is there is left alone.
fn note_aborted(log: &mut Log, ended: Option<CompletedTransaction>) -> ottla_log::Result<()> {
    let Some(aborted) = ended.and_then(|transaction| transaction.aborted()) else { return Ok(()) };
    log.append_aborted(AbortedTxn {
        producer_id: aborted.producer_id,
        first_offset: aborted.first_offset,
        last_offset: aborted.last_offset,
        last_stable_offset: aborted.last_stable_offset,
    })
}

/// The end of a transaction, if the batch is that. A control batch that cannot be read ends none.
fn marker(batch: &Batch) -> Option<Marker> {
    Marker::of(batch, &Limits::default(), &mut Vec::new()).ok().flatten()
}

/// Replays the journal's entries into the partitions that they are for.
fn restore(opened: &mut [Opened], journal: &mut JournalRecovery) -> Result<(), OpenError> {
    let places: FxHashMap<(Uuid, i32), usize> =
        opened.iter().enumerate().map(|(at, o)| ((o.wanted.topic.id, o.wanted.index), at)).collect();
    let (mut entries, mut deleted) = (0_usize, 0_usize);
    while let Some(entry) = journal.read()? {
        entries += 1;
        match places.get(&(entry.topic_id, entry.partition)) {
            Some(at) => opened[*at].restore(entry)?,
            // The topic was deleted after the batch was written.
            None => deleted += 1,
        }
    }
    if entries > 0 {
        let restored: usize = opened.iter().map(|o| o.restored).sum();
        info!(entries, restored, deleted, "replayed the journal");
    }
    Ok(())
}
