//! Honest clients, to which nothing must happen: two producers, one of them idempotent, and a member of a group.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{ClientContext, Message as _, consumer::ConsumerContext};

use super::client::{self, TURN};
use super::record::{Producer, Record, read_records};

const TOPIC: &str = "bystanders";
/// Of each producer, whose partition is its number. None may be sent twice for the first time to fail.
const PRODUCERS: [&[(&str, &str)]; 2] = [
    &[("enable.idempotence", "true")],
    &[
        ("enable.idempotence", "false"),
        ("max.in.flight.requests.per.connection", "1"),
        ("message.send.max.retries", "0"),
    ],
];
const RECORDS_OF_A_TURN: usize = 20;
/// Between two turns: they are to be served all the time, not to be a load.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct Bystanders {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    /// Each gives the records that it has had acknowledged, in order.
    producers: Vec<JoinHandle<Vec<Record>>>,
    member: Member,
}

impl Bystanders {
    pub(crate) fn start(address: SocketAddr) -> Bystanders {
        let partitions = i32::try_from(PRODUCERS.len()).expect("small");
        client::create_topics(address, &[client::topic(TOPIC, partitions)]);
        let stopping = Arc::new(AtomicBool::new(false));
        let producers = (0..partitions).zip(PRODUCERS).map(|(partition, settings)| {
            let producer = Producer::new(address, settings);
            let stopping = Arc::clone(&stopping);
            thread::spawn(move || produce(&producer, partition, &stopping))
        });
        let producers = producers.collect();
        Bystanders { address, stopping, producers, member: Member::start(address) }
    }

    /// Lets them go on for a time.
    pub(crate) fn stay_for(&self, time: Duration) {
        pause(time);
    }

    /// Lets them come to their end, compares what was acknowledged with what is read, and counts it.
    pub(crate) fn finish(self) -> usize {
        self.stopping.store(true, Ordering::Relaxed);
        let produced =
            self.producers.into_iter().map(|producer| producer.join().expect("it was served well"));
        let produced: Vec<Vec<Record>> = produced.collect();
        let read = self.member.finish(&produced);
        assert!(read == produced, "the member of the group has read something else");
        let mut count = 0;
        let kept = read_records(self.address, TOPIC);
        for records in &produced {
            assert!(
                kept.iter().filter(|one| one.key == records[0].key).eq(records),
                "something else is kept"
            );
            count += records.len();
        }
        assert_eq!(kept.len(), count);
        count
    }
}

fn pause(time: Duration) {
    let (_never, told) = mpsc::channel::<()>();
    // Nobody sends: it times out.
    let _timeout = told.recv_timeout(time);
}

fn produce(producer: &Producer, partition: i32, stopping: &AtomicBool) -> Vec<Record> {
    let mut produced: Vec<Record> = Vec::new();
    while !stopping.load(Ordering::Relaxed) {
        let turn = (0..RECORDS_OF_A_TURN).map(|at| {
            let number = produced.len() + at;
            // Some are so large that their requests take memory that others want, too.
            let times = if number % 500 == 50 { 10_000 } else { number % 40 + 1 };
            Record::new(&partition.to_string(), &format!("value {number} ").repeat(times))
        });
        let turn: Vec<Record> = turn.collect();
        let first = i64::try_from(produced.len()).expect("small");
        let offsets = producer.deliver(TOPIC, partition, &turn);
        assert!(offsets.into_iter().eq((first..).take(turn.len())), "not in order");
        produced.extend(turn);
        pause(PAUSE);
    }
    produced
}

/// Reads along, and commits.
struct Member {
    ends: mpsc::SyncSender<Vec<usize>>,
    thread: JoinHandle<Vec<Vec<Record>>>,
}

/// Complains of everything that a client is told of.
struct Touchy;

impl ClientContext for Touchy {
    fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
        panic!("the consumer noticed: {error}: {reason}");
    }
}

impl ConsumerContext for Touchy {}

impl Member {
    fn start(address: SocketAddr) -> Member {
        let mut config = client::consumer_config(address);
        config.set("group.id", "bystanders").set("auto.offset.reset", "earliest");
        let consumer: BaseConsumer<Touchy> = config.create_with_context(Touchy).expect("a consumer");
        consumer.subscribe(&[TOPIC]).expect("it subscribes");
        let (ends, told) = mpsc::sync_channel(1);
        let thread = thread::spawn(move || read(&consumer, &told));
        Member { ends, thread }
    }

    /// What it has read of each partition when it has read so many.
    fn finish(self, produced: &[Vec<Record>]) -> Vec<Vec<Record>> {
        let ends = produced.iter().map(Vec::len).collect();
        self.ends.send(ends).expect("it waits for it");
        self.thread.join().expect("it was served well")
    }
}

fn read(consumer: &BaseConsumer<Touchy>, told: &mpsc::Receiver<Vec<usize>>) -> Vec<Vec<Record>> {
    let mut read = vec![Vec::new(); PRODUCERS.len()];
    let mut ends = None;
    loop {
        ends = ends.or_else(|| told.try_recv().ok());
        if ends.as_ref().is_some_and(|ends| read.iter().map(Vec::len).eq(ends.iter().copied())) {
            return read;
        }
        let Some(message) = consumer.poll(TURN) else { continue };
        let message = message.expect("a message").detach();
        let partition = usize::try_from(message.partition()).expect("a partition");
        read[partition].push(Record::of(&message));
        if message.offset() % 100 == 99 {
            consumer.commit_consumer_state(CommitMode::Sync).expect("it commits");
        }
    }
}
