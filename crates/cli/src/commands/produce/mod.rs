//! `ottla produce`: records from standard input or files.
//!
//! ```text
//! lines      text, line by line, into records
//! format     format strings, which tell where what of a record stands
//! formatted  input into records, as a format string says
//! feeding    reads on a thread of its own, so that a terminal keeps nobody waiting
//! sending    records on their way, of which the first that fails counts
//! under_way  records that nobody has judged yet
//! pace       no more of them a second
//! template   what is different in each
//! ```

mod feeding;
mod format;
mod formatted;
mod lines;
mod pace;
mod sending;
mod template;
mod under_way;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use ottla_client::producer::Producer;

use crate::exit::{Outcome, print_error, usage};
use crate::remote::{ConnectionArgs, Property, block_on, connect_producer_with};
use crate::signals::{Asked, Signals};
pub(crate) use feeding::{Feed, Record, Source, find};
use format::Format;
use lines::Reader;
pub(crate) use lines::{TopicName, split_once};
use pace::Pace;
use sending::{Manner, Sending};
pub(crate) use under_way::UnderWay;

/// Write records to a topic
#[derive(Debug, Args)]
#[command(after_help = "\
Each line is a record. With -i ndjson it is an object as `ottla consume -o
ndjson` writes it: keys, headers, timestamps and partitions are kept.

Formats (-f): %t topic, %k key, %v value, %T %K %V their lengths, %H number of
headers, %h{%k=%v } headers, %p partition, %d timestamp in milliseconds; %o %e
%x %y are read, and have no effect. Text ends where its length says (-1 is
null) if that stands before it, else before the characters that follow it.
Keys, values and topics take {hex}, {base64}, {base64raw}, {json} (one value),
{re[\\d+]}; numbers {hex32}, {big64}, {little16}, {byte}, {bool}, {3} (always
3), ... as `ottla consume -f` writes them. \\n, \\t, \\xNN and %% are themselves.

Examples:
  echo hello | ottla produce greetings
  ottla produce orders -K : -H source=shop < orders.txt
  ottla produce orders -k customer-7 --tombstone
  ottla produce orders -k 'customer-{i}' --tombstone --template --repeat 100
  ottla produce logs -i whole a.json b.json -z zstd
  echo '{\"id\":{i}}' | ottla produce load --template --repeat 1000 --rate 50
  ottla produce orders -f '%k %d %v{base64}\\n' < orders.txt
  ottla produce orders -f '%K{big32}%k%V{big32}%v' < orders.bin
  ottla consume orders -e -o ndjson | ottla produce copy -i ndjson")]
pub(crate) struct ProduceArgs {
    /// The topic; of NDJSON and formats, in place of the one that they name
    #[arg(value_name = "TOPIC", required_unless_present_any = ["input", "format"])]
    topic: Option<String>,

    /// Files to read in place of standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What is read [default: lines]
    #[arg(short, long, value_enum, value_name = "KIND")]
    input: Option<Input>,

    /// How records are read, as a format string
    #[arg(short, long, value_name = "STRING", conflicts_with_all = ["input", "key_separator"])]
    format: Option<String>,

    /// The key of every record
    #[arg(short, long, value_name = "KEY")]
    key: Option<String>,

    /// What ends the key of a line; where it is missing there is no key
    #[arg(short = 'K', long, value_name = "TEXT", conflicts_with = "key")]
    key_separator: Option<String>,

    /// A header of every record
    #[arg(short = 'H', long = "header", value_name = "NAME=VALUE")]
    headers: Vec<String>,

    /// The partition of every record
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,

    /// Let the partitioner choose, whatever NDJSON or %p says
    #[arg(long, conflicts_with = "partition")]
    repartition: bool,

    /// Values that are empty are null
    #[arg(short = 'Z', long)]
    empty_is_null: bool,

    /// A record without a value, which deletes the key; nothing is read
    #[arg(long, requires = "key", conflicts_with_all = ["files", "input", "format", "empty_is_null"])]
    tombstone: bool,

    /// Send each record so often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,

    /// Replace {i}, {now} and {random} in keys and values
    #[arg(long)]
    template: bool,

    /// Send no more records a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,

    /// Who must have a record: all, 1 (the leader) or 0
    #[arg(long, value_name = "ACKS")]
    acks: Option<String>,

    /// none, gzip, snappy, lz4 or zstd
    #[arg(short = 'z', long, value_name = "CODEC")]
    compression: Option<String>,

