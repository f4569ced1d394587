//! Single attacks that only time, or a limit, puts an end to.

use std::io::{Read as _, Write as _};
use std::iter::repeat_n;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ottla_wire::ApiKey;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::FRAME_MAX;
use super::besiegers::{Acts, Besiegers};
use super::bystanders::Bystanders;
use super::client;
use super::record::{Producer, Record};
use super::requests::{committed_offsets, repeated};
use super::support::wait_until;
use super::victim::{Victim, ask};

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

/// Answered as often as it is asked for, the first would take three gigabytes.
#[test]
fn what_is_asked_for_many_times_in_one_request_is_answered_once() {
    const TIMES: u32 = 100_000;
    const ANSWER_MAX: usize = 64 << 10;
    let victim = Victim::start(&[]);
    let ask = |frame: &[u8]| {
        let answer = ask(victim.address(), frame);
        assert!(answer.len() < ANSWER_MAX, "{} bytes", answer.len());
    };
    let broker = [&[4, 0, 1, b'0'][..], &[0xff; 4]].concat();
    ask(&repeated(ApiKey::DescribeConfigs, 1, TIMES, &broker, &[1]));
    let name = [&[0, 12][..], b"asked.for.it"].concat();
    ask(&repeated(ApiKey::DescribeGroups, 0, TIMES, &name, &[]));
    ask(&repeated(ApiKey::Metadata, 1, TIMES, &name, &[]));
    victim.stop();
}

/// Thirty million topics without a name, which would take a gigabyte when they are decoded.
#[test]
fn a_request_that_would_take_much_more_memory_than_its_bytes_is_refused() {
    const MEMORY_MAX: usize = 256 << 20;
    let victim = Victim::start(&[]);
    let frame = repeated(ApiKey::Metadata, 1, 30_000_000, &[0, 0], &[]);
    let mut stream = TcpStream::connect(victim.address()).expect("it listens");
    stream.write_all(&frame).expect("it reads");
    assert!(!matches!(stream.read(&mut [0]), Ok(1..)), "it is not answered");
    let memory = victim.memory_peak();
    assert!(memory < MEMORY_MAX, "{memory} bytes");
    victim.is_ready();
    victim.stop();
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
