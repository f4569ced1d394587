//! `ottla consume`: records to standard output.
//!
//! ```text
//! offsets   where to begin and to end, as people spell it
//! reading   which records those are: partitions, bounds, how many
//! format    format strings
//! writing   a record as text, tab-separated or as JSON
//! ```

mod format;
mod offsets;
mod reading;
mod writing;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use ottla_client::consumer::Consumer;
use tokio::signal::ctrl_c;

use crate::exit::{Outcome, usage};
use crate::remote::{ConnectionArgs, Property, block_on};
use crate::timestamp::parse_duration;
use offsets::Span;
use reading::Reading;
pub(crate) use writing::Writing;

/// Read records from topics
#[derive(Debug, Args)]
#[command(after_help = "\
Offsets: start, end, 42, +42 (so many behind the start), -42 (before the end),
@TIME, stored (where the group is), and FROM:TO with any of these. Times are
2024-02-29T12:00:00Z, milliseconds, or -48h (ago).

Formats: %t topic, %k key, %v value, %p partition, %o offset, %d timestamp,
%h{%k=%v } headers; %T %K %V lengths, %H number of headers, %e leader epoch.
Keys and values take {hex}, {base64}, {json}; numbers {big64}, {hex32}, ...;
timestamps {iso}. \\n, \\t, \\xNN and %% are what they look like.

Examples:
  ottla consume orders
  ottla consume orders -O -10 -e
  ottla consume orders -O @-1h:end -o ndjson | jq .value
  ottla consume orders -p 0,3 -n 5 -f '%p %o %d{iso} %k=%v\\n'
  ottla consume orders payments -g billing
  ottla consume orders -e -o ndjson | ottla produce copy -i ndjson")]
pub(crate) struct ConsumeArgs {
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// Where to begin, and to end [default: start; in a group: stored]
    #[arg(short = 'O', long, alias = "from", value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Option<String>,

    /// These partitions alone
    #[arg(short, long = "partition", value_name = "N", value_delimiter = ',')]
    partitions: Vec<i32>,

    /// Consume in this group, and commit
    #[arg(short, long, value_name = "GROUP", conflicts_with = "partitions")]
    group: Option<String>,

    /// End behind the last record that there is at the beginning
    #[arg(short, long)]
    exit_at_end: bool,

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
    #[arg(short, long, value_enum, default_value_t = RecordFormat::Text, value_name = "FORMAT")]
    output: RecordFormat,

    /// How to print records, as a format string
    #[arg(short, long, conflicts_with = "output", value_name = "STRING")]
    format: Option<String>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// The value, and a new line
    Text,
    /// Partition, offset, time, key and value, separated by tabs
    Tsv,
    /// Everything, as one JSON object a line
    #[value(alias = "json")]
    Ndjson,
}

pub(crate) fn run(args: &ConsumeArgs) -> Result<Outcome> {
    let stdout = io::stdout();
    let writing = Writing::new(args.output, args.format.as_deref(), stdout.is_terminal());
    let writing = writing.map_err(|reason| usage(format!("--format: {reason}")))?;
    let span = args.span()?;
    let timeout = args.timeout()?;
    let mut out = BufWriter::with_capacity(64 * 1024, stdout.lock());
    block_on(Box::pin(async {
        let (remote, config) = args.connection.connect_consumer(defaults(), args.properties(span)).await?;
        let isolation = config.isolation_level;
        let consumer = Consumer::new(remote.client.clone(), config)?;
        let reading = match &args.group {
            Some(_) => {
                consumer.subscribe(args.topics.iter().map(String::as_str))?;
                Reading::of_group(args.num)
            }
            None => {
                let wanted = reading::wanted(&remote.admin, &args.topics, &args.partitions).await?;
                let span = span.unwrap_or(Span { from: offsets::Bound::Start, to: None });
                Reading::assigned(&remote.admin, &consumer, isolation, &wanted, span, args).await?
            }
        };
        let ended = tokio::select! {
            ended = consume(&consumer, reading, timeout, &writing, &mut out) => ended,
            interrupted = ctrl_c() => interrupted.map_err(anyhow::Error::from),
        };
        out.flush()?;
        ended?;
        consumer.close().await;
        Ok(Outcome::Success)
    }))
}

/// How long a poll waits before it is looked whether all is read.
const TURN: Duration = Duration::from_millis(100);

async fn consume(
    consumer: &Consumer,
    mut reading: Reading,
    timeout: Option<Duration>,
    writing: &Writing,
    out: &mut impl Write,
) -> Result<()> {
    let mut idle = Duration::ZERO;
    while !reading.is_done(consumer) && timeout.is_none_or(|timeout| idle < timeout) {
        let records = consumer.poll(TURN).await?;
        idle = if records.is_empty() { idle + TURN } else { Duration::ZERO };
        for record in records {
            if reading.takes(&record) {
                writing.write(out, &record)?;
            }
        }
        out.flush()?;
    }
    Ok(())
}

impl ConsumeArgs {
    fn span(&self) -> Result<Option<Span>> {
        let Some(text) = &self.offset else { return Ok(None) };
        let parsed = Span::parse(text, crate::clock::wall_ms());
        let span = parsed
            .ok_or_else(|| usage(format!("--offset {text}: `ottla consume --help` tells what there is")))?;
        let is_groups =
            matches!(span.from, offsets::Bound::Stored | offsets::Bound::Start | offsets::Bound::End);
        if self.group.is_some() && (!is_groups || span.to.is_some()) {
            return Err(usage("--offset of a group is stored, or start or end where nothing is stored"));
        }
        if self.group.is_none() && span.from == offsets::Bound::Stored {
            return Err(usage("--offset stored wants --group"));
        }
        if self.exit_at_end && self.group.is_some() {
            return Err(usage("--exit-at-end has no meaning in a group: give --timeout"));
        }
        Ok(Some(span))
    }

    fn timeout(&self) -> Result<Option<Duration>> {
        let Some(text) = &self.timeout else { return Ok(None) };
        let parsed = parse_duration(text);
        parsed.map(Some).ok_or_else(|| usage(format!("--timeout {text}: give it as 500ms, 30s or 1m")))
    }

    /// What flags say of the consumer. A partition that is trimmed meanwhile is read on from where it begins.
    fn properties(&self, span: Option<Span>) -> Vec<Property> {
        let flag = |name: &str, value: &str| Property::new(name, value, "a flag");
        let mut all = Vec::new();
        if let Some(span) = span.filter(|span| span.from != offsets::Bound::Stored) {
            let is_end = span.from == offsets::Bound::End;
            all.push(flag("auto.offset.reset", if is_end { "latest" } else { "earliest" }));
        }
        if let Some(group) = &self.group {
            all.push(flag("group.id", group));
            if self.num.is_some() {
                // What a poll gave is committed, so that it must not give more than is printed.
                all.push(flag("max.poll.records", "1"));
            }
        }
        if self.read_committed {
            all.push(flag("isolation.level", "read_committed"));
        }
        all
    }
}

fn defaults() -> Vec<Property> {
    vec![Property::new("auto.offset.reset", "earliest", "the default")]
}
