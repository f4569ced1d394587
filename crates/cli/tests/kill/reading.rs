//! Consumers: one that follows, one that commits for its group, and those that read everything in the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientContext, TopicPartitionList};

use super::client::{self, DEADLINE, TURN};
use super::history::{Event, History, Offset, Place, Reader};
use super::payload::parse;
use super::topics::{JOURNAL, PAGE_CACHE, places};

const GROUP: &str = "readers";
const GROUP_TOPICS: &[&str] = &[JOURNAL, PAGE_CACHE];
/// What the member of the group reads before it commits.
const COMMIT_EVERY: usize = 50;

/// Readers that go on over all restarts.
#[derive(Debug)]
pub(crate) struct Readers {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(crate) fn start(address: SocketAddr, seed: u64, history: &Arc<History>) -> Readers {
        let stopping = Arc::new(AtomicBool::new(false));
        let recorder = |reader| Recorder { seed, reader, history: Arc::clone(history) };
        let (follower, member) = (recorder(Reader::Following), recorder(Reader::Group));
        let (until, and_until) = (Arc::clone(&stopping), Arc::clone(&stopping));
        let threads = vec![
            thread::spawn(move || follow(address, &follower, &until)),
            thread::spawn(move || Member::join(address, member).read(&and_until)),
        ];
        Readers { stopping, threads }
    }

    pub(crate) fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("the reader ended well"));
    }
}

/// Notes what a reader gets.
#[derive(Debug)]
struct Recorder {
    seed: u64,
    reader: Reader,
    history: Arc<History>,
}

impl Recorder {
    fn message(&self, message: &BorrowedMessage<'_>) -> Place {
        let (reader, offset) = (self.reader, message.offset());
        let place = place(message.topic(), message.partition());
        self.history.push(match parse(self.seed, message.payload().unwrap_or_default()) {
            Some(value) => Event::Polled { reader, place, value, offset },
            None => Event::Wrong { reader, what: format!("what is at {place:?} {offset} was never sent") },
        });
        place
    }

    /// A connection that breaks is what this is about; a place that is lost is not.
    fn error(&self, error: &KafkaError) {
        let lost = [RDKafkaErrorCode::AutoOffsetReset, RDKafkaErrorCode::OffsetOutOfRange];
        if error.rdkafka_error_code().is_some_and(|code| lost.contains(&code)) {
            self.history.push(Event::Wrong { reader: self.reader, what: error.to_string() });
        }
    }
}

fn place(topic: &str, partition: i32) -> Place {
    let known = places().into_iter().find(|place| (place.topic, place.partition) == (topic, partition));
    known.expect("a partition that is read")
}

fn assign_all<C: ConsumerContext>(consumer: &BaseConsumer<C>) {
    let mut assignment = TopicPartitionList::new();
    for place in places() {
        let added = assignment.add_partition_offset(place.topic, place.partition, rdkafka::Offset::Offset(0));
        added.expect("an offset");
    }
    consumer.assign(&assignment).expect("it assigns");
}

fn follow(address: SocketAddr, recorder: &Recorder, stopping: &AtomicBool) {
    let consumer: BaseConsumer = client::consumer_config(address).create().expect("a consumer");
    assign_all(&consumer);
    while !stopping.load(Ordering::Relaxed) {
        match consumer.poll(TURN) {
            Some(Ok(message)) => drop(recorder.message(&message)),
            Some(Err(error)) => recorder.error(&error),
            None => {}
        }
    }
}

