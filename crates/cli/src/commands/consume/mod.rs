//! `ottla consume`: records to standard output.
//!
//! ```text
//! offsets   where to begin and to end, as people spell it
//! reading   which records those are: partitions, bounds, how many
//! showing   what becomes of a record: decoded, filtered, written
//! decoding  what keys and values mean
//! filter    which records are shown, by patterns
//! format    format strings
//! writing   a record as text, tab-separated or as JSON, which record_format names
//! ```

mod decoding;
mod filter;
mod format;
mod offsets;
mod pattern;
mod reading;
mod record_format;
mod showing;
mod writing;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::config::IsolationLevel;
use ottla_client::consumer::Consumer;
use ottla_records::Timestamp;

use crate::clock::wall_ms;
use crate::exit::{Outcome, usage};
use crate::remote::{ConnectionArgs, Property, Remote, block_on};
use crate::signals::Signals;
use crate::timestamp::{parse_duration, parse_time};
use decoding::Decoding;
use filter::{Filter, FilterArgs};
use offsets::{Bound, Spans};
pub(crate) use pattern::Pattern;
pub(crate) use reading::give_back;
use reading::{Lookup, Reading};
pub(crate) use record_format::RecordFormat;
use record_format::RecordFormatParser;
use showing::Showing;
pub(crate) use writing::Writing;

/// Read records from topics
#[derive(Debug, Args)]
#[command(after_help = "\
Offsets: start, end, 42, +42 (so many behind the start), -42 (before the end),
@TIME, stored (where the group is), FROM:TO with any of these, and of single
partitions 3#42,4#end. Times are 2024-02-29, 2024-02-29T12:00:00Z,
milliseconds, or -48h (ago); behind a colon also 1h (that long).

Patterns: order-* is a glob for all of a text (*, ?, [a-z], [!a-z]), /^a|b$/ a
regular expression, /a/i one that ignores case.

Kinds: auto, string, hex, base64, json, msgpack, uuid, int8 to int64, uint8 to
uint64, float32, float64, and with le behind it little endian. Of
__consumer_offsets and __transaction_state, auto tells what records mean.

Formats: %t topic, %k key, %v value, %p partition, %o offset, %d timestamp,
%h{%k=%v } headers; %T %K %V lengths, %H number of headers, %e leader epoch,
%x %y producer id and epoch, %a{compression} and other attributes, %i count,
%[ %| %] start, stable offset and end of the partition. Keys and values take
{hex}, {base64}, {base64raw}, {json}, {unpack[>iq$]}; numbers {hex32},
{big64}, {bool}, ...; timestamps {iso}, {strftime[%F %T]}, {go[2006-01-02]}.
\\n, \\t, \\xNN and %% are what they look like.

Examples:
  ottla consume orders
  ottla consume orders -O -10 -e
  ottla consume orders -O @-1h:end -o ndjson | jq .value
  ottla consume orders -p 0,3 -n 5 -f '%p %o %d{iso} %k=%v\\n'
  ottla consume orders -e --key 'customer-7*' --header trace=/^4b/
  ottla consume orders --decode key=int64,value=msgpack -o ndjson
  ottla consume orders payments -g billing
  ottla consume orders -e -o ndjson | ottla produce copy -i ndjson")]
pub(crate) struct ConsumeArgs {
    /// Topics to read
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// Where to begin, and to end [default: start; in a group: stored]
    #[arg(short = 'O', long, alias = "from", value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Vec<String>,

    /// Begin so many before the end of each partition
    #[arg(long, value_name = "N", conflicts_with = "offset")]
    tail: Option<i64>,

    /// As -O start
    #[arg(long, hide = true, conflicts_with_all = ["offset", "tail"])]
    from_beginning: bool,

    /// As -O s@TIME
    #[arg(long, hide = true, value_name = "TIME", value_parser = time, allow_hyphen_values = true, conflicts_with_all = ["tail", "from_beginning"])]
    from_timestamp: Option<Timestamp>,

    /// As -O e@TIME
    #[arg(long, hide = true, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    to_timestamp: Option<Timestamp>,

    /// These partitions alone
    #[arg(short, long = "partition", value_name = "N", value_delimiter = ',')]
    partitions: Vec<i32>,

