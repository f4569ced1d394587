//! What our library writes Java's clients and sarama read, and the reverse, in every codec: keys, values, headers and timestamps, to
//! the byte. Wants Java, Go and Apache Kafka's jars in the conformance kit, whose folder `OTTLA_CONFORMANCE` names, so it is run by name.
//!
//! Each of the two is a program that writes the records which stand on its standard input, a line each, and prints those that it
//! reads in the same way: see [`Record::line`].
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "../support/client.rs"]
mod client;
#[path = "../support/codecs.rs"]
mod codecs;
#[path = "../support/node.rs"]
mod node;
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ottla_client::TopicPartition;
use ottla_client::blocking::Client;
use ottla_client::config::{ClientConfig, Compression, ConsumerConfig, ProducerConfig};
use ottla_client::consumer::StartAt;
use tempfile::TempDir;

use codecs::CODECS;
use node::Node;
use record::{Record, records};

/// Nothing takes longer, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs a program to its end; what it prints.
fn run(mut command: Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The program with Java's clients, which Java compiles as it starts.
fn java() -> Command {
    let kit = env::var_os("OTTLA_CONFORMANCE").expect("OTTLA_CONFORMANCE names the kit's folder");
    let mut asking = Command::new(Path::new(&kit).join("kafka/kafka"));
    asking.arg("libs");
    let libs = run(asking, "");
    let mut command = Command::new("java");
    command.args(["-cp", &format!("{}/*", libs.trim())]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchange/Exchange.java"));
    command
}

/// The program with sarama.
fn sarama(built: &Path) -> Command {
    let program = built.join("sarama");
    let mut go = Command::new("go");
    go.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchange/sarama"));
    go.args(["build", "-o"]).arg(&program);
    run(go, "");
    Command::new(program)
}

fn written(address: SocketAddr, topic: &str, compression: Compression) {
    let client = Client::connect(ClientConfig::new(&address.to_string())).unwrap();
    let options = ProducerConfig::default().compression_type(compression).linger(Duration::from_millis(50));
    let producer = client.producer(options).unwrap();
    for written in producer.send_all(records().iter().map(|record| record.for_topic(topic))) {
        written.unwrap();
    }
}

fn read(address: SocketAddr, topic: &str) -> Vec<Record> {
    let client = Client::connect(ClientConfig::new(&address.to_string())).unwrap();
    let consumer = client.consumer(ConsumerConfig::default()).unwrap();
    consumer.assign([(TopicPartition::new(topic, 0), StartAt::Earliest)]).unwrap();
    let mut found = Vec::new();
    while found.len() < records().len() {
        let read = consumer.poll(DEADLINE).unwrap();
        assert!(!read.is_empty(), "{topic}: not all came: {found:?}");
        found.extend(read.iter().map(Record::of));
    }
    found
}

/// `program write ADDRESS TOPIC CODEC` and `program read ADDRESS TOPIC COUNT`.
fn check(name: &str, program: impl Fn() -> Command) {
    let node = Node::start();
    let address = node.address;
    let call = |verb: &str, topic: &str, argument: &str, input: &str| {
        let mut command = program();
        command.args([verb, &address.to_string(), topic, argument]);
        run(command, input)
    };
    let lines = records().iter().map(|record| record.line() + "\n").collect::<String>();
    let count = records().len().to_string();
    for (codec, compression) in CODECS {
        let (ours, theirs) = (format!("ours-{codec}"), format!("theirs-{codec}"));
        client::create_topics(address, &[client::topic(&ours, 1), client::topic(&theirs, 1)]);
        written(address, &ours, compression);
        assert_eq!(call("read", &ours, &count, ""), lines, "{name} reads {codec}");
        call("write", &theirs, codec, &lines);
        assert_eq!(read(address, &theirs), records(), "{name} writes {codec}");
    }
}

#[test]
fn java_and_our_library_read_each_others_records() {
    check("Java", java);
}

#[test]
fn sarama_and_our_library_read_each_others_records() {
    let built = TempDir::new().unwrap();
    check("sarama", || sarama(built.path()));
}
