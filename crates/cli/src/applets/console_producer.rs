//! `kafka-console-producer`.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;

use super::connection::Properties;
use super::ending::Misuse;
use super::line_reader::LineReader;
use super::options::{Opt, Options, Syntax};
use crate::commands::produce::produce_lines;
use crate::exit::Outcome;
use crate::remote::{block_on, connect_producer_with};

pub(super) static SYNTAX: Syntax = Syntax {
    about: "This tool helps to read data from standard input and publish it to Kafka.",
    options: &[
        Opt::value("topic", "topic", "REQUIRED: The topic name to produce messages to."),
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::flag("sync", "Send one message at a time."),
        Opt::optional("compression-codec", "codec", "none, gzip (without a value), snappy, lz4 or zstd."),
        Opt::value("batch-size", "size", "batch.size (default: 16384)"),
        Opt::value("message-send-max-retries", "retries", "retries (default: 3)"),
        Opt::value("retry-backoff-ms", "ms", "retry.backoff.ms (default: 100)"),
        Opt::value("timeout", "timeout_ms", "linger.ms (default: 1000)"),
        Opt::value("request-required-acks", "acks", "acks (default: -1)"),
        Opt::value("request-timeout-ms", "ms", "request.timeout.ms (default: 1500)"),
        Opt::value("metadata-expiry-ms", "ms", "metadata.max.age.ms (default: 300000)"),
        Opt::value("max-block-ms", "ms", "max.block.ms (default: 60000)"),
        Opt::value("max-memory-bytes", "bytes", "buffer.memory (default: 33554432)"),
        Opt::value("max-partition-memory-bytes", "bytes", "(Deprecated) Use --batch-size instead."),
        Opt::value("line-reader", "reader_class", "Only the default, which takes each line as a message."),
        Opt::value("socket-buffer-size", "size", "send.buffer.bytes (default: 102400)"),
        Opt::value("property", "prop", "(Deprecated) Use --reader-property instead."),
        Opt::value(
            "reader-property",
            "prop",
            "How lines are read: parse.key, parse.headers, ignore.error, key.separator, headers.delimiter, \
             headers.separator, headers.key.separator, null.marker.",
        ),
        Opt::value("reader-config", "config file", "A file of such properties."),
        Opt::value("producer-property", "producer_prop", "(Deprecated) Use --command-property instead."),
        Opt::value("command-property", "producer_prop", "Options of the producer, as key=value."),
        Opt::value("producer.config", "config file", "(Deprecated) Use --command-config instead."),
        Opt::value("command-config", "config file", "A file of options of the producer."),
    ],
};

/// What was called otherwise before, and when that goes.
const DEPRECATED: [(&str, &str, &str); 4] = [
    ("producer-property", "command-property", "a future version"),
    ("producer.config", "command-config", "a future version"),
    ("property", "reader-property", "a future version"),
    ("max-partition-memory-bytes", "batch-size", "Apache Kafka 5.0"),
];

/// Options of the producer that flags set, with their defaults here.
const MERGED: [(&str, &str, &str); 11] = [
    ("linger.ms", "timeout", "1000"),
    ("acks", "request-required-acks", "-1"),
    ("request.timeout.ms", "request-timeout-ms", "1500"),
    ("retries", "message-send-max-retries", "3"),
    ("retry.backoff.ms", "retry-backoff-ms", "100"),
    ("send.buffer.bytes", "socket-buffer-size", "102400"),
    ("buffer.memory", "max-memory-bytes", "33554432"),
    ("batch.size", "batch-size", "16384"),
    ("batch.size", "max-partition-memory-bytes", "16384"),
    ("metadata.max.age.ms", "metadata-expiry-ms", "300000"),
    ("max.block.ms", "max-block-ms", "60000"),
];

/// How long the last records may take.
const FAREWELL: Duration = Duration::from_secs(120);

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args).map_err(|misuse| SYNTAX.misuse(misuse.to_string()))?;
    check(&options)?;
    for (old, new, when) in DEPRECATED {
        if options.has(old) {
            writeln!(
                out,
                "Warning: --{old} is deprecated and will be removed in {when}. Use --{new} instead."
            )?;
        }
    }
    out.flush()?;
    let reader = reader(&options)?;
    let properties = producer_properties(&options)?;
    let prompts = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    block_on(Box::pin(async {
        let (remote, config) = connect_producer_with(properties.all()).await?;
        let producer = remote.client.producer(config)?;
        prompt(prompts);
        let record = move |line: Bytes| {
            let record = reader.record(&line);
            prompt(prompts);
            record.map(Some)
        };
        let sent = produce_lines(&producer, record, options.has("sync")).await;
        producer.close(FAREWELL).await?;
        sent.map(|()| Outcome::Success)
    }))
}

/// For a person at a terminal, who can type without one as well.
fn prompt(prompts: bool) {
    if prompts {
        let mut terminal = std::io::stdout();
        let _prompted = terminal.write_all(b">").and_then(|()| terminal.flush());
    }
}

fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    options.require(&["topic"])?;
    for (new, old) in [
        ("command-config", "producer.config"),
        ("command-property", "producer-property"),
        ("reader-property", "property"),
    ] {
        if options.has(new) && options.has(old) {
            return Err(options.misuse(format!("Options --{new} and --{old} cannot be specified together.")));
        }
    }
    let servers = options.value("bootstrap-server")?.unwrap_or_default();
    if servers.trim().is_empty() {
        return Err(options.misuse("Error while validating the bootstrap address\n"));
    }
    let has_port =
        |server: &str| server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if !servers.split(',').all(has_port) {
        return Err(options.misuse("Please provide valid host:port like host1:9091,host2:9092\n"));
    }
    Ok(())
}

fn reader(options: &Options) -> Result<LineReader> {
    if let Some(class) = options.value("line-reader")?
        && class != "org.apache.kafka.tools.LineMessageReader"
    {
        bail!("there is no reader {class}: Java's classes cannot be run");
    }
    let mut properties = Properties::of_file(options, "reader-config")?;
    properties.extend_by(options, options.name_of("reader-property", "property"));
    LineReader::new(options.value("topic")?.unwrap_or_default(), &properties)
}

fn producer_properties(options: &Options) -> Result<Properties> {
    let mut properties = Properties::of_file(options, options.name_of("command-config", "producer.config"))?;
    properties.extend_by(options, options.name_of("command-property", "producer-property"));
    properties.set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    let codec = match options.value("compression-codec")? {
        Some(codec) if !codec.is_empty() => codec,
        _ if options.has("compression-codec") => "gzip",
        _ => "none",
    };
    properties.set("compression.type", codec);
    properties.set_default("client.id", "console-producer");
    for (property, option, default) in MERGED {
        properties.merge(property, options.value(option)?, default);
    }
    Ok(properties)
}
