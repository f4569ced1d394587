//! `ottla bench`: how fast a cluster is, as clients see it.
//!
//! ```text
//! topic       where records go: a topic of its own, or one that is there
//! payloads    what is in them
//! pace        when each is due
//! producing   sends them; under_way tells how long each took
//! consuming   reads them
//! round_trips sends and reads one after the other
//! running     carries out measurements, until somebody ends all of them
//! tally       what was measured; report is what is told of it, progress while it is under way
//! ```
//!
//! The engines know nothing of the command line: Kafka's scripts for performance are applets over the same ones.

pub(crate) mod consuming;
mod pace;
pub(crate) mod payloads;
pub(crate) mod producing;
mod progress;
mod report;
mod round_trips;
mod running;
mod tally;
mod topic;
pub(crate) mod under_way;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::{ConnectionArgs, Property, block_on_threads};
use crate::timestamp::parse_duration;
use payloads::Payloads;
use running::Running;
use topic::TopicArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    Produce(ProduceArgs),
    Consume(ConsumeArgs),
    Latency(LatencyArgs),
    All(AllArgs),
}

/// Measure how fast records are written
#[derive(Debug, Args)]
#[command(after_help = "\
A record's time is from when it is sent until it is acknowledged. With --rate it
begins when the record was due, so that waiting counts too. Milliseconds are
told with three digits; MIB/S is of values, before compression. CPU-S is what
this process took of processors.

Examples:
  ottla bench produce
  ottla bench produce -n 10000000 --size 1000 -z lz4 --acks 1
  ottla bench produce orders --rate 5000 --duration 1m
  ottla bench produce -p 12 -r 3 --producers 4 -X linger.ms=5 -o json
  ottla bench produce --payload-file orders.ndjson --transactional=1s")]
pub(crate) struct ProduceArgs {
    #[command(flatten)]
    topic: TopicArgs,

    #[command(flatten)]
    amount: AmountArgs,

    #[command(flatten)]
    records: RecordArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Measure how fast records are read
#[derive(Debug, Args)]
#[command(after_help = "\
Without a topic, one is made and filled first, which does not count.

Examples:
  ottla bench consume orders
  ottla bench consume --fill 5000000 --size 1000 -z zstd
  ottla bench consume orders --consumers 3 --duration 30s -o csv")]
pub(crate) struct ConsumeArgs {
    #[command(flatten)]
    topic: TopicArgs,

    #[command(flatten)]
    amount: AmountArgs,

    /// How many records a topic that is made is filled with
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    fill: u64,

    /// How many consumers share the partitions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    consumers: u16,

    #[command(flatten)]
    records: RecordArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Measure how long a record takes until it is written and read
#[derive(Debug, Args)]
#[command(after_help = "\
One record at a time: the next is sent when the last was read. The line
\"written\" tells of its acknowledgement, the line \"read\" of its arrival at a
consumer.

Examples:
  ottla bench latency
  ottla bench latency -n 10000 --acks 1
  ottla bench latency orders --rate 100 --duration 1m -o json")]
pub(crate) struct LatencyArgs {
    #[command(flatten)]
    topic: TopicArgs,

    #[command(flatten)]
    amount: AmountArgs,

    #[command(flatten)]
    records: RecordArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Measure all of it, one after the other, on one topic
#[derive(Debug, Args)]
#[command(after_help = "\
Each of the three lasts as long as --duration, or has as many records as --num.

Examples:
  ottla bench all
  ottla bench all --duration 30s -p 12 -r 3 -o csv > today.csv")]
pub(crate) struct AllArgs {
    #[command(flatten)]
    topic: TopicArgs,

    #[command(flatten)]
    amount: AmountArgs,

    /// How many consumers share the partitions
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    consumers: u16,

    #[command(flatten)]
    records: RecordArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// How much is measured.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = None::<&str>)]
pub(crate) struct AmountArgs {
    /// End after so many records
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    num: Option<u64>,

    /// End after so long, as 30s or 5m [default: 10s, without --num]
    #[arg(long, value_name = "DURATION")]
    duration: Option<String>,

