//! `kafka-console-producer` of sarama: one record.

use std::io::{self, Read as _, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::time::Duration;

use anyhow::Result;
use ottla_client::producer::ProducerRecord;

use super::connection::{CLIENT_CERTIFICATE, CLIENT_KEY, SKIP_VERIFY, TLS_ENABLED, properties};
use super::flags::{Flag, FlagSet, Flags};
use super::report::write_metrics;
use super::told::Ended;
use super::which::PEERS;
use crate::applets::connection::Properties;
use crate::clock;
use crate::exit::Outcome;
use crate::remote::{block_on, connect_producer_with};

pub(super) static FLAGS: FlagSet = FlagSet {
    program: "kafka-console-producer",
    brokers_variable: Some(PEERS),
    flags: &[
        Flag::text(
            "brokers",
            "",
            "The comma separated list of brokers in the Kafka cluster. You can also set the KAFKA_PEERS environment variable",
        ),
        Flag::text("headers", "", "The headers of the message to produce. Example: -headers=foo:bar,bar:foo"),
        Flag::text("key", "", "The key of the message to produce. Can be empty."),
        Flag::switch("metrics", "Output metrics on successful publish to stderr"),
        Flag::int("partition", "-1", "The partition to produce to."),
        Flag::text("partitioner", "", "The partitioning scheme to use. Can be `hash`, `manual`, or `random`"),
        Flag::switch("silent", "Turn off printing the message's topic, partition, and offset to stdout"),
        CLIENT_CERTIFICATE,
        CLIENT_KEY,
        TLS_ENABLED,
        SKIP_VERIFY,
        Flag::text("topic", "", "REQUIRED: the topic to produce to"),
        Flag::text(
            "value",
            "",
            "REQUIRED: the value of the message to produce. You can also provide the value on stdin.",
        ),
        Flag::switch("verbose", "Turn on sarama logging to stderr"),
    ],
};

/// How long closing may take.
const FAREWELL: Duration = Duration::from_secs(10);

/// The largest record, as sarama counts.
const SIZE_MAX: usize = 1_000_000;

/// In the order in which the tool complains.
pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let flags = FLAGS.parse(args)?;
    if flags.text("brokers").is_empty() {
        let reason = "no -brokers specified. Alternatively, set the KAFKA_PEERS environment variable";
        return Err(flags.misuse(reason).into());
    }
    if flags.text("topic").is_empty() {
        return Err(flags.misuse("no -topic specified").into());
    }
    let mut properties = properties(&flags)?;
    set_options(&mut properties, partitioner(&flags)?);
    let record = record(&flags)?;
    block_on(Box::pin(send(&flags, &properties, record, out)))
}

/// What is a matter of course to sarama and not to our library.
fn set_options(properties: &mut Properties, partitioner: &str) {
    properties.set("partitioner.class", partitioner);
    properties.set("acks", "all");
    properties.set("enable.idempotence", "false");
    properties.set("retries", "3");
    properties.set("linger.ms", "0");
}

async fn send(
    flags: &Flags,
    properties: &Properties,
    record: ProducerRecord,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let connected = connect_producer_with(properties.all()).await;
    let (remote, config) =
        connected.map_err(|error| Ended::because("Failed to open Kafka producer", &error))?;
    let producer = remote.client.producer(config)?;
    let began = clock::now();
    check_size(&record)
        .map_err(|reason| Ended::unavailable(format!("Failed to produce message: {reason}")))?;
    let sent = producer.send_and_wait(record).await;
    let written = sent.map_err(|error| Ended::because("Failed to produce message", &error.into()))?;
    if !flags.has("silent") {
        let (topic, partition) = (&written.topic_partition.topic, written.topic_partition.partition);
        writeln!(out, "topic={topic}\tpartition={partition}\toffset={}", written.offset.unwrap_or(-1))?;
    }
    if flags.has("metrics") {
        write_metrics(&mut io::stderr(), &remote.client.metrics(), clock::now() - began)?;
    }
    producer.close(FAREWELL).await?;
    Ok(Outcome::Success)
}

fn partitioner(flags: &Flags) -> Result<&'static str, Ended> {
    match flags.text("partitioner").as_str() {
        "" if flags.int("partition") >= 0 => Ok("sarama.Manual"),
        "" | "hash" => Ok("sarama.Hash"),
        "random" => Ok("sarama.Random"),
        "manual" if flags.int("partition") == -1 => {
            Err(flags.misuse("-partition is required when partitioning manually"))
        }
        "manual" => Ok("sarama.Manual"),
        other => Err(flags.misuse(&format!("Partitioner {other} not supported."))),
    }
}

fn record(flags: &Flags) -> Result<ProducerRecord, Ended> {
    let mut record = ProducerRecord::new(flags.text("topic"));
    if partitioner(flags)? == "sarama.Manual" {
        record.partition = Some(i32::try_from(flags.int("partition")).unwrap_or(i32::MAX));
    }
    let key = flags.text("key");
    if !key.is_empty() {
        record = record.key(key);
    }
    let value = value(flags)?;
    record = record.value(value);
    let headers = flags.text("headers");
    for header in headers.split(',').filter(|_| !headers.is_empty()) {
        record = match header.split(':').collect::<Vec<_>>()[..] {
            [name, value] => record.header(name.to_owned(), value.to_owned()),
            _ => {
                return Err(flags.misuse("-header should be key:value. Example: -headers=foo:bar,bar:foo"));
            }
        };
    }
    Ok(record)
}

fn value(flags: &Flags) -> Result<Vec<u8>, Ended> {
    let given = flags.text("value");
    if !given.is_empty() {
        return Ok(given.into_bytes());
    }
    if !is_input_available() {
        return Err(flags.misuse("-value is required, or you have to provide the value on stdin"));
    }
    let mut value = Vec::new();
    io::stdin().lock().read_to_end(&mut value).map_err(|error| Ended::no_input(&error))?;
    Ok(value)
}

/// Neither a terminal nor `/dev/null`.
fn is_input_available() -> bool {
    let input = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let metadata = input.and_then(|input| input.metadata());
    metadata.is_ok_and(|metadata| !metadata.file_type().is_char_device())
}

/// sarama counts what the longest numbers would take.
fn check_size(record: &ProducerRecord) -> Result<(), String> {
    const OVERHEAD: usize = 36;
    const HEADER_OVERHEAD: usize = 10;
    let length = |bytes: &Option<bytes::Bytes>| bytes.as_ref().map_or(0, bytes::Bytes::len);
    let headers = record.headers.iter().map(|it| HEADER_OVERHEAD + it.key.len() + length(&it.value));
    let size = OVERHEAD + length(&record.key) + length(&record.value) + headers.sum::<usize>();
    if size <= SIZE_MAX { Ok(()) } else { Err(too_large(size, SIZE_MAX)) }
}

/// What sarama says of a record that it does not send.
pub(super) fn too_large(size: usize, max: usize) -> String {
    format!(
        "kafka: invalid configuration (Attempt to produce message larger than configured \
         Producer.MaxMessageBytes: {size} > {max})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_record_is_what_sarama_takes_it_for() {
        let record =
            |value: usize| ProducerRecord::new("t").key("key").value(vec![0; value]).header("h", "v");
        let largest = SIZE_MAX - 36 - 3 - 12;
        assert_eq!(check_size(&record(largest)), Ok(()));
        let refused = check_size(&record(largest + 1)).expect_err("it is too large");
        assert!(refused.ends_with("Producer.MaxMessageBytes: 1000001 > 1000000)"), "{refused}");
    }
}
