//! The cleaner's thread: compacts the logs of topics that keep the last record of each key.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    thread::JoinHandle,
    time::Duration,
};

use ottla_config::CleanerConfig;
use ottla_log::{
    CLEANER_OFFSETS, Cleanable, LastRecord,
    format::{PartitionOffset, read_offset_checkpoint, write_offset_checkpoint},
};
use ottla_records::{Offset, ProducerId};
use rustc_hash::FxHashMap;
use tracing::{debug, error, info};

use super::{Deletions, Storage, room::parking::Parking};
use crate::{
    clock,
    configs::Configs,
    partition::{Partition, State},
    topics::Topics,
};

/// How soon a log that is written to is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(crate) struct Cleaning {
    parking: Arc<Parking>,
    thread: JoinHandle<()>,
}

struct Cleaner {
    storage: Arc<Storage>,
    topics: Arc<Topics>,
    configs: Arc<RwLock<Configs>>,
    deletions: Arc<Deletions>,
    /// Up to where a log has no key twice, by topic and partition: `cleaner-offset-checkpoint`.
    cleaned_to: FxHashMap<(String, i32), Offset>,
}

/// A log that is due, and what there is to clean in it.
struct Due {
    partition: Arc<Partition>,
    cleanable: Cleanable,
}

impl Cleaning {
    pub(crate) fn start(
        storage: &Arc<Storage>,
        topics: &Arc<Topics>,
        configs: &Arc<RwLock<Configs>>,
        deletions: &Arc<Deletions>,
    ) -> std::io::Result<Cleaning> {
        let parking = Arc::new(Parking::default());
        let mut cleaner = Cleaner {
            cleaned_to: read_checkpoint(storage),
            storage: Arc::clone(storage),
            topics: Arc::clone(topics),
            configs: Arc::clone(configs),
            deletions: Arc::clone(deletions),
        };
        let thread = std::thread::Builder::new().name("cleaner".into()).spawn({
            let parking = Arc::clone(&parking);
            move || {
                while parking.park(cleaner.backoff()) {
                    cleaner.turn(&parking);
                }
            }
        })?;
        Ok(Cleaning { parking, thread })
    }

    /// Ends after the round that is under way.
    pub(crate) fn stop(self) {
        self.parking.stop();
        self.thread.join().expect("the cleaner does not panic");
    }
}

/// A checkpoint that cannot be read costs time, not records: the logs are cleaned from their beginnings.
fn read_checkpoint(storage: &Storage) -> FxHashMap<(String, i32), Offset> {
    let entries = read_offset_checkpoint(storage.files.disk(), &storage.dir.join(CLEANER_OFFSETS));
    let entries = entries.unwrap_or_else(|error| {
        error!(%error, "cannot read where the cleaner was");
        Vec::new()
    });
    entries.into_iter().map(|entry| ((entry.topic, entry.partition), entry.offset)).collect()
}

impl Cleaner {
    fn config(&self) -> CleanerConfig {
        self.configs.read().expect("nobody panics with the lock held").broker().cleaner
    }