    /// Send so many records a second, of all producers together
    #[arg(long, value_name = "N", value_parser = positive)]
    rate: Option<f64>,
}

/// What is sent, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = None::<&str>)]
pub(crate) struct RecordArgs {
    /// The size of values, in bytes; they are random letters
    #[arg(long, value_name = "BYTES", default_value_t = 100, value_parser = size_in_range)]
    size: usize,

    /// Take values from a file, which has one a line, at random
    #[arg(long, value_name = "FILE", conflicts_with = "size")]
    payload_file: Option<PathBuf>,

    /// What is between the values of that file
    #[arg(long, value_name = "TEXT", default_value = "\n", hide_default_value = true)]
    payload_delimiter: String,

    /// How many producers send, each over connections of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    producers: u16,

    /// Who must have a record: all, 1 (the leader) or 0
    #[arg(long, value_name = "ACKS")]
    acks: Option<String>,

    /// none, gzip, snappy, lz4 or zstd
    #[arg(short = 'z', long, value_name = "CODEC")]
    compression: Option<String>,

    /// Send in transactions, each of which lasts so long
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "100ms")]
    transactional: Option<String>,
}

/// More fits into no request.
const SIZE_MAX: usize = 1 << 30;

fn size_in_range(text: &str) -> Result<usize, String> {
    let size = text.parse().ok().filter(|size| *size <= SIZE_MAX);
    size.ok_or_else(|| format!("it is a number of bytes, {SIZE_MAX} at most"))
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "it is a number above 0".into())
}

/// How long something is measured where nobody says.
const DURATION: Duration = Duration::from_secs(10);

impl AmountArgs {
    fn duration(&self) -> Result<Option<Duration>> {
        match &self.duration {
            Some(text) => duration(text, "--duration").map(Some),
            None => Ok(self.num.is_none().then_some(DURATION)),
        }
    }
}

impl RecordArgs {
    fn payloads(&self) -> Result<Payloads> {
        match &self.payload_file {
            Some(path) => Payloads::of_file(path, &self.payload_delimiter),
            None => Ok(Payloads::random(self.size)),
        }
    }

    fn transaction(&self) -> Result<Option<Duration>> {
        self.transactional.as_deref().map(|text| duration(text, "--transactional")).transpose()
    }

    /// What flags say of the producer.
    fn properties(&self) -> Vec<Property> {
        let flags =
            [("acks", "--acks", &self.acks), ("compression.type", "--compression", &self.compression)];
        let given = |(name, flag, value): (&str, &str, &Option<String>)| {
            value.as_ref().map(|value| Property::new(name, value, flag))
        };
        flags.into_iter().filter_map(given).collect()
    }
}

fn duration(text: &str, flag: &str) -> Result<Duration> {
    let parsed = parse_duration(text).filter(|duration| !duration.is_zero());
    parsed.ok_or_else(|| usage(format!("{flag} {text}: give it as 500ms, 30s or 1m")))
}

pub(crate) fn run(command: &BenchCommand) -> Result<Outcome> {
    let measured = async {
        match command {
            BenchCommand::Produce(args) => {
                let mut running =
                    Running::start(&args.topic, &args.amount, &args.records, &args.connection).await?;
                let measured = running.produce().await;
                running.end(measured, args.output).await
            }
            BenchCommand::Consume(args) => {
                let mut running =
                    Running::start(&args.topic, &args.amount, &args.records, &args.connection).await?;
                let measured = running.fill_and_consume(args).await;
                running.end(measured, args.output).await
            }
            BenchCommand::Latency(args) => {
                let mut running =
                    Running::start(&args.topic, &args.amount, &args.records, &args.connection).await?;
                let measured = running.round_trips().await;
                running.end(measured, args.output).await
            }
            BenchCommand::All(args) => {
                let mut running =
                    Running::start(&args.topic, &args.amount, &args.records, &args.connection).await?;
                let measured = running.all(args.consumers).await;
                running.end(measured, args.output).await
            }
        }
    };
    block_on_threads(Box::pin(measured))
}
