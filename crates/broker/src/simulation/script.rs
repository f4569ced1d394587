//! Random work on a broker, the same for the same seed, and the history that comes of it.

use std::sync::Arc;

use bytes::Bytes;
use ottla_log::disk::SimDisk;
use ottla_records::{Batch, BatchBuilder, BatchOptions, NO_PRODUCER_ID, Offset, ProducerId};
use uuid::Uuid;

use super::{
    history::{Fate, History},
    node::{Node, Place, new_disk, readable},
    random::Random,
};
use crate::{
    durable::{FlushRound, Until},
    partition::{AppendRefused, Partition, Produced},
    topics::Durability,
};

/// So that no producer expires while a test runs.
const TIMESTAMP: i64 = 4_000_000_000_000;
const PRODUCERS: usize = 2;
/// A few batches fill a segment; three segments or so are kept.
const SETTINGS: [(&str, &str); 5] = [
    ("internal.segment.bytes", "900"),
    ("index.interval.bytes", "200"),
    ("retention.bytes", "2500"),
    ("retention.ms", "-1"),
    ("segment.ms", "9223372036854775807"),
];
/// Names, and how many partitions each topic has when it is made first.
const TOPICS: [(&str, i32); 4] = [("journaled", 2), ("cached", 1), (FLUSHED, 1), ("fleeting", 1)];
const CACHED: [&str; 2] = ["cached", FLUSHED];
/// Most batches wait for a flush; one with a single record may not.
const FLUSHED: &str = "flushed";
const FLUSH_MESSAGES: &str = "2";

pub(super) struct Script {
    pub(super) disk: SimDisk,
    pub(super) history: History,
    random: Random,
    node: Option<Node>,
    /// Batches whose acknowledgement waits for a flush: where each ends, and until when.
    flushing: Vec<(Place, Offset, Until)>,
    /// Makes every record and every topic unlike all others.
    next: u64,
    /// The steps, each with the moment at which it began.
    steps: Vec<(usize, String)>,
}

impl Script {
    /// A broker that has just started for the first time.
    pub(super) fn new(seed: u64) -> Script {
        let mut script = Script {
            disk: new_disk(),
            history: History::default(),
            random: Random::new(seed),
            node: None,
            flushing: Vec::new(),
            next: 0,
            steps: Vec::new(),
        };
        script.open();
        for (name, partitions) in TOPICS {
            script.create(name, partitions);
        }
        script
    }

    pub(super) fn on(disk: &SimDisk, history: History, seed: u64, node: Node) -> Script {
        let next = 1 << 32;
        Script {
            disk: disk.clone(),
            history,
            random: Random::new(seed),
            node: Some(node),
            flushing: Vec::new(),
            next,
            steps: Vec::new(),
        }
    }

    /// The last steps that began before a moment, for who looks for the cause of a failure.
    pub(super) fn until(&self, moment: usize) -> String {
        let began = self.steps.iter().filter(|(at, _)| *at <= moment);
        let lines: Vec<String> = began.map(|(at, what)| format!("  at {at}: {what}")).collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    pub(super) fn node(&self) -> &Node {
        self.node.as_ref().expect("a broker runs between steps")
    }

    fn now(&self) -> usize {
        self.disk.operations()
    }

    pub(super) fn step(&mut self) {
        let before = self.now();
        let what = match self.random.below(100) {
            0..34 => self.append(),
            34..50 => self.round(),
            50..58 => self.flush(),
            58..62 => self.resend(),
            62..68 => self.write_tails(),
            68..76 => self.sync(),
            76..80 => self.delete_records(),
            80..84 => self.retain(),
            84..86 => self.elect(),
            86..89 => self.recreate(),
            89..91 => self.alter_durability(),
            91..93 => self.prepare(),
            93..97 => self.die(),
            _ => self.restart(),
        };
        self.steps.push((before, what));
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn new_id(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.random.next(), self.random.next())
    }

    fn any_partition(&mut self) -> Arc<Partition> {
        let partitions = self.node().partitions();
        Arc::clone(self.random.pick(&partitions).expect("there is always a topic"))
    }
}

/// What clients do.
impl Script {
    fn append(&mut self) -> String {
        let partition = self.any_partition();
        let batches = 1 + self.random.below(3);
        for _ in 0..batches {
            let producer = self.random.chance(60).then(|| self.random.below(PRODUCERS) as ProducerId);
            self.append_to(&partition, producer);
        }
        format!("{batches} batches to {}", name(&partition))
    }

    pub(super) fn append_to(&mut self, partition: &Arc<Partition>, producer: Option<ProducerId>) {
        let batch = self.batch(partition, producer);
        match self.node().append(partition, batch.clone()) {
            Ok(produced) => self.note_appended(partition, &batch, &produced),
            Err(error) => panic!("{}: {error}", name(partition)),
        }
    }

