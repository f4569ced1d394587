//! `kafka-console-consumer`.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use ottla_client::TopicPartition;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::group::Pattern;
use tokio::signal::ctrl_c;

use super::connection::Properties;
use super::console_options::{Renamed, check_renamed, consumer_properties, formatter, tell_renamed};
use super::ending::{Interrupted, Misuse};
use super::formatter::Formatter;
use super::options::{Opt, Options, Syntax};
use crate::clock::wall_ms;
use crate::commands::consume::give_back;
use crate::exit::Outcome;
use crate::remote::{block_on, connect_consumer_with};

pub(super) static SYNTAX: Syntax = Syntax {
    about: "This tool helps to read data from Kafka topics and outputs it to standard output.",
    options: &[
        Opt::value("topic", "topic", "The topic to consume from."),
        Opt::value("include", "regex", "Regular expression specifying list of topics to consume from."),
        Opt::value("partition", "partition", "The partition to consume from."),
        Opt::value("offset", "consume offset", "A number, earliest or latest (the default)."),
        Opt::value("consumer-property", "consumer_prop", "(Deprecated) Use --command-property instead."),
        Opt::value("command-property", "consumer_prop", "Options of the consumer, as key=value."),
        Opt::value("consumer.config", "config file", "(Deprecated) Use --command-config instead."),
        Opt::value("command-config", "config file", "A file of options of the consumer."),
        Opt::value("formatter", "class", "How messages are printed: Kafka's classes."),
        Opt::value("property", "prop", "(Deprecated) Use --formatter-property instead."),
        Opt::value(
            "formatter-property",
            "prop",
            "What is printed: print.timestamp, print.key, print.offset, print.epoch, print.partition, \
             print.headers, print.value, key.separator, line.separator, headers.separator, null.literal, \
             key.deserializer, value.deserializer, headers.deserializer.",
        ),
        Opt::value("formatter-config", "config file", "A file of such properties."),
        Opt::flag("from-beginning", "Begin with the first message where the group has been nowhere."),
        Opt::value("max-messages", "num_messages", "End after so many messages."),
        Opt::value("timeout-ms", "timeout_ms", "End when no message came for so long."),
        Opt::flag("skip-message-on-error", "Skip a message that cannot be printed."),
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::value("key-deserializer", "class", "What keys are: Kafka's classes."),
        Opt::value("value-deserializer", "class", "What values are: Kafka's classes."),
        Opt::flag("enable-systest-events", "Print when it ends."),
        Opt::value("isolation-level", "level", "read_committed or read_uncommitted (the default)."),
        Opt::value("group", "consumer group id", "The consumer group id of the consumer."),
    ],
};

const RENAMED: [Renamed; 3] = [
    ("consumer-property", "command-property"),
    ("consumer.config", "command-config"),
    ("property", "formatter-property"),
];

pub(super) fn run(args: &[String], mut out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args).map_err(|misuse| SYNTAX.misuse(misuse.to_string()))?;
    check(&options)?;
    tell_renamed(&options, &RENAMED, out)?;
    let start = start(&options)?;
    let properties = properties(&options)?;
    let mut printing = Printing {
        formatter: formatter(&options)?,
        left: options.number::<i32>("max-messages")?.and_then(|max| u64::try_from(max).ok()),
        skips: options.has("skip-message-on-error"),
        count: 0,
    };
    let timeout = options.number::<i64>("timeout-ms")?.and_then(|ms| u64::try_from(ms).ok());
    let timeout = timeout.map(Duration::from_millis);
    let ended = block_on(Box::pin(async {
        let (remote, config) = connect_consumer_with(properties.all()).await?;
        let consumer = Consumer::new(remote.client.clone(), config)?;
        begin(&options, &consumer, start)?;
        let ended = tokio::select! {
            ended = consume(&consumer, timeout, &mut printing, &mut out) => ended,
            interrupted = ctrl_c() => interrupted.map_err(Into::into).and(Err(Interrupted.into())),
        };
        let flushed = out.flush();
        consumer.close().await;
        flushed?;
        ended
    }));
    sayln!("Processed a total of {} messages", printing.count);
    if options.has("enable-systest-events") {
        writeln!(out, "shutdown_complete")?;
    }
    ended.map(|()| Outcome::Success)
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    options.require_one_of(&["topic", "include"])?;
    if options.has("partition") {
        if !options.has("topic") {
            return Err(options.misuse("The topic is required when partition is specified."));
        }
        if options.has("from-beginning") && options.has("offset") {
            return Err(options.misuse("Options from-beginning and offset cannot be specified together."));
        }
    } else if options.has("offset") {
        return Err(options.misuse("The partition is required when offset is specified."));
    }
    options.require(&["bootstrap-server"])?;
    check_renamed(options, &RENAMED)
}

