//! A disk that fills up: produce is refused for as long as it lasts, the rest goes on, nothing is lost.

use std::net::SocketAddr;
use std::thread;

use rdkafka::admin::NewTopic;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::Signal;

use super::client::{self, DEADLINE, admin, admin_options, block_on, create_topics};
use super::record::{Producer, Record, read_records};
use super::small_disk::SmallDisk;
use super::support::ports::quiet_address;
use super::support::server::{Server, serve_at};
use super::support::wait_until;

const MIB: u64 = 1 << 20;
const DISK: u64 = 96 * MIB;
/// Of a disk of this size a twentieth is the reserve: less than that is left.
const NEARLY_FULL: u64 = 2 * MIB;

/// So that little is needed of everything.
const SMALL: &[&str] = &[
    "ottla.journal.file.bytes=4194304",
    "log.segment.delete.delay.ms=100",
    "log.flush.offset.checkpoint.interval.ms=100",
    "offsets.topic.num.partitions=2",
    "group.initial.rebalance.delay.ms=0",
];

struct Node {
    disk: SmallDisk,
    address: SocketAddr,
    settings: &'static [&'static str],
    server: Server,
}

impl Node {
    fn start(settings: &'static [&'static str]) -> Node {
        Node::start_on(DISK, settings)
    }

    fn start_on(bytes: u64, settings: &'static [&'static str]) -> Node {
        let disk = SmallDisk::mount(bytes);
        let address = quiet_address();
        let server = serve(&disk, address, settings);
        Node { disk, address, settings, server }
    }

    fn kill_and_restart(&mut self) {
        self.kill_and_restart_after(|_| {});
    }

    fn kill_and_restart_after(&mut self, act: impl FnOnce(&SmallDisk)) {
        self.server.signal(Signal::KILL);
        self.server.ended();
        act(&self.disk);
        self.server = serve(&self.disk, self.address, self.settings);
    }
}

fn serve(disk: &SmallDisk, address: SocketAddr, settings: &[&str]) -> Server {
    let mut command = serve_at(&disk.path().join("data"), address.port());
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    let mut server = Server::start(&mut disk.enter(&command));
    server.wait_for("listening");
    server
}

fn topic(name: &str) -> NewTopic<'_> {
    client::topic(name, 1)
}

/// A producer that tells at once what the broker answers.
fn impatient(address: SocketAddr) -> Producer {
    Producer::new(address, &[("message.send.max.retries", "0"), ("message.timeout.ms", "5000")])
}

/// Records of a kilobyte that cannot be compressed away.
fn large(count: usize) -> Vec<Record> {
    (0..count).map(|at| Record::new(&at.to_string(), &format!("{at:08}").repeat(128))).collect()
}

fn commit(address: SocketAddr, topic: &str, offset: i64) {
    let mut config = client::consumer_config(address);
    let member: BaseConsumer = config.set("group.id", "g").create().expect("a consumer");
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("an offset");
    member.commit(&offsets, CommitMode::Sync).expect("it commits");
    let told = member.committed_offsets(offsets, DEADLINE).expect("it answers");
    assert_eq!(told.elements()[0].offset(), Offset::Offset(offset));
}

#[test]
fn a_nearly_full_disk_refuses_produce_and_lets_the_rest_go_on() {
    let node = Node::start(SMALL);
    let address = node.address;
    create_topics(
        address,
        &[topic("kept"), topic("page-cache").set("ottla.durability", "os"), topic("large")],
    );
    let records = Record::several(100);
    let patient = Producer::new(address, &[("enable.idempotence", "true")]);
    patient.deliver("kept", 0, &records);
    patient.deliver("large", 0, &large(16_000));

    node.disk.fill(NEARLY_FULL);
    let impatient = impatient(address);
    for topic in ["large", "page-cache"] {
        wait_until("produce is refused", || {
            let refused = impatient.send(topic, 0, &records[..1]).remove(0).err();
            refused == Some(KafkaError::MessageProduction(RDKafkaErrorCode::KafkaStorageError))
        });
    }
    let more = records.clone();
    let waiting = thread::spawn(move || patient.deliver("kept", 0, &more));
    assert_eq!(read_records(address, "kept"), records);
    commit(address, "kept", 7);
    create_topics(address, &[topic("made-without-space").set("retention.ms", "1000")]);
    assert!(!waiting.is_finished(), "nothing is accepted");

    let deleted = block_on(admin(address).delete_topics(&["large"], &admin_options())).expect("it answers");
    assert_eq!(deleted, [Ok("large".to_owned())]);
    assert!(waiting.join().expect("it is delivered at last").into_iter().eq(100..200));
    assert_eq!(read_records(address, "kept"), [&records[..], &records].concat());
    let ended = node.server.stop(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("nearly full") && ended.stderr.contains("has space again"),
        "{}",
        ended.stderr
    );
}

