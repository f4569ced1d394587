//! Single attacks that only time, or a limit, puts an end to.

use std::io::Write as _;
use std::iter::repeat_n;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::FRAME_MAX;
use super::besiegers::{Acts, Besiegers};
use super::bystanders::Bystanders;
use super::client;
use super::record::{Producer, Record};
use super::requests::committed_offsets;
use super::support::wait_until;
use super::victim::Victim;

/// A frame is announced as large as may be, and a byte of it comes now and then.
#[test]
fn a_request_that_does_not_come_is_not_waited_for() {
    let victim = Victim::start(&["connections.max.idle.ms=500"]);
    let slow = [&FRAME_MAX.to_be_bytes()[..], &[0; 10_000]].concat();
    let mut stream = TcpStream::connect(victim.address()).expect("it listens");
    let mut sent = 0;
    wait_until("the connection is closed", || {
        sent += 1;
        stream.write_all(&slow[sent - 1..sent]).is_err()
    });
    victim.stop();
}

/// Announced together they are many times the memory that requests may take, and stay within it.
#[test]
fn requests_that_are_announced_keep_no_memory_from_those_that_come() {
    const ANNOUNCERS: usize = 40;
    let victim = Victim::start(&["queued.max.request.bytes=104857600"]);
    client::create_topics(victim.address(), &[client::topic("large", 1)]);
    let mut begun = FRAME_MAX.to_be_bytes().to_vec();
    begun.resize(200 << 10, 0);
    let besiegers = Besiegers::start(victim.address(), repeat_n(Acts::Stops(begun), ANNOUNCERS));
    let producer = Producer::new(victim.address(), &[("message.timeout.ms", "30000")]);
    let large = Record::new("large", &"x".repeat(900_000));
    assert_eq!(producer.deliver("large", 0, &vec![large; 40]).len(), 40);
    victim.stop();
    besiegers.go();
}

/// Each asks for answers of more than a megabyte. All of them together would take twice the memory that is allowed here.
#[test]
fn clients_that_never_read_take_no_more_memory_than_answers_may() {
    const NEVER_READING: usize = 200;
    const MEMORY_MAX: usize = 128 << 20;
    /// Then a client is known, and others that come cannot crowd it out.
    const KNOWN_AFTER: Duration = Duration::from_secs(11);
    let settings = ["ottla.unsent.response.bytes=8388608", "socket.send.buffer.bytes=65536"];
    let victim = Victim::start(&settings);
    commit_much(victim.address());
    let bystanders = Bystanders::start(victim.address());
    bystanders.stay_for(KNOWN_AFTER);
    let asks = committed_offsets("much");
    let besiegers = Besiegers::start(victim.address(), repeat_n(Acts::NeverReads(asks), NEVER_READING));
    wait_until("some were thrown out", || besiegers.thrown_out() > NEVER_READING / 2);
    let acknowledged = bystanders.finish();
    eprintln!("{acknowledged} records of others acknowledged and read");
    let memory = victim.memory_peak();
    eprintln!("at most {} MiB of memory", memory >> 20);
    assert!(memory < MEMORY_MAX, "{memory} bytes");
    victim.is_ready();
    // It ends although there are answers that nobody reads.
    victim.stop();
    besiegers.go();
}

/// Offsets with as much metadata as each may have.
fn commit_much(address: SocketAddr) {
    const PARTITIONS: i32 = 400;
    client::create_topics(address, &[client::topic("much", PARTITIONS)]);
    let mut config = client::consumer_config(address);
    let member: BaseConsumer = config.set("group.id", "much").create().expect("a consumer");
    for first in (0..PARTITIONS).step_by(100) {
        let mut offsets = TopicPartitionList::new();
        for partition in first..first + 100 {
            let mut offset = offsets.add_partition("much", partition);
            offset.set_offset(Offset::Offset(1)).expect("an offset");
            offset.set_metadata("x".repeat(4_000));
        }
        member.commit(&offsets, CommitMode::Sync).expect("it commits");
    }
}