    /// Consume in this group, and commit what is shown
    #[arg(short, long, value_name = "GROUP", conflicts_with = "partitions")]
    group: Option<String>,

    /// End behind the last record that there is at the beginning
    #[arg(short, long)]
    exit_at_end: bool,

    /// Go on when all is read, which is the default
    #[arg(long, hide = true, conflicts_with = "exit_at_end")]
    follow: bool,

    /// End after so many records
    #[arg(short, long, visible_short_alias = 'c', value_name = "N")]
    num: Option<u64>,

    /// End when no record came for so long, as 500ms or 1m
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,

    /// Read no records of transactions that are open or aborted
    #[arg(long)]
    read_committed: bool,

    /// How to print records
    #[arg(short, long, value_parser = RecordFormatParser, default_value = "text", value_name = "FORMAT", allow_hyphen_values = true)]
    output: RecordFormat,

    /// How to print records, as a format string
    #[arg(short, long, conflicts_with = "output", value_name = "STRING")]
    format: Option<String>,

    /// What keys and values are (key=KIND, value=KIND, KIND for both)
    #[arg(long, value_name = "KIND,…", value_delimiter = ',')]
    decode: Vec<String>,

    #[command(flatten)]
    filter: FilterArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Large, so that there are few writes.
const BUFFER: usize = 256 * 1024;

pub(crate) fn run(args: &ConsumeArgs) -> Result<Outcome> {
    let stdout = io::stdout();
    let mut showing = args.showing(stdout.is_terminal())?;
    let spans = args.spans()?;
    let timeout = args.timeout()?;
    let mut out = BufWriter::with_capacity(BUFFER, stdout.lock());
    block_on(Box::pin(async {
        let connecting = args.connection.connect_consumer(defaults(timeout), args.properties(&spans));
        let (remote, config) = in_time(timeout, connecting).await?;
        let isolation = config.isolation_level;
        let consumer = Consumer::new(remote.client.clone(), config)?;
        let reading = args.reading(&remote, &consumer, isolation, &spans).await?;
        let has_end = reading.has_end() || timeout.is_some();
        // From here on there is a group to be left.
        let signals = Signals::listen()?;
        let ended = tokio::select! {
            // Before more is written.
            biased;
            asked = signals.asked() => Ok(if has_end { asked.outcome() } else { Outcome::Success }),
            ended = consume(&consumer, reading, timeout, &mut showing, &mut out) => ended.map(|()| Outcome::Success),
        };
        // A group is left also when something went wrong: others would wait for this member.
        consumer.close().await;
        showing.decoding.iter().for_each(Decoding::warn);
        ended
    }))
}

/// Less is not enough to ask a broker for anything.
const ASKING_TIME_MIN: Duration = Duration::from_secs(1);

/// Who will not wait for records waits no longer for a broker.
fn asking_time(timeout: Duration) -> Duration {
    timeout.max(ASKING_TIME_MIN)
}

async fn in_time<T>(timeout: Option<Duration>, connecting: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(time) = timeout.map(asking_time) else { return connecting.await };
    let connected = tokio::time::timeout(time, connecting).await;
    connected.with_context(|| format!("no broker answered within {time:?} (--timeout)"))?
}

/// How long a poll waits before it is looked whether all is read.
const TURN: Duration = Duration::from_millis(100);

/// What a poll gave counts as read once it is written.
async fn consume(
    consumer: &Consumer,
    mut reading: Reading,
    timeout: Option<Duration>,
    showing: &mut Showing,
    out: &mut impl Write,
) -> Result<()> {
    let mut idle = Duration::ZERO;
    while !reading.is_done(consumer).await? && timeout.is_none_or(|timeout| idle < timeout) {
        let records = consumer.poll(TURN).await?;
        idle = if records.is_empty() { idle + TURN } else { Duration::ZERO };
        match showing.show_all(out, &records, &mut reading) {
            Ok(read) => give_back(consumer, &records[read..])?,
            Err(error) => {
                give_back(consumer, &records)?;
                return Err(error);
            }
        }
    }
    reading.check_end(consumer)
}

impl ConsumeArgs {
    /// What the consumer begins to read.
    async fn reading(
        &self,
        remote: &Remote,
        consumer: &Consumer,
        isolation: IsolationLevel,
        spans: &Spans,
    ) -> Result<Reading> {
        if self.group.is_some() {
            consumer.subscribe(self.topics.iter().map(String::as_str))?;
            return Ok(Reading::of_group(self.exit_at_end, self.num));
        }
        let wanted = reading::wanted(&remote.admin, &self.topics, &self.partitions).await?;
        let lookup = Lookup { admin: &remote.admin, isolation, exit_at_end: self.exit_at_end };
        Reading::assigned(lookup, consumer, &wanted, spans, self.num).await
    }