fn properties(options: &Options) -> Result<Properties> {
    let (mut properties, group) = consumer_properties(options, "consumer.config")?;
    if group.is_some() && options.has("partition") {
        return Err(options.misuse("Options group and partition cannot be specified together.").into());
    }
    if let Some(group) = group {
        properties.set("group.id", group);
    }
    let from_beginning = options.has("from-beginning");
    match properties.get("auto.offset.reset") {
        Some(reset) if from_beginning && reset != "earliest" => bail!(
            "Can't simultaneously specify --from-beginning and 'auto.offset.reset={reset}', please remove one option"
        ),
        Some(_) => {}
        None => properties.set("auto.offset.reset", if from_beginning { "earliest" } else { "latest" }),
    }
    properties.set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    properties.set_default("client.id", "console-consumer");
    properties.merge("isolation.level", options.value("isolation-level")?, "read_uncommitted");
    if properties.get("group.id").is_none() {
        properties.set("group.id", group_of_nobody());
        properties.set_default("enable.auto.commit", "false");
    }
    Ok(properties)
}

/// A name that will not be needed again.
fn group_of_nobody() -> String {
    let some_number = wall_ms().wrapping_mul(31).wrapping_add(i64::from(std::process::id()));
    format!("console-consumer-{}", some_number.rem_euclid(100_000))
}

/// Where a partition is begun.
fn start(options: &Options) -> Result<StartAt, Misuse> {
    let Some(text) = options.value("offset")? else {
        return Ok(if options.has("from-beginning") { StartAt::Earliest } else { StartAt::Latest });
    };
    match text.to_lowercase().as_str() {
        "earliest" => Ok(StartAt::Earliest),
        "latest" => Ok(StartAt::Latest),
        number => match number.parse() {
            Ok(offset) if offset >= 0 => Ok(StartAt::Offset(offset)),
            _ => Err(options.misuse(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a \
                 non-negative long."
            ))),
        },
    }
}

fn begin(options: &Options, consumer: &Consumer, start: StartAt) -> Result<()> {
    match (options.value("topic")?, options.number("partition")?) {
        (Some(topic), Some(partition)) => {
            consumer.assign([(TopicPartition::new(topic, partition), start)])?;
        }
        (Some(topic), None) => consumer.subscribe([topic])?,
        (None, _) => {
            let pattern = options.value("include")?.unwrap_or_default();
            consumer.subscribe_pattern(Pattern::new(&format!("^(?:{pattern})$"))?)?;
        }
    }
    Ok(())
}

struct Printing {
    formatter: Formatter,
    /// How many more; none for all.
    left: Option<u64>,
    skips: bool,
    count: u64,
}

/// Nothing that a person would wait for takes longer.
const ENDLESS: Duration = Duration::from_secs(3600);

async fn consume(
    consumer: &Consumer,
    timeout: Option<Duration>,
    printing: &mut Printing,
    out: &mut impl Write,
) -> Result<()> {
    while printing.left != Some(0) {
        let records = consumer.poll(timeout.unwrap_or(ENDLESS)).await?;
        if records.is_empty() && timeout.is_some() {
            break;
        }
        let printed = printing.print_all(&records, out)?;
        // What was not printed must not be committed.
        give_back(consumer, &records[printed..])?;
        out.flush()?;
    }
    Ok(())
}

impl Printing {
    /// As many as there are to be, and how many that was.
    fn print_all(&mut self, records: &[ConsumerRecord], out: &mut impl Write) -> Result<usize> {
        for (at, record) in records.iter().enumerate() {
            if self.left == Some(0) {
                return Ok(at);
            }
            self.left = self.left.map(|left| left - 1);
            self.count += 1;
            match self.formatter.write(out, &record.into()) {
                Err(error) if self.skips && !error.is::<std::io::Error>() => {
                    sayln!("Error processing message, skipping this message: {error}");
                }
                written => written?,
            }
        }
        Ok(records.len())
    }
}
