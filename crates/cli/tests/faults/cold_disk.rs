//! A disk that is slow to read: who asks for what is not in memory waits for it, and nobody else does.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::{self, ScopedJoinHandle};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rustix::fs::{Advice, fadvise};
use tempfile::TempDir;

use super::broken_disk::{injected, topic};
use super::client::{DEADLINE, consumer_config, create_topics};
use super::record::{Producer, Record, read_records};
use super::support::ports::quiet_address;
use super::support::server::{Server, serve_at};
use super::support::wait_until;

/// As many as would keep all threads waiting that serve connections.
const READERS: usize = 4;
const WORKERS: &str = "2";
/// A read that waits for the disk takes this long, and what others want must take less.
const DELAY: &str = "delay_enter=4s";
const TIMEOUT_MS: &str = "3000";

/// So much that the batches are sent from the file: they do not pass through the broker's memory.
fn records() -> Vec<Record> {
    (0..60).map(|at| Record::new(&at.to_string(), &format!("{at:02}").repeat(1_000))).collect()
}

/// Lets the segment leave memory once all of it is in the file.
fn drop_from_memory(segment: &Path) {
    let bytes: usize = records().iter().filter_map(|record| record.value.as_ref().map(Vec::len)).sum();
    wait_until("the segment is written", || segment.metadata().is_ok_and(|file| file.len() >= bytes as u64));
    let file = File::open(segment).expect("the segment is there");
    file.sync_all().expect("a disk that works");
    fadvise(&file, 0, None, Advice::DontNeed).expect("the system takes the hint");
}

/// How many reads of the disk were delayed so far.
fn delayed(log: &Path) -> usize {
    std::fs::read_to_string(log).expect("the log of strace").matches("(DELAYED)").count()
}

fn find_by_time(address: SocketAddr, topic: &str) {
    let consumer: BaseConsumer = consumer_config(address).create().expect("a consumer");
    let mut asked = rdkafka::TopicPartitionList::new();
    asked.add_partition_offset(topic, 0, rdkafka::Offset::Offset(0)).expect("a partition");
    let found = consumer.offsets_for_times(asked, DEADLINE).expect("it answers");
    assert_eq!(found.elements()[0].offset(), rdkafka::Offset::Offset(0));
}

#[test]
fn what_must_be_read_from_a_slow_disk_keeps_nobody_waiting_but_who_asked_for_it() {
    let dir = TempDir::new().expect("a temporary directory");
    let (data, log) = (dir.path().join("data"), dir.path().join("strace"));
    let address = quiet_address();
    let mut slow = injected(&serve_at(&data, address.port()), "pread64", DELAY, &log);
    let mut server = Server::start(slow.env("TOKIO_WORKER_THREADS", WORKERS));
    server.wait_for("listening");
    let names: Vec<String> = (0..READERS).map(|at| format!("cold{at}")).collect();
    create_topics(address, &names.iter().map(|name| topic(name)).chain([topic("live")]).collect::<Vec<_>>());
    let producer = Producer::new(address, &[("message.timeout.ms", TIMEOUT_MS)]);
    for name in &names {
        producer.deliver(name, 0, &records());
    }
    for name in &names {
        drop_from_memory(&data.join(format!("{name}-0/00000000000000000000.log")));
    }
    let before = delayed(&log);

    let read = |name: &str| {
        find_by_time(address, name);
        assert_eq!(read_records(address, name), records(), "{name}");
    };
    thread::scope(|scope| {
        let readers: Vec<_> = names.iter().map(|name| scope.spawn(|| read(name))).collect();
        while !readers.iter().all(ScopedJoinHandle::is_finished) {
            producer.deliver("live", 0, &[Record::new("key", "value")]);
        }
    });
    assert!(delayed(&log) >= before + READERS, "nothing was read from the disk");
    server.signal_child(rustix::process::Signal::TERM);
    server.ended();
}