    fn backoff(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.config().backoff_ms).unwrap_or(0))
            .max(Duration::from_millis(100))
    }

    /// Cleans the dirtiest log, then the next one, until none is due.
    fn turn(&mut self, parking: &Parking) {
        while self.config().is_on && !parking.is_stopping() {
            let Some(due) = self.dirtiest() else { return };
            if let Err(error) = self.clean(&due) {
                let (topic, partition) = (&due.partition.topic.name, due.partition.index);
                error!(%topic, partition, %error, "cannot compact a log");
                return;
            }
        }
    }

    /// Only what lies below the recovery point on the disk may be cleaned; a log that waits for that alone has all
    /// segments synced first.
    fn dirtiest(&self) -> Option<Due> {
        let wanted = self.due(|state| state.replica.last_stable_offset());
        if wanted.iter().any(|due| due.cleanable.end > due.partition.lock().checkpointed()) {
            self.storage.sync_segments(&self.topics);
        }
        let due = self.due(|state| state.replica.last_stable_offset().min(state.checkpointed()));
        due.into_iter().max_by(|a, b| a.cleanable.dirty_ratio().total_cmp(&b.cleanable.dirty_ratio()))
    }

    fn due(&self, limit: impl Fn(&State) -> Offset) -> Vec<Due> {
        let compacted = self.topics.partitions().into_iter().filter(|partition| {
            let state = partition.lock();
            state.log.config().cleanup_policy.compact && !state.is_deleted()
        });
        compacted.filter_map(|partition| self.look(partition, &limit)).collect()
    }

    fn look(&self, partition: Arc<Partition>, limit: &impl Fn(&State) -> Offset) -> Option<Due> {
        let cleaned_to = self.cleaned_to.get(&key(&partition)).copied();
        let mut state = partition.lock();
        let limit = limit(&state);
        let cleanable = match state.log.cleanable(clock::wall_ms(), cleaned_to, limit) {
            Ok(cleanable) => cleanable?,
            Err(error) => {
                error!(topic = %partition.topic.name, partition = partition.index, %error, "cannot look for what to compact");
                return None;
            }
        };
        let is_due = cleanable.is_due(state.log.config());
        drop(state);
        is_due.then_some(Due { partition, cleanable })
    }

    fn clean(&mut self, due: &Due) -> ottla_log::Result<()> {
        let partition = &due.partition;
        let planned = {
            let mut state = partition.lock();
            let producers = last_records(&state);
            state.log.plan_cleaning(due.cleanable, producers, clock::wall_ms())
        };
        let cleaning = match planned {
            // A write is under way; there is a next turn.
            Err(ottla_log::Error::Busy { .. }) => {
                std::thread::park_timeout(LOOK_AGAIN);
                return Ok(());
            }
            planned => planned?,
        };
        let key_bytes = usize::try_from(self.config().dedupe_buffer_bytes).unwrap_or(usize::MAX);
        let cleaned = match cleaning.run(key_bytes) {
            Err(ottla_log::Error::Deleted { .. }) => {
                debug!(topic = %partition.topic.name, "the topic is deleted: its log is not compacted any further");
                return Ok(());
            }
            ran => ran?,
        };
        let (installed, delay) = {
            let mut state = partition.lock();
            if state.is_deleted() {
                debug!(topic = %partition.topic.name, "the topic was deleted while its log was compacted");
                return Ok(());
            }
            (state.log.install(cleaned)?, state.log.config().file_delete_delay)
        };
        info!(topic = %partition.topic.name, partition = partition.index, to = installed.cleaned_to,
              before = installed.bytes_before, after = installed.bytes_after, "compacted a log");
        self.deletions.remove_files_after(delay, installed.deleted);
        self.cleaned_to.insert(key(partition), installed.cleaned_to);
        self.write_checkpoint()
    }

    /// Logs that are gone are dropped from it.
    fn write_checkpoint(&mut self) -> ottla_log::Result<()> {
        let topics = &self.topics;
        self.cleaned_to.retain(|(topic, _), _| topics.by_name(topic).is_some());
        let entries: Vec<PartitionOffset> = self
            .cleaned_to
            .iter()
            .map(|((topic, partition), offset)| PartitionOffset {
                topic: topic.clone(),
                partition: *partition,
                offset: *offset,
            })
            .collect();
        write_offset_checkpoint(self.storage.files.disk(), &self.storage.dir.join(CLEANER_OFFSETS), &entries)
    }
}

fn key(partition: &Partition) -> (String, i32) {
    (partition.topic.name.to_string(), partition.index)
}

/// The batch with a producer's last sequence stays, so that its next one can be checked.
fn last_records(state: &State) -> HashMap<ProducerId, LastRecord> {
    let entry = |producer: ottla_replica::ProducerEntry| {
        let data_offset = Some(producer.last_offset).filter(|offset| *offset >= 0);
        (producer.producer_id, LastRecord { data_offset, producer_epoch: producer.producer_epoch })
    };
    state.replica.producers().map(entry).collect()
}