    /// Of one record or a few, of all sizes, so that batches begin at all places of a block.
    fn batch(&mut self, partition: &Partition, producer: Option<ProducerId>) -> Batch {
        let (producer_epoch, base_sequence) = match producer {
            Some(_) => (0, next_sequence(partition, producer)),
            None => (-1, -1),
        };
        let mut builder = BatchBuilder::new(BatchOptions {
            producer_id: producer.unwrap_or(NO_PRODUCER_ID),
            producer_epoch,
            base_sequence,
            ..BatchOptions::default()
        });
        for _ in 0..=self.random.below(3) {
            let mut value = self.number().to_be_bytes().to_vec();
            value.resize(8 + self.random.below(150), 0xEE);
            builder.append(TIMESTAMP, None, Some(&value), &[]).expect("room in a batch");
        }
        builder.build().expect("a batch")
    }

    fn note_appended(&mut self, partition: &Partition, batch: &Batch, produced: &Produced) {
        let epoch = partition.lock().replica.leader_epoch();
        let stored = batch.clone().assign(produced.base_offset, epoch).to_batch();
        if produced.until.flush > FlushRound::ZERO {
            self.flushing.push((place(partition), stored.header().next_offset(), produced.until));
        }
        let (now, is_cached) = (self.now(), is_cached(partition));
        let history = self.history.of(place(partition));
        history.appended(&stored);
        if is_cached {
            // It was written before it was answered, and all before it.
            history.promise_below(stored.header().next_offset(), now, Fate::ProcessDeath);
        }
    }

    /// A producer that did not hear of the acknowledgement sends its last batch again.
    fn resend(&mut self) -> String {
        let partition = self.any_partition();
        let last =
            self.history.of(place(&partition)).live().rev().find(|batch| batch.header().producer_id >= 0);
        let Some(last) = last else { return "nothing to send again".into() };
        let end = partition.lock().log.end_offset();
        check_duplicate(self.node(), &partition, &last).expect("a duplicate is known");
        assert_eq!(partition.lock().log.end_offset(), end);
        format!("{} again to {}", last.header().base_offset, name(&partition))
    }

    fn delete_records(&mut self) -> String {
        let partition = self.any_partition();
        let high_watermark = partition.lock().replica.high_watermark();
        let high_watermark = usize::try_from(high_watermark).expect("an offset");
        let offset = self.random.below(high_watermark + 1) as Offset;
        let now = self.now();
        let start = partition.delete_records(offset).expect("below the high watermark");
        self.history.of(place(&partition)).start_begins(now, start);
        format!("records of {} below {offset} deleted", name(&partition))
    }

    fn elect(&mut self) -> String {
        let partition = self.any_partition();
        self.node.as_mut().expect("it runs").elect(place(&partition));
        format!("a new epoch of {}", name(&partition))
    }

    fn create(&mut self, topic: &str, partitions: i32) {
        let id = self.new_id();
        self.history.creation_begins(id, topic, partitions, self.now());
        let settings = settings(topic);
        self.node.as_mut().expect("it runs").create_topic(topic, id, partitions, &settings);
        let now = self.now();
        self.history.created(id, now);
    }

    /// Deletes a topic and makes another one of the same name, at once or one after the other.
    fn recreate(&mut self) -> String {
        let (id, topic) = {
            let partition = self.any_partition();
            (partition.topic.id, partition.topic.name.to_string())
        };
        let before = self.now();
        self.history.deletion_begins(id, before);
        if self.random.chance(50) {
            let new = self.new_id();
            self.history.creation_begins(new, &topic, 1, before);
            let settings = settings(&topic);
            self.node.as_mut().expect("it runs").replace_topic(id, &topic, new, &settings);
            let now = self.now();
            self.history.deleted(id, now);
            self.history.created(new, now);
        } else {
            self.node.as_mut().expect("it runs").delete_topic(id);
            let now = self.now();
            self.history.deleted(id, now);
            let partitions = 1 + self.random.below(2);
            self.create(&topic, i32::try_from(partitions).expect("few"));
        }
        format!("{topic} deleted and made again")
    }

    fn alter_durability(&mut self) -> String {
        let partition = self.any_partition();
        let (topic, to) =
            (partition.topic.name.to_string(), if is_cached(&partition) { "journal" } else { "os" });
        self.node.as_mut().expect("it runs").alter_topic(&topic, "ottla.durability", to);
        self.note_durable();
        format!("{topic} changed to {to}")
    }
}

/// What threads do, and what ends them.
impl Script {
    fn round(&mut self) -> String {
        self.node.as_mut().expect("it runs").round();
        self.note_durable();
        "a round of the journal".into()
    }

    fn flush(&mut self) -> String {
        self.node().flush();
        self.note_flushed();
        "a round of flushes".into()
    }

    /// Promises what is acknowledged behind a flush.
    fn note_flushed(&mut self) {
        let (now, durable) = (self.now(), Arc::clone(&self.node().durable));
        let acknowledged = self.flushing.extract_if(.., |(_, _, until)| durable.has_reached(*until));
        for (place, end, _) in acknowledged {
            self.history.of(place).promise_below(end, now, Fate::PowerLoss);
        }
    }

