//! Opens the partitions of a data directory, and puts back what only the journal has.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use ottla_log::{
    Files, Log, OpenOptions,
    journal::{Lsn, Recovery as JournalRecovery},
    partition_folder,
};
use ottla_records::Offset;
use ottla_replica as replica;
use rustc_hash::FxHashMap;
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    checkpoints::Checkpoints,
    folders::Folders,
    opened::{Opened, marker, note_aborted},
};
use crate::{
    clock,
    partition::{Partition, TopicIdentity, epoch_entries, replica_producer_entry},
    topics::TopicSettings,
};

/// So many folders are read sooner than a thread is started.
const FEW: usize = 16;

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
    checkpoints: Checkpoints,
    is_clean: bool,
    is_ours: bool,
    /// The directory is Apache Kafka's, or its checkpoint was lost.
    may_have_gaps: bool,
}

/// A partition to be opened or made.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) topic: Arc<TopicIdentity>,
    pub(crate) index: i32,
    pub(crate) leader_epoch: i32,
    pub(crate) settings: Arc<TopicSettings>,
}

/// What opening gives: the partitions, and those of them that hold batches which are not in synced segments.
pub(crate) struct Partitions {
    pub(crate) all: Vec<Arc<Partition>>,
    pub(crate) unsynced: Vec<Arc<Partition>>,
}

impl Opening {
    /// Reads the checkpoint files. `is_clean`: the last stop wrote and synced everything; `is_ours`: a broker with a
    /// journal served from this directory before.
    pub(crate) fn new(
        dir: &Path,
        files: &Arc<Files>,
        is_clean: bool,
        is_ours: bool,
    ) -> ottla_log::Result<Opening> {
        let checkpoints = Checkpoints::read(dir, files)?;
        Ok(Opening {
            dir: dir.to_owned(),
            files: Arc::clone(files),
            may_have_gaps: !is_ours || checkpoints.were_lost()?,
            checkpoints,
            is_clean,
            is_ours,
        })
    }

    /// Opens the partitions on all processors, and puts back what the journal has beyond them.
    pub(crate) fn open(
        mut self,
        wanted: Vec<Wanted>,
        journal: &mut JournalRecovery,
    ) -> Result<Partitions, OpenError> {
        let Opening { is_clean, is_ours, .. } = self;
        let folders = Folders { dir: &self.dir, files: &self.files, is_clean, is_ours };
        let claimed = folders.claim(&wanted)?;
        self.checkpoints.keep(|key| claimed.contains(key))?;
        if is_ours {
            self.checkpoints.check()?;
        }
        let mut opened = self.read_folders(wanted)?;
        restore(&mut opened, journal)?;
        opened.iter_mut().try_for_each(|opened| opened.settle(is_ours))?;
        self.settle_recovery_points(&opened)?;
        let (mut all, mut unsynced) = (Vec::with_capacity(opened.len()), Vec::new());
        for opened in opened {
            let is_synced = opened.is_synced();
            let partition = opened.finish();
            if !is_synced {
                unsynced.push(Arc::clone(&partition));
            }
            all.push(partition);
        }
        Ok(Partitions { all, unsynced })
    }

    /// What lies below a stored recovery point is taken for granted. So a log that has lost some of it must not grow
    /// again before that is stored. And of a directory that was Apache Kafka's, where a log may have gaps above its
    /// recovery point, it must be stored how far it was recovered before it is ours.
    fn settle_recovery_points(&mut self, opened: &[Opened]) -> ottla_log::Result<()> {
        let shrank =
            |opened: &Opened| opened.recovery_point() < self.checkpoints.recovery_point(&opened.key());
        let was_taken_over = !self.is_ours && !self.is_clean && !opened.is_empty();
        if was_taken_over || opened.iter().any(shrank) {
            let points = opened.iter().map(|opened| (opened.key(), opened.recovery_point()));
            self.checkpoints.replace_recovery_points(points)?;
        }
        Ok(())
    }

    fn read_folders(&self, wanted: Vec<Wanted>) -> Result<Vec<Opened>, OpenError> {
        let workers = match wanted.len() {
            ..FEW => 1,
            _ => thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        let share = wanted.len().div_ceil(workers).max(1);
        let open =
            |chunk: &[Wanted]| chunk.iter().map(|w| self.read_folder(w)).collect::<Result<Vec<_>, _>>();
        if workers == 1 {
            return open(&wanted);
        }
        thread::scope(|scope| {
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
            start_offset: self.checkpoints.log_start(&key),
            recovery_point: self.checkpoints.recovery_point(&key),
            is_clean: self.is_clean,
            may_have_gaps: self.may_have_gaps,
            now_ms: clock::wall_ms(),
        };
        let opened = Log::open(&self.files, &options)?;
        report(&folder, &opened.recovery);
        let mut log = opened.log;
        let recovery = recover(&mut log).map_err(|reason| OpenError::Partition { folder, reason })?;
        Ok(Opened::new(wanted.clone(), log, recovery))
    }
}

/// Makes a new partition.
pub(crate) fn create(dir: &Path, files: &Arc<Files>, wanted: Wanted) -> ottla_log::Result<Arc<Partition>> {
    let folder = dir.join(partition_folder(&wanted.topic.name, wanted.index));
    Ok(Opened::create(files, folder, wanted)?.finish())
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

/// Replays the journal's entries into the partitions that they are for.
fn restore(opened: &mut [Opened], journal: &mut JournalRecovery) -> Result<(), OpenError> {
    let places: FxHashMap<(Uuid, i32), usize> =
        opened.iter().enumerate().map(|(at, opened)| (opened.place(), at)).collect();
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
        let restored: usize = opened.iter().map(Opened::restored).sum();
        info!(entries, restored, deleted, "replayed the journal");
    }
    Ok(())
}
