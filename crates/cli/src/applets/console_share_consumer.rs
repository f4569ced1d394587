//! `kafka-console-share-consumer`.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use ottla_client::share::{AcknowledgeType, ShareConsumer};
use tokio::signal::ctrl_c;

use super::connection::Properties;
use super::console_options::{Renamed, check_renamed, consumer_properties, formatter, tell_renamed};
use super::ending::{Interrupted, Misuse};
use super::formatter::Formatter;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::{block_on, connect_consumer_with};

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to read data from Kafka topics using share groups and outputs it to standard output.",
    options: &[
        Opt::value("topic", "topic", "The topic to consume from."),
        Opt::value("consumer-property", "consumer_prop", "(Deprecated) Use --command-property instead."),
        Opt::value("command-property", "consumer_prop", "Options of the consumer, as key=value."),
        Opt::value("consumer-config", "config file", "(Deprecated) Use --command-config instead."),
        Opt::value("command-config", "config file", "A file of options of the consumer."),
        Opt::value("formatter", "class", "How messages are printed: Kafka's classes."),
        Opt::value("property", "prop", "(Deprecated) Use --formatter-property instead."),
        Opt::value(
            "formatter-property",
            "prop",
            "What is printed: print.timestamp, print.key, print.offset, print.delivery, print.epoch, \
             print.partition, print.headers, print.value, key.separator, line.separator, headers.separator, \
             null.literal, key.deserializer, value.deserializer, headers.deserializer.",
        ),
        Opt::value("formatter-config", "config file", "A file of such properties."),
        Opt::value("max-messages", "num_messages", "End after so many messages."),
        Opt::value("timeout-ms", "timeout_ms", "End when no message came for so long."),
        Opt::flag("reject", "Reject messages: nobody gets them again."),
        Opt::flag("release", "Release messages: somebody gets them again."),
        Opt::flag("reject-message-on-error", "Reject a message that cannot be printed, and go on."),
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::value("key-deserializer", "deserializer for keys", "What keys are: Kafka's classes."),
        Opt::value("value-deserializer", "deserializer for values", "What values are: Kafka's classes."),
        Opt::value("group", "share group id", "The share group id of the consumer."),
        Opt::flag("enable-systest-events", "Print when it ends."),
    ],
};

const RENAMED: [Renamed; 3] = [
    ("consumer-property", "command-property"),
    ("consumer-config", "command-config"),
    ("property", "formatter-property"),
];

/// The group, and what brokers call the client, where nobody said.
const NAME: &str = "console-share-consumer";

pub(super) fn run(args: &[String], mut out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args).map_err(|misuse| SYNTAX.misuse(misuse.to_string()))?;
    check(&options)?;
    tell_renamed(&options, &RENAMED, out)?;
    let properties = share_properties(&options)?;
    let topic = options.value("topic")?.unwrap_or_default();
    let mut sharing = Sharing::asked_for(&options)?;
    let ended = block_on(Box::pin(async {
        let (remote, config) = connect_consumer_with(properties.all()).await?;
        let consumer = ShareConsumer::new(remote.client.clone(), config)?;
        consumer.subscribe([topic]);
        let ended = tokio::select! {
            ended = sharing.consume(&consumer, &mut out) => ended,
            interrupted = ctrl_c() => interrupted.map_err(Into::into).and(Err(Interrupted.into())),
        };
        let flushed = out.flush();
        // What was not printed goes to somebody else.
        consumer.close().await;
        flushed?;
        ended
    }));
    sayln!("Processed a total of {} messages", sharing.count);
    if options.has("enable-systest-events") {
        writeln!(out, "shutdown_complete")?;
    }
    ended.map(|()| Outcome::Success)
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    if !options.has("topic") {
        return Err(options.misuse("--topic is a required argument"));
    }
    options.require(&["bootstrap-server"])?;
    if options.has("reject") && options.has("release") {
        return Err(options.misuse("At most one of --reject and --release may be specified."));
    }
    check_renamed(options, &RENAMED)
}

fn share_properties(options: &Options) -> Result<Properties> {
    let (mut properties, group) = consumer_properties(options, "consumer-config")?;
    properties.set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    properties.set_default("client.id", NAME);
    properties.set("group.id", group.as_deref().unwrap_or(NAME));
    properties.set("share.acknowledgement.mode", "explicit");
    Ok(properties)
}

/// Records are printed, and what became of them is said.
struct Sharing {
    formatter: Formatter,
    what: AcknowledgeType,
    rejects_unprintable: bool,
    /// How many more; none for all.
    left: Option<u64>,
    timeout: Option<Duration>,
    count: u64,
}

/// Nothing that a person would wait for takes longer.
const ENDLESS: Duration = Duration::from_secs(3600);

impl Sharing {
    fn asked_for(options: &Options) -> Result<Sharing> {
        let timeout = options.number::<i32>("timeout-ms")?.and_then(|ms| u64::try_from(ms).ok());
        Ok(Sharing {
            formatter: formatter(options)?,
            what: match (options.has("reject"), options.has("release")) {
                (true, _) => AcknowledgeType::Reject,
                (_, true) => AcknowledgeType::Release,
                _ => AcknowledgeType::Accept,
            },
            rejects_unprintable: options.has("reject-message-on-error"),
            left: options.number::<i32>("max-messages")?.and_then(|max| u64::try_from(max).ok()),
            timeout: timeout.map(Duration::from_millis),
            count: 0,
        })
    }

    async fn consume(&mut self, consumer: &ShareConsumer, out: &mut impl Write) -> Result<()> {
        while self.left != Some(0) {
            let records = consumer.poll(self.timeout.unwrap_or(ENDLESS)).await?;
            if records.is_empty() && self.timeout.is_some() {
                break;
            }
            let max = self.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX);
            for record in records.iter().take(max) {
                self.count += 1;
                self.left = self.left.map(|left| left - 1);
                let what = match self.formatter.write(out, &record.into()) {
                    Ok(()) => self.what,
                    Err(error) if self.rejects_unprintable && !error.is::<io::Error>() => {
                        sayln!("Error processing message, rejecting this message: {error}");
                        AcknowledgeType::Reject
                    }
                    Err(error) => return Err(error),
                };
                consumer.acknowledge(record, what)?;
            }
            out.flush()?;
        }
        Ok(())
    }
}