    /// Promises what the journal told.
    pub(super) fn note_durable(&mut self) {
        for heard in self.node().heard() {
            self.history.of(heard.place).promise_below(heard.end, heard.operations, Fate::PowerLoss);
        }
    }

    fn write_tails(&mut self) -> String {
        self.node().write_tails();
        "tails written".into()
    }

    fn sync(&mut self) -> String {
        self.node().sync_segments();
        self.note_starts_kept();
        "segments synced".into()
    }

    fn note_starts_kept(&mut self) {
        let now = self.now();
        for partition in self.node().partitions() {
            let start = partition.lock().log.start_offset();
            self.history.of(place(&partition)).start_kept(now, start);
        }
    }

    fn retain(&mut self) -> String {
        let before = self.now();
        self.node().apply_retention();
        for partition in self.node().partitions() {
            let start = partition.lock().log.start_offset();
            self.history.of(place(&partition)).start_begins(before, start);
        }
        self.node().remove_deleted();
        "retention".into()
    }

    fn prepare(&mut self) -> String {
        self.node().prepare_journal_file();
        "a journal file prepared".into()
    }

    /// The process dies, the machine does not, and another process goes on.
    fn die(&mut self) -> String {
        self.node = None;
        self.flushing.clear();
        self.open();
        "killed and started".into()
    }

    pub(super) fn stop(&mut self) {
        let node = self.node.take().expect("it runs");
        node.close().expect("the disk works");
        self.flushing.clear();
    }

    fn restart(&mut self) -> String {
        self.stop();
        self.open();
        self.note_starts_kept();
        "stopped and started".into()
    }

    fn open(&mut self) {
        let node =
            Node::open(&self.disk).unwrap_or_else(|error| panic!("{error}\n{}", self.until(self.now())));
        self.node = Some(node);
        self.note_found();
    }

    /// What a start found is served from then on.
    pub(super) fn note_found(&mut self) {
        let now = self.now();
        for partition in self.node().partitions() {
            let outlives = if is_cached(&partition) { Fate::ProcessDeath } else { Fate::PowerLoss };
            let found = readable(&partition).expect("what was recovered can be read");
            self.history.of(place(&partition)).reopened(&found, now, outlives);
        }
    }

    /// Segments below and above their recovery points, deleted records, epochs, and a journal.
    pub(super) fn fill(&mut self) {
        for round in 0..6 {
            for partition in self.node().partitions() {
                let producer = (round % 2 == 0).then_some(0);
                self.append_to(&partition, producer);
                self.append_to(&partition, None);
            }
            self.round();
            self.elect();
            self.delete_records();
            self.write_tails();
            if round < 4 {
                self.sync();
            }
        }
        self.go_on();
    }

    /// Adds to every partition, and makes that durable. What is flushed is not promised: of a bit that turned behind the
    /// recovery point in its checkpoint nobody can tell that it was whole once.
    pub(super) fn go_on(&mut self) {
        for partition in self.node().partitions() {
            self.append_to(&partition, None);
        }
        self.node.as_mut().expect("it runs").settle();
        self.note_durable();
        self.node().flush();
    }
}

fn settings(topic: &str) -> Vec<(&'static str, &'static str)> {
    let durability = if CACHED.contains(&topic) { "os" } else { "journal" };
    let flush = (topic == FLUSHED).then_some(("flush.messages", FLUSH_MESSAGES));
    SETTINGS.into_iter().chain([("ottla.durability", durability)]).chain(flush).collect()
}

/// The batch is known, and is not written again.
pub(super) fn check_duplicate(node: &Node, partition: &Arc<Partition>, stored: &Batch) -> Result<(), String> {
    let base = stored.header().base_offset;
    let sent = Batch::parse(Bytes::copy_from_slice(stored.bytes())).expect("a batch");
    match node.append(partition, sent) {
        Ok(produced) if produced.base_offset == base => Ok(()),
        Ok(produced) => Err(format!("the batch at {base}, sent again, got offset {}", produced.base_offset)),
        Err(AppendRefused::ByReplica(error)) => Err(format!("the batch at {base}, sent again: {error}")),
        Err(error) => Err(error.to_string()),
    }
}

fn next_sequence(partition: &Partition, producer: Option<ProducerId>) -> i32 {
    let state = partition.lock();
    let known = state.replica.producers().find(|entry| Some(entry.producer_id) == producer);
    known.map_or(0, |entry| entry.last_sequence + 1)
}

pub(super) fn place(partition: &Partition) -> Place {
    (partition.topic.id, partition.index)
}

pub(super) fn name(partition: &Partition) -> String {
    format!("{}-{}", partition.topic.name, partition.index)
}

fn is_cached(partition: &Partition) -> bool {
    partition.lock().settings.durability == Durability::Os
}
