//! A broker without threads, sockets and groups on a simulated disk. What the threads do is called.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_config::{StartConfig, parse_set};
use ottla_log::{
    disk::{Disk, Loss, SimDisk},
    journal::{Event, Options, Rounds, Step},
};
use ottla_metadata::Decision;
use ottla_records::{Batch, Batches, Offset};
use ottla_replica::{Acks, Origin, Validated};
use ottla_wire::messages::{
    ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord,
};
use uuid::Uuid;

use crate::{
    configs::Configs,
    durable::Durable,
    foundation::{Foundation, Ground},
    metrics::JournalMetrics,
    partition::{AppendRefused, Partition, Produced},
    start::{Address, StartError},
    storage::{self, Placed, observer},
};

pub(super) const DIR: &str = "/data";
pub(super) const JOURNAL_DIR: &str = "/data/ottla-journal";
const NODE_ID: i32 = 1;
const TOPIC: i8 = 2;

/// Files so small that a few batches fill one.
const JOURNAL: Options = Options {
    file_bytes: 20 * 1024,
    first_file_bytes: 12 * 1024,
    total_bytes_max: 256 * 1024,
    queued_bytes_max: 64 * 1024,
    unsynced_bytes_max: 20 * 1024,
    salt: 0x5A17,
};

/// A partition, whichever broker holds it.
pub(super) type Place = (Uuid, i32);

/// What the journal said of a partition: it is durable up to this offset, when the disk had made so many operations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) place: Place,
    pub(super) end: Offset,
    pub(super) operations: usize,
}