/// Sends until something is refused, and gives what was acknowledged.
fn send_until_refused(address: SocketAddr, topic: &str) -> Vec<Record> {
    let producer = impatient(address);
    let mut acknowledged = Vec::new();
    loop {
        let records = large(100);
        let outcomes = producer.send(topic, 0, &records);
        let is_refused = outcomes.iter().any(Result::is_err);
        let accepted = records.into_iter().zip(outcomes).filter(|(_, outcome)| outcome.is_ok());
        acknowledged.extend(accepted.map(|(record, _)| record));
        if is_refused {
            return acknowledged;
        }
    }
}

#[test]
fn a_disk_that_is_full_at_once_and_wholly_loses_nothing() {
    let mut node = Node::start(SMALL);
    let address = node.address;
    create_topics(address, &[topic("journal"), topic("page-cache").set("ottla.durability", "os")]);
    let senders =
        ["journal", "page-cache"].map(|topic| thread::spawn(move || send_until_refused(address, topic)));
    let consumer: BaseConsumer = client::consumer_config(address).create().expect("a consumer");
    wait_until("both are under load", || {
        ["journal", "page-cache"].iter().all(|topic| client::watermarks(&consumer, topic)[&0].1 > 0)
    });
    node.disk.fill(0);
    let acknowledged = senders.map(|sender| sender.join().expect("it is refused at last"));
    assert!(node.server.is_running(), "{:?}", node.server.ended());

    node.disk.free();
    for topic in ["journal", "page-cache"] {
        let producer = impatient(address);
        let last = Record::new("last", "");
        wait_until("produce is accepted", || producer.send(topic, 0, std::slice::from_ref(&last))[0].is_ok());
    }
    for _ in 0..2 {
        for (topic, acknowledged) in ["journal", "page-cache"].into_iter().zip(&acknowledged) {
            assert!(is_within(acknowledged, &read_records(address, topic)), "of {topic} something is lost");
        }
        node.kill_and_restart();
    }
}

/// Whether all of these were read, in their order.
fn is_within(acknowledged: &[Record], read: &[Record]) -> bool {
    let mut read = read.iter();
    acknowledged.iter().all(|record| read.any(|found| found == record))
}

#[test]
fn a_disk_that_producers_fill_refuses_them_and_is_of_use_again_after_a_deletion() {
    let mut node = Node::start_on(40 * MIB, &["log.segment.delete.delay.ms=100"]);
    let address = node.address;
    create_topics(address, &[topic("kept"), topic("large")]);
    let records = Record::several(100);
    impatient(address).deliver("kept", 0, &records);
    let acknowledged = send_until_refused(address, "large");
    assert!(node.server.is_running(), "{:?}", node.server.ended());
    assert!(is_within(&acknowledged, &read_records(address, "large")), "something is lost");

    node.kill_and_restart();
    assert!(is_within(&acknowledged, &read_records(address, "large")), "something is lost");
    let deleted = block_on(admin(address).delete_topics(&["large"], &admin_options())).expect("it answers");
    assert_eq!(deleted, [Ok("large".to_owned())]);
    let producer = impatient(address);
    wait_until("produce is accepted", || producer.send("kept", 0, &records[..1])[0].is_ok());
    assert_eq!(read_records(address, "kept")[..100], records);
}

/// The batch has its place before the write fails; that is no reason to acknowledge it the second time. Without a reserve
/// nothing but the write itself tells that the disk is full.
#[test]
fn a_batch_that_could_not_be_written_is_not_acknowledged_when_it_is_sent_again() {
    let mut node = Node::start(&["ottla.journal.file.bytes=4194304", "ottla.disk.reserve.bytes=0"]);
    let address = node.address;
    create_topics(address, &[topic("t").set("ottla.durability", "os")]);
    let settings = [("enable.idempotence", "true"), ("message.timeout.ms", "2000")];
    let producer = Producer::new(address, &settings);
    producer.deliver("t", 0, &large(100));
    node.disk.fill(0);
    // Whatever room its last page has left, it is not for that much.
    let outcomes = producer.send("t", 0, &large(100));
    let acknowledged = 100 + outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(node.server.is_running() && acknowledged < 200, "{acknowledged}");
    node.kill_and_restart_after(SmallDisk::free);
    let read = read_records(address, "t").len();
    assert!(read >= acknowledged, "{read} are there of {acknowledged} that were acknowledged");
}