    fn showing(&self, is_terminal: bool) -> Result<Showing> {
        let writing = Writing::new(self.output, self.format.as_deref(), is_terminal);
        let decoding =
            (!self.decode.is_empty()).then(|| Decoding::parse(self.decode.iter().map(String::as_str)));
        Ok(Showing {
            filter: Filter::new(&self.filter)?,
            decoding: decoding.transpose().map_err(|reason| usage(format!("--decode: {reason}")))?,
            writing: writing.map_err(|reason| usage(format!("--format: {reason}")))?,
        })
    }

    fn spans(&self) -> Result<Spans> {
        let mut texts = self.offset.clone();
        texts.extend(self.tail.map(|tail| format!("-{tail}")));
        if self.from_beginning {
            texts.push("start".into());
        }
        let mut spans = Spans::parse(texts.iter().map(String::as_str), wall_ms())
            .map_err(|text| usage(format!("--offset {text}: `ottla consume --help` tells what there is")))?;
        spans.of_all.from = self.from_timestamp.map(Bound::Time).or(spans.of_all.from);
        spans.of_all.to = self.to_timestamp.map(Bound::Time).or(spans.of_all.to);
        let is_groups = |bound: Bound| matches!(bound, Bound::Stored | Bound::Start | Bound::End);
        let is_plain = spans.of_partition.is_empty() && spans.of_all.to.is_none();
        if self.group.is_some() && !(is_plain && spans.bounds().all(is_groups)) {
            return Err(usage("--offset of a group is stored, or start or end where nothing is stored"));
        }
        if self.group.is_none() && spans.bounds().any(|bound| bound == Bound::Stored) {
            return Err(usage("--offset stored wants --group"));
        }
        Ok(spans)
    }

    fn timeout(&self) -> Result<Option<Duration>> {
        let Some(text) = &self.timeout else { return Ok(None) };
        let parsed = parse_duration(text);
        parsed.map(Some).ok_or_else(|| usage(format!("--timeout {text}: give it as 500ms, 30s or 1m")))
    }

    /// What flags say of the consumer. A partition that is trimmed meanwhile is read on from where it begins.
    fn properties(&self, spans: &Spans) -> Vec<Property> {
        let flag = |name: &str, value: &str| Property::new(name, value, "a flag");
        let mut all = Vec::new();
        if let Some(from) = spans.of_all.from.filter(|from| *from != Bound::Stored) {
            let is_end = from == Bound::End;
            all.push(flag("auto.offset.reset", if is_end { "latest" } else { "earliest" }));
        }
        if let Some(group) = &self.group {
            all.push(flag("group.id", group));
        }
        if self.read_committed {
            all.push(flag("isolation.level", "read_committed"));
        }
        all
    }
}

/// For clap: a time of kafkactl's flags.
fn time(text: &str) -> Result<Timestamp, String> {
    let time = parse_time(text, wall_ms());
    time.ok_or_else(|| "give it as 2024-02-29T12:00:00Z, in milliseconds, or as -48h (ago)".to_owned())
}

fn defaults(timeout: Option<Duration>) -> Vec<Property> {
    let default = |name: &str, value: &str| Property::new(name, value, "the default");
    let mut all = vec![default("auto.offset.reset", "earliest"), default("max.poll.records", "10000")];
    let asking = timeout.map(|timeout| asking_time(timeout).as_millis().to_string());
    all.extend(asking.map(|ms| Property::new("default.api.timeout.ms", ms, "--timeout")));
    all
}
