//! What our library writes kcat reads, and the reverse, in every codec; and kcat beside what `ottla` is by that name. Wants kcat, so it is run by name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "what was compared is shown when a test fails")]

mod comparison;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/codecs.rs"]
mod codecs;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use ottla_client::TopicPartition;
use ottla_client::blocking::Client;
use ottla_client::config::{ClientConfig, ConsumerConfig, ProducerConfig};
use ottla_client::consumer::StartAt;
use ottla_client::producer::ProducerRecord;
use serde_json::{Value, json};

use crate::codecs::CODECS;
use crate::node::Node;

/// Nothing takes longer, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);

const RECORDS: i64 = 50;

fn kcat(address: SocketAddr, args: &[&str], input: &str) -> String {
    let mut child = Command::new("kcat")
        .args(["-b", &address.to_string()])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("kcat is installed");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("kcat reads");
    drop(stdin);
    let output = child.wait_with_output().expect("kcat ends");
    assert!(output.status.success(), "kcat {args:?}");
    String::from_utf8(output.stdout).expect("kcat prints text")
}

fn value(number: i64) -> String {
    format!("value {number} ").repeat(20)
}

#[test]
fn kcat_reads_what_we_write() {
    let node = Node::start();
    for (codec, compression) in CODECS {
        client::create_topics(node.address, &[client::topic(codec, 1)]);
        let client = Client::connect(ClientConfig::new(&node.address.to_string())).expect("it answers");
        let producer =
            client.producer(ProducerConfig::default().compression_type(compression)).expect("a producer");
        let record = |number: i64| {
            let record = ProducerRecord::new(codec).timestamp(1_000 + number).value(value(number));
            record.key(format!("key {number}")).header("h", "1").header("h", "2")
        };
        for written in producer.send_all((0..RECORDS).map(record)) {
            written.expect("it is written");
        }
        producer.close(DEADLINE).expect("it closes");
        let read = kcat(node.address, &["-C", "-t", codec, "-e", "-q", "-J"], "");
        let read: Vec<Value> = read.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(read.len(), 50, "{codec}");
        for (found, number) in read.iter().zip(0..) {
            assert_eq!(
                [&found["offset"], &found["ts"], &found["key"], &found["payload"], &found["headers"]],
                [
                    &json!(number),
                    &json!(1_000 + number),
                    &json!(format!("key {number}")),
                    &json!(value(number)),
                    &json!(["h", "1", "h", "2"])
                ],
                "{codec}"
            );
        }
    }
}

#[test]
fn we_read_what_kcat_writes() {
    let node = Node::start();
    for (codec, _) in CODECS {
        client::create_topics(node.address, &[client::topic(codec, 1)]);
        let lines: String = (0..RECORDS).map(|number| format!("key {number}|{}\n", value(number))).collect();
        let args = ["-P", "-t", codec, "-p", "0", "-K", "|", "-z", codec, "-H", "h=1", "-H", "h=2"];
        kcat(node.address, &args, &lines);
        let client = Client::connect(ClientConfig::new(&node.address.to_string())).expect("it answers");
        let consumer = client.consumer(ConsumerConfig::default()).expect("a consumer");
        consumer.assign([(TopicPartition::new(codec, 0), StartAt::Earliest)]).expect("it is assigned");
        for number in 0..RECORDS {
            let record = consumer.recv().expect("a record");
            assert_eq!((record.offset, record.timestamp > 1_000_000_000_000), (number, true));
            assert_eq!(record.key.as_deref(), Some(format!("key {number}").as_bytes()), "{codec}");
            assert_eq!(record.value.as_deref(), Some(value(number).as_bytes()), "{codec}");
            let headers: Vec<_> = record.headers.iter().map(|header| (header.key, header.value)).collect();
            assert_eq!(headers, [("h".into(), Some("1".into())), ("h".into(), Some("2".into()))], "{codec}");
        }
        consumer.close();
    }
}