type Observer = Box<dyn FnMut(Event<'_, Placed>) + Send>;

pub(super) struct Node {
    pub(super) parts: Foundation,
    pub(super) durable: Arc<Durable>,
    rounds: Rounds<Placed, Observer>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// A disk with a data directory in which nothing is.
pub(super) fn new_disk() -> SimDisk {
    let disk = SimDisk::new();
    disk.create_dir_all(Path::new(DIR)).expect("a folder");
    disk.crash(Loss::Nothing)
}

impl Node {
    /// Starts on what is there.
    pub(super) fn open(disk: &SimDisk) -> Result<Node, StartError> {
        let (heard, durable) = (Arc::default(), Arc::new(Durable::default()));
        let observer = listen(disk, &heard, observer(&durable, &Arc::new(JournalMetrics::default())));
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let ground = Ground {
            disk: Arc::clone(&shared),
            dir: Path::new(DIR),
            open_files_max: 4,
            journal_disk: shared,
            journal_dir: Path::new(JOURNAL_DIR),
            journal_options: JOURNAL,
        };
        let (mut parts, rounds) = Foundation::open(ground, configs(), &[address()], observer)?;
        parts.host(Vec::new());
        Ok(Node { parts, durable, rounds, heard })
    }

    /// Ends as a broker does that is told to.
    pub(super) fn close(mut self) -> ottla_log::Result<()> {
        self.settle();
        self.flush();
        self.parts.worker.close();
        self.parts.storage.take_turn_at_writing()?;
        self.parts.storage.close(&self.parts.topics, 1)?;
        self.parts.storage.remove_journal(Path::new(JOURNAL_DIR))
    }

    /// All partitions, in the order of their topics' names.
    pub(super) fn partitions(&self) -> Vec<Arc<Partition>> {
        let mut partitions = self.parts.topics.partitions();
        partitions.sort_by_key(|partition| (partition.topic.name.clone(), partition.index));
        partitions
    }

    pub(super) fn partition(&self, (topic, index): Place) -> Option<Arc<Partition>> {
        self.parts.topics.by_id(topic)?.partition(index)
    }

    pub(super) fn has_topic(&self, topic: Uuid) -> bool {
        self.parts.topics.by_id(topic).is_some()
    }
}

/// What requests do.
impl Node {
    fn commit(&mut self, records: Vec<MetadataRecord>) {
        self.parts.worker.propose(|_| Decision { records, response: () });
        self.parts.worker.commit();
    }

    pub(super) fn create_topic(&mut self, name: &str, id: Uuid, partitions: i32, settings: &[(&str, &str)]) {
        let mut records = vec![TopicRecord { name: name.into(), topic_id: id }.into()];
        records.extend(settings.iter().map(|(key, value)| config(name, key, value)));
        records.extend((0..partitions).map(|partition_id| {
            MetadataRecord::from(PartitionRecord {
                partition_id,
                topic_id: id,
                replicas: vec![NODE_ID],
                isr: vec![NODE_ID],
                leader: NODE_ID,
                leader_epoch: 0,
                partition_epoch: 0,
                directories: vec![self.parts.identity.directory_id],
                ..PartitionRecord::default()
            })
        }));
        self.commit(records);
    }

    pub(super) fn delete_topic(&mut self, id: Uuid) {
        self.commit(vec![RemoveTopicRecord { topic_id: id }.into()]);
    }

    /// Deletes a topic and makes one of the same name, in one commit.
    pub(super) fn replace_topic(&mut self, old: Uuid, name: &str, id: Uuid, settings: &[(&str, &str)]) {
        self.parts.worker.propose(|_| Decision {
            records: vec![RemoveTopicRecord { topic_id: old }.into()],
            response: (),
        });
        self.create_topic(name, id, 1, settings);
    }

    pub(super) fn alter_topic(&mut self, name: &str, key: &str, value: &str) {
        self.commit(vec![config(name, key, value)]);
    }

    /// A new leader epoch begins.
    pub(super) fn elect(&mut self, (topic_id, partition_id): Place) {
        let change = PartitionChangeRecord { topic_id, partition_id, leader: NODE_ID, ..Default::default() };
        self.commit(vec![change.into()]);
    }

    pub(super) fn append(&self, partition: &Arc<Partition>, batch: Batch) -> Result<Produced, AppendRefused> {
        let validated = Validated { batch, log_append_time: None };
        partition.append(&self.parts.storage, validated, Acks::All, Origin::Client, None)
    }
}

/// What threads do.
impl Node {
    /// One round of the journal.
    pub(super) fn round(&mut self) {
        self.rounds.run();
    }

    /// Rounds until nothing waits.
    pub(super) fn settle(&mut self) {
        while self.rounds.run() == Step::Worked {}
    }

    /// One round of flushes.
    pub(super) fn flush(&self) {
        self.parts.storage.flush_asked(&self.durable);
    }

    pub(super) fn ask_for_timely_flushes(&self) {
        self.parts.storage.ask_for_timely_flushes();
    }

    pub(super) fn prepare_journal_file(&self) {
        self.rounds.journal().prepare().expect("the disk works");
    }

    pub(super) fn write_tails(&self) {
        self.parts.storage.take_turn_at_writing().expect("the disk works");
    }

    pub(super) fn sync_segments(&self) {
        self.parts.storage.sync_segments(&self.parts.topics);
    }

    pub(super) fn apply_retention(&self) {
        for partition in self.partitions() {
            let (delay, files) = storage::retain(&partition).expect("the disk works");
            self.parts.deletions.remove_files_after(delay, files);
        }
    }

    /// Removes what was deleted, whatever delay it was given.
    pub(super) fn remove_deleted(&self) {
        self.parts.deletions.remove_due(Duration::ZERO);
        self.parts.deletions.remove_due_files();
    }

    /// What the journal said since it was asked last.
    pub(super) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Every batch of a partition that a consumer can read.
pub(super) fn readable(partition: &Partition) -> Result<Vec<Batch>, String> {
    let mut state = partition.lock();
    let (start, high_watermark) = (state.log.start_offset(), state.replica.high_watermark());
    if start >= high_watermark {
        return Ok(Vec::new());
    }
    let read = state.log.read(start, usize::MAX, high_watermark, true).map_err(|error| error.to_string())?;
    let bytes: Bytes = read.load().map_err(|error| error.to_string())?;
    Batches::new(bytes).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn listen(
    disk: &SimDisk,
    heard: &Arc<Mutex<Vec<Heard>>>,
    mut observe: impl FnMut(Event<'_, Placed>) + Send + 'static,
) -> Observer {
    let (disk, heard) = (disk.clone(), Arc::clone(heard));
    Box::new(move |event| {
        if let Event::Durable { tags, .. } = &event {
            let operations = disk.operations();
            let told = tags.iter().map(|placed| Heard {
                place: (placed.partition.topic.id, placed.partition.index),
                end: placed.end,
                operations,
            });
            heard.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
        }
        observe(event);
    })
}

fn configs() -> Configs {
    let settings = ["log.dirs=/data", "node.id=1", "log.segment.delete.delay.ms=0"];
    let assignments = settings.map(|setting| parse_set(setting).expect("a setting"));
    let (start, _warnings) = StartConfig::new(assignments).expect("a valid configuration");
    Configs::new(ottla_config::Settings::new(start))
}

fn address() -> Address {
    Address {
        listener: "PLAINTEXT".into(),
        bound: ([127, 0, 0, 1], 9092).into(),
        advertised: ("127.0.0.1".into(), 9092),
    }
}

fn config(topic: &str, key: &str, value: &str) -> MetadataRecord {
    ConfigRecord {
        resource_type: TOPIC,
        resource_name: ByteString::from(topic),
        name: ByteString::from(key),
        value: Some(ByteString::from(value)),
    }
    .into()
}
