//! `kafka-e2e-latency`.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use ottla_client::admin::{Admin, NewTopic, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::partitioner::{RandomSource as _, SplitMix64};
use ottla_client::producer::{Producer, ProducerRecord};
use tokio::signal::ctrl_c;

use super::{as_f64, fixed, whole_ms};
use crate::applets::connection::Properties;
use crate::applets::deserializer::java_double;
use crate::applets::ending::{Interrupted, Misuse};
use crate::applets::options::{Opt, Options, Syntax};
use crate::clock;
use crate::commands::offsets_of::offsets_of;
use crate::commands::partitions_of::partitions_of;
use crate::exit::Outcome;
use crate::remote::{Remote, block_on, connect_consumer_with, connect_producer_with};

static SYNTAX: Syntax = Syntax {
    about: "This tool measures end-to-end latency in Kafka by sending messages and timing their reception.",
    options: &[
        Opt::value("bootstrap-server", "bootstrap-server", "REQUIRED: The server(s) to connect to."),
        Opt::value("topic", "topic-name", "REQUIRED: The topic to use for the test."),
        Opt::value("num-records", "count", "REQUIRED: The number of messages to send."),
        Opt::value("producer-acks", "producer-acks", "REQUIRED: Producer acknowledgements: '1' or 'all'."),
        Opt::value("record-size", "bytes", "REQUIRED: The size of each message payload in bytes."),
        Opt::optional("record-key-size", "bytes", "The size of the message key (default: 0)."),
        Opt::optional("record-header-key-size", "bytes", "The size of the key of a header (default: 0)."),
        Opt::optional("record-header-size", "bytes", "The size of the value of a header; -1 is null."),
        Opt::optional("num-headers", "count", "The number of headers of each message (default: 0)."),
        Opt::optional("command-config", "config-file", "Options of producer, consumer and admin client."),
    ],
};

const REQUIRED: [&str; 5] = ["bootstrap-server", "topic", "num-records", "producer-acks", "record-size"];

/// What the options stand for that were given by their places alone, before Kafka 4.2.
const BY_PLACE: [&str; 6] =
    ["bootstrap-server", "topic", "num-records", "producer-acks", "record-size", "command-config"];

/// How long a record may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the last records may take.
const FAREWELL: Duration = Duration::from_secs(30);

/// The topic that is made, if there is none.
const PARTITIONS: i32 = 1;
const REPLICATION_FACTOR: i16 = 1;

pub(in crate::applets) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let args = named(args, out)?;
    let options = SYNTAX.parse(&args).map_err(|misuse| SYNTAX.misuse(misuse.to_string()))?;
    let records = Records::of(&options)?;
    block_on(Box::pin(async {
        tokio::select! {
            measured = measure(&options, records, out) => measured.map(|()| Outcome::Success),
            interrupted = ctrl_c() => interrupted.map_err(Into::into).and(Err(Interrupted.into())),
        }
    }))
}

/// Arguments with the names of their options.
fn named(args: &[String], out: &mut dyn Write) -> Result<Vec<String>> {
    let is_named = |arg: &String| arg.strip_prefix("--").is_some_and(|name| REQUIRED.contains(&name));
    if args.is_empty() || args.iter().any(is_named) {
        return Ok(args.to_vec());
    }
    if !(5..=6).contains(&args.len()) {
        bail!(
            "Invalid number of arguments. Expected 5 or 6 positional arguments, but got {}. Usage: bootstrap-server \
             topic num-records producer-acks record-size [optional] command-config",
            args.len()
        );
    }
    let names: Vec<String> = REQUIRED.iter().map(|name| format!("--{name}")).collect();
    writeln!(
        out,
        "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named \
         arguments instead: {}, --command-config",
        names.join(", ")
    )?;
    Ok(BY_PLACE.iter().zip(args).flat_map(|(name, arg)| [format!("--{name}"), arg.clone()]).collect())
}

/// What is sent.
#[derive(Debug)]
struct Records {
    count: u64,
    size: usize,
    key_size: usize,
    headers: usize,
    header_key_size: usize,
    /// None is a value that is null.
    header_size: Option<usize>,
}