    /// As java.RoundRobin, librdkafka.murmur2_random, sarama.Hash
    #[arg(long, value_name = "NAME")]
    partitioner: Option<String>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Input {
    /// Each line is a value
    Lines,
    /// Each line is a record as JSON
    #[value(alias = "json")]
    Ndjson,
    /// Each file is a value
    Whole,
}

/// Sends what is read on standard input, line by line; with `sync` each record before the next is read. Fails with the first that could
/// not be read or written, once all that was read before is written or has failed.
pub(crate) async fn produce_lines(producer: &Producer, record: impl Record, sync: bool) -> Result<()> {
    let mut sending = Sending::new(producer.clone());
    let source = Source { tells_lines: false, ..Source::lines(Vec::new()) };
    let mut feed = Feed::start(record, source);
    let sent = if sync { sending.send_each(&mut feed).await } else { sending.send_all(&mut feed).await };
    producer.flush().await;
    let ended = sending.await_all().await;
    sent.and(ended)
}

/// How long the last records may take.
const FAREWELL: Duration = Duration::from_secs(120);

pub(crate) fn run(args: &ProduceArgs) -> Result<Outcome> {
    let format = args.format()?;
    let names_topic = format.as_ref().map_or(args.input == Some(Input::Ndjson), Format::names_topic);
    let reader = Reader::new(args, names_topic)?;
    block_on(Box::pin(async {
        let (remote, config) = connect_producer_with(&args.properties()?).await?;
        if config.transactional_id.is_some() {
            return Err(usage("transactional.id: nothing is sent in transactions here: leave it out"));
        }
        let producer = remote.client.producer(config)?;
        let mut sending = Sending::in_manner(producer.clone(), args.manner());
        // From here on there is something to be written.
        let signals = Signals::listen()?;
        let feed = args.feed(format, reader)?;
        let ended = send(&producer, &mut sending, feed, &signals).await;
        let written = sending.written();
        if io::stderr().is_terminal() && !matches!(ended, Ok(Some(_))) {
            sayln!("{written} records written");
        }
        let interruption = ended.with_context(|| format!("after {written} records"))?;
        Ok(interruption.map_or(Outcome::Success, |interruption| interruption.tell(written)))
    }))
}

/// Sends what is read, and waits until it is written. The first signal ends the reading, or the waiting if all is read.
async fn send(
    producer: &Producer,
    sending: &mut Sending,
    mut feed: Feed,
    signals: &Signals,
) -> Result<Option<Interruption>> {
    let sent = tokio::select! {
        sent = sending.send_all(&mut feed) => sent.map(|()| None),
        asked = signals.asked() => Ok(Some(Interruption { asked, before: "the end of the input" })),
    };
    let is_waited_for = !matches!(sent, Ok(Some(_)));
    // What was taken is written, also when something went wrong with what came after it.
    let ended = tokio::select! {
        ended = finish(producer, sending) => ended.map(|()| None),
        asked = signals.asked(), if is_waited_for => {
            let noted = sending.forget_written().await;
            noted.map(|()| Some(Interruption { asked, before: "all was written" }))
        }
    };
    let sent = sent?;
    Ok(ended?.or(sent))
}

async fn finish(producer: &Producer, sending: &mut Sending) -> Result<()> {
    producer.flush().await;
    sending.await_all().await?;
    Ok(producer.close(FAREWELL).await?)
}

/// A signal, and what was still to be done.
#[derive(Debug, Clone, Copy)]
struct Interruption {
    asked: Asked,
    before: &'static str,
}

impl Interruption {
    /// Nobody may take what was written for all that there was.
    fn tell(self, written: u64) -> Outcome {
        print_error(&format!("interrupted before {}: {written} records written", self.before));
        self.asked.outcome()
    }
}

impl ProduceArgs {
    fn format(&self) -> Result<Option<Format>> {
        let parsed = self.format.as_deref().map(Format::parse).transpose();
        parsed.map_err(|reason| usage(format!("--format: {reason}")))
    }

    fn feed(&self, format: Option<Format>, mut reader: Reader) -> Result<Feed> {
        if self.tombstone {
            return Ok(Feed::one(reader.tombstone()?));
        }
        let files = self.files.clone();
        Ok(match format {
            Some(format) => formatted::feed(format, reader, files),
            None => {
                let is_whole = self.input == Some(Input::Whole);
                let record = move |text: Bytes| reader.record(text).map(Some);
                Feed::start(record, Source { is_whole, ..Source::lines(files) })
            }
        })
    }

    fn manner(&self) -> Manner {
        Manner {
            repeat: self.repeat,
            pace: self.rate.map(Pace::new),
            is_template: self.template,
            shows_progress: !self.files.is_empty() && io::stderr().is_terminal(),
        }
    }

    /// Everything that was said of the producer, the weakest first.
    fn properties(&self) -> Result<Vec<Property>> {
        // Large batches: nobody waits for single records here.
        let mut all = vec![Property::new("batch.size", "131072", "the default")];
        all.extend(self.connection.properties()?);
        for (name, flag, value) in [
            ("acks", "--acks", &self.acks),
            ("compression.type", "--compression", &self.compression),
            ("partitioner.class", "--partitioner", &self.partitioner),
        ] {
            all.extend(value.as_ref().map(|value| Property::new(name, value, flag)));
        }
        Ok(all)
    }

    fn headers(&self) -> Result<Vec<(String, String)>> {
        let header = |text: &String| {
            let pair = text.split_once('=').or_else(|| text.split_once(':'));
            let (name, value) = pair.ok_or_else(|| usage(format!("-H {text}: give it as name=value")))?;
            Ok((name.to_owned(), value.to_owned()))
        };
        self.headers.iter().map(header).collect()
    }
}