/// Reads everything from the start, as far as there is something now. Gives the ends.
pub(crate) fn read_to_the_end(
    address: SocketAddr,
    seed: u64,
    history: &Arc<History>,
    number: u32,
) -> BTreeMap<Place, Offset> {
    let recorder = Recorder { seed, reader: Reader::Last(number), history: Arc::clone(history) };
    let consumer: BaseConsumer = client::consumer_config(address).create().expect("a consumer");
    let end = |place: &Place| {
        consumer.fetch_watermarks(place.topic, place.partition, DEADLINE).expect("watermarks").1
    };
    let ends: BTreeMap<Place, Offset> = places().into_iter().map(|place| (place, end(&place))).collect();
    assign_all(&consumer);
    let mut open = ends.clone();
    open.retain(|_, end| *end > 0);
    while !open.is_empty() {
        let polled = consumer.poll(DEADLINE).expect("a message in time");
        let message = polled.unwrap_or_else(|error| panic!("instead of a message: {error}"));
        let place = recorder.message(&message);
        if open.get(&place) == Some(&(message.offset() + 1)) {
            open.remove(&place);
        }
    }
    ends
}

/// Offsets that were read and not committed. Empty again when partitions are assigned anew.
#[derive(Debug, Default)]
struct Position(Mutex<BTreeMap<Place, Offset>>);

impl ClientContext for Position {}

impl ConsumerContext for Position {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, _: &Rebalance<'_>) {
        self.0.lock().expect("nobody panics with the lock held").clear();
    }
}

/// The only member of its group.
struct Member {
    consumer: BaseConsumer<Position>,
    recorder: Recorder,
}

fn group_config(address: SocketAddr) -> rdkafka::ClientConfig {
    let mut config = client::consumer_config(address);
    config
        .set("group.id", GROUP)
        .set("auto.offset.reset", "earliest")
        .set("session.timeout.ms", "10000")
        .set("heartbeat.interval.ms", "200");
    config
}

impl Member {
    fn join(address: SocketAddr, recorder: Recorder) -> Member {
        let consumer: BaseConsumer<Position> =
            group_config(address).create_with_context(Position::default()).expect("a consumer");
        consumer.subscribe(GROUP_TOPICS).expect("it subscribes");
        Member { consumer, recorder }
    }

    fn read(&self, stopping: &AtomicBool) {
        let mut read = 0;
        while !stopping.load(Ordering::Relaxed) {
            match self.consumer.poll(TURN) {
                Some(Ok(message)) => {
                    let place = self.recorder.message(&message);
                    self.position().insert(place, message.offset() + 1);
                    read += 1;
                }
                Some(Err(error)) => self.recorder.error(&error),
                None => {}
            }
            if read >= COMMIT_EVERY {
                self.commit();
                read = 0;
            }
        }
        self.commit();
    }

    fn commit(&self) {
        let position = self.position().clone();
        let mut offsets = TopicPartitionList::new();
        for (place, offset) in &position {
            self.recorder.history.push(Event::CommitSent { place: *place, offset: *offset });
            let added =
                offsets.add_partition_offset(place.topic, place.partition, rdkafka::Offset::Offset(*offset));
            added.expect("an offset");
        }
        if !position.is_empty() && self.consumer.commit(&offsets, CommitMode::Sync).is_ok() {
            for (place, offset) in position {
                self.recorder.history.push(Event::Committed { place, offset });
            }
        }
    }

    fn position(&self) -> std::sync::MutexGuard<'_, BTreeMap<Place, Offset>> {
        self.consumer.context().0.lock().expect("nobody panics with the lock held")
    }
}

/// Asks what the group has committed, as a member that comes new does.
pub(crate) fn read_commits(address: SocketAddr, history: &History) {
    let consumer: BaseConsumer = group_config(address).create().expect("a consumer");
    let mut asked = TopicPartitionList::new();
    let places: Vec<Place> =
        places().into_iter().filter(|place| GROUP_TOPICS.contains(&place.topic)).collect();
    for place in &places {
        asked.add_partition(place.topic, place.partition);
    }
    let told = consumer.committed_offsets(asked, DEADLINE).expect("the coordinator answers");
    for place in places {
        let told = told.find_partition(place.topic, place.partition).expect("it was asked for");
        let offset = if let rdkafka::Offset::Offset(offset) = told.offset() { Some(offset) } else { None };
        history.push(Event::CommitRead { place, offset });
    }
}