impl Records {
    fn of(options: &Options) -> Result<Records, Misuse> {
        options.answer_help()?;
        options.require(&REQUIRED)?;
        if !matches!(options.value("producer-acks")?, Some("1" | "all")) {
            return Err(options.misuse(
                "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use \
                 '1' or 'all'.",
            ));
        }
        let count: i32 = options.number("num-records")?.unwrap_or_default();
        let count = u64::try_from(count).ok().filter(|count| *count > 0);
        let header_size = options.number::<i32>("record-header-size")?.unwrap_or_default();
        Ok(Records {
            count: count
                .ok_or_else(|| options.misuse("Value for --num-records must be a positive integer."))?,
            size: not_negative(options, "record-size")?,
            key_size: not_negative(options, "record-key-size")?,
            header_key_size: not_negative(options, "record-header-key-size")?,
            header_size: match usize::try_from(header_size) {
                Ok(size) => Some(size),
                Err(_negative) if header_size == -1 => None,
                Err(_negative) => {
                    return Err(options.misuse(
                        "Value for --record-header-size must be a non-negative integer or -1 for null header value.",
                    ));
                }
            },
            headers: not_negative(options, "num-headers")?,
        })
    }

    fn record(&self, topic: &str, random: &mut SplitMix64) -> ProducerRecord {
        let mut record = ProducerRecord::new(topic).key(letters(self.key_size, random));
        record = record.value(letters(self.size, random));
        for _ in 0..self.headers {
            let key = letters(self.header_key_size, random);
            record = match self.header_size {
                Some(size) => record.header(key, letters(size, random)),
                None => record.null_header(key),
            };
        }
        record
    }
}

fn not_negative(options: &Options, name: &str) -> Result<usize, Misuse> {
    let number = options.number::<i32>(name)?.unwrap_or_default();
    let wrong = || options.misuse(format!("Value for --{name} must be a non-negative integer."));
    usize::try_from(number).map_err(|_negative| wrong())
}

/// One letter, so many times.
fn letters(size: usize, random: &mut SplitMix64) -> Bytes {
    let letter = b'A' + u8::try_from(random.below(26)).expect("it is below 26");
    vec![letter; size].into()
}

async fn measure(options: &Options, records: Records, out: &mut dyn Write) -> Result<()> {
    let topic = options.value("topic")?.unwrap_or_default();
    let (remote, consumer) = consumer(options).await?;
    create_if_missing(&remote.admin, topic, out).await?;
    let partitions = partitions_of(&remote.admin, topic, &[]).await?;
    let isolation = IsolationLevel::ReadUncommitted;
    let ends: BTreeMap<_, _> = offsets_of(&remote.admin, &partitions, OffsetSpec::Latest, isolation).await?;
    consumer.assign(ends.into_iter().map(|(partition, end)| (partition, StartAt::Offset(end))))?;
    let producer = producer(options).await?;
    let mut latencies = Latencies::default();
    let mut random = SplitMix64::new(0);
    for number in 0..records.count {
        let record = records.record(topic, &mut random);
        let began = clock::now();
        producer.send_and_wait(record.clone()).await?;
        let received = consumer.poll(PATIENCE).await?;
        let elapsed = clock::now().saturating_duration_since(began);
        check(&record, &received)?;
        if number.is_multiple_of(1000) {
            writeln!(out, "{number}\t{}", java_double(ms(elapsed)))?;
            out.flush()?;
        }
        latencies.add(elapsed);
    }
    latencies.print(out)?;
    consumer.close().await;
    Ok(producer.close(FAREWELL).await?)
}

async fn create_if_missing(admin: &Admin, topic: &str, out: &mut dyn Write) -> Result<()> {
    if admin.list_topics(true).await?.iter().any(|listed| &*listed.name == topic) {
        return Ok(());
    }
    writeln!(
        out,
        "Topic \"{topic}\" does not exist. Will create topic with {PARTITIONS} partition(s) and replication factor = \
         {REPLICATION_FACTOR}"
    )?;
    let wanted = NewTopic::new(topic).partitions(PARTITIONS).replication_factor(REPLICATION_FACTOR);
    for (_, created) in admin.create_topics(&[wanted]).await? {
        created.with_context(|| format!("Creation of topic {topic} failed"))?;
    }
    Ok(())
}

async fn consumer(options: &Options) -> Result<(Remote, Consumer)> {
    let mut properties = common(options)?;
    properties.set("enable.auto.commit", "false");
    properties.set("auto.offset.reset", "latest");
    properties.set("fetch.max.wait.ms", "0");
    let (remote, config) = connect_consumer_with(properties.all()).await?;
    let consumer = Consumer::new(remote.client.clone(), config)?;
    Ok((remote, consumer))
}

async fn producer(options: &Options) -> Result<Producer> {
    let mut properties = common(options)?;
    properties.set("linger.ms", "0");
    properties.set("acks", options.value("producer-acks")?.unwrap_or_default());
    let (remote, config) = connect_producer_with(properties.all()).await?;
    Ok(remote.client.producer(config)?)
}

fn common(options: &Options) -> Result<Properties> {
    let mut properties = Properties::of_file(options, "command-config")?;
    properties.set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    Ok(properties)
}

/// What was read must be what was sent, and that alone.
fn check(sent: &ProducerRecord, received: &[ConsumerRecord]) -> Result<()> {
    let first = received.first().ok_or_else(|| {
        anyhow!("poll() timed out before finding a result (timeout:[{}ms])", PATIENCE.as_millis())
    })?;
    let shown =
        |bytes: Option<&Bytes>| bytes.map_or("null".into(), |it| String::from_utf8_lossy(it).into_owned());
    for (what, read, sent) in [("value", &first.value, &sent.value), ("key", &first.key, &sent.key)] {
        if read != sent {
            let (read, sent) = (shown(read.as_ref()), shown(sent.as_ref()));
            bail!("The message {what} read [{read}] did not match the message {what} sent [{sent}]");
        }
    }
    let is_same = first.headers.iter().map(|it| (it.key, it.value));
    if !is_same.eq(sent.headers.iter().map(|it| (it.key.clone(), it.value.clone()))) {
        bail!("The message headers read did not match the message headers sent");
    }
    match received.len() {
        1 => Ok(()),
        count => bail!("Only one result was expected during this test. We found [{count}]"),
    }
}

/// How long each took.
#[derive(Debug, Default)]
struct Latencies {
    total_ms: f64,
    whole_ms: Vec<u64>,
}

impl Latencies {
    fn add(&mut self, took: Duration) {
        self.total_ms += ms(took);
        self.whole_ms.push(whole_ms(took));
    }

    fn print(mut self, out: &mut dyn Write) -> Result<()> {
        self.whole_ms.sort_unstable();
        let count = self.whole_ms.len();
        let at = |permille: usize| self.whole_ms.get(permille * count / 1000).copied().unwrap_or_default();
        writeln!(out, "Avg latency: {} ms", fixed(self.total_ms / as_f64(count as u64), 4))?;
        writeln!(out, "Percentiles: 50th = {}, 99th = {}, 99.9th = {}", at(500), at(990), at(999))?;
        Ok(())
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_without_names_are_those_of_old() {
        let check = |line: &str, expected: Option<&str>| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let named = named(&args, &mut Vec::new()).ok().map(|args| args.join(" "));
            assert_eq!(named.as_deref(), expected, "{line}");
        };
        check("", Some(""));
        check("--topic t", Some("--topic t"));
        let converted =
            "--bootstrap-server a:1 --topic t --num-records 5 --producer-acks all --record-size 9";
        check("a:1 t 5 all 9", Some(converted));
        check("a:1 t 5 all 9 file", Some(&format!("{converted} --command-config file")));
        check("a:1 t 5", None);
        check("--help", None);
    }

    #[test]
    fn the_last_lines_are_those_of_kafka() {
        let mut latencies = Latencies::default();
        (1..=4).for_each(|number| latencies.add(Duration::from_micros(number * 1500)));
        let mut out = Vec::new();
        latencies.print(&mut out).expect("a vector takes everything");
        let expected = "Avg latency: 3.7500 ms\nPercentiles: 50th = 4, 99th = 6, 99.9th = 6\n";
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }
}
