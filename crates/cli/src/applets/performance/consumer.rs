//! `kafka-consumer-perf-test`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use ottla_client::TopicPartition;
use ottla_client::consumer::{Consumer, ConsumerRecord};
use ottla_client::group::{Listening, Pattern, RebalanceListener};
use ottla_records::Timestamp;
use tokio::signal::ctrl_c;

use super::date::DateFormat;
use super::metrics::print_consumer_metrics;
use super::{MIB, as_f64, fixed, ms_between, whole_ms};
use crate::applets::connection::Properties;
use crate::applets::ending::{Interrupted, Misuse};
use crate::applets::options::{Opt, Options, Syntax};
use crate::clock;
use crate::commands::bench::consuming::size;
use crate::exit::Outcome;
use crate::random;
use crate::remote::{block_on, connect_consumer_with};

static SYNTAX: Syntax = Syntax {
    about: "This tool is used to verify the consumer performance.",
    options: &[
        Opt::value("bootstrap-server", "server to connect to", "REQUIRED: The server(s) to connect to."),
        Opt::value("topic", "topic", "The topic to consume from."),
        Opt::value("include", "Java regex (String)", "Regular expression of topics to consume from."),
        Opt::value("group", "gid", "The group id to consume on (default: perf-consumer-N)."),
        Opt::value("fetch-size", "size", "max.partition.fetch.bytes (default: 1048576)"),
        Opt::value("command-property", "prop1=val1", "Options of the consumer."),
        Opt::flag("from-latest", "Begin with the latest record where the group has been nowhere."),
        Opt::value("socket-buffer-size", "size", "receive.buffer.bytes (default: 2097152)"),
        Opt::value("consumer.config", "config file", "(DEPRECATED) Use --command-config instead."),
        Opt::value("command-config", "config file", "A file of options of the consumer."),
        Opt::flag("print-metrics", "Print out the metrics."),
        Opt::flag("show-detailed-stats", "Print a line for each reporting interval."),
        Opt::optional("timeout", "milliseconds", "The longest time between records (default: 10000)."),
        Opt::value("messages", "count", "(DEPRECATED) Use --num-records instead."),
        Opt::value("num-records", "count", "REQUIRED: The number of records to consume."),
        Opt::value("reporting-interval", "interval_ms", "How often a line is printed (default: 5000)."),
        Opt::value("date-format", "date format", "How times are printed (default: yyyy-MM-dd HH:mm:ss:SSS)."),
        Opt::flag("hide-header", "Do not print the header."),
    ],
};

const NEW_FIELDS: &str = "rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";

/// How long a poll waits.
const TURN: Duration = Duration::from_millis(100);

pub(in crate::applets) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args).map_err(|misuse| SYNTAX.misuse(misuse.to_string()))?;
    check(&options)?;
    for (old, new) in [("messages", "num-records"), ("consumer.config", "command-config")] {
        if options.has(old) {
            writeln!(out, "Warning: --{old} is deprecated. Use --{new} instead.")?;
        }
    }
    if !options.has("hide-header") {
        let time = if options.has("show-detailed-stats") { "time, threadId" } else { "start.time, end.time" };
        writeln!(out, "{time}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, {NEW_FIELDS}")?;
    }
    let test = Test::of(&options)?;
    let properties = properties(&options)?;
    block_on(Box::pin(async {
        let (remote, config) = connect_consumer_with(properties.all()).await?;
        let consumer = Consumer::new(remote.client.clone(), config)?;
        let measured = tokio::select! {
            measured = test.run(&options, &consumer, out) => measured,
            interrupted = ctrl_c() => interrupted.map_err(Into::into).and(Err(Interrupted.into())),
        };
        if measured.is_ok() && options.has("print-metrics") {
            print_consumer_metrics(out, &remote.client)?;
        }
        consumer.close().await;
        measured.map(|()| Outcome::Success)
    }))
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<(), Misuse> {
    options.answer_help()?;
    options.require(&["bootstrap-server"])?;
    options.require_one_of(&["topic", "include"])?;
    options.require_one_of(&["messages", "num-records"])?;
    options.exclude("consumer.config", &["command-config"])
}

fn properties(options: &Options) -> Result<Properties> {
    let file = if options.has("consumer.config") { "consumer.config" } else { "command-config" };
    let mut properties = Properties::of_file(options, file)?;
    properties.extend_by(options, "command-property");
    properties.set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    let group = options.value("group")?.map(str::to_owned);
    let group = group.unwrap_or_else(|| format!("perf-consumer-{}", random::number() % 100_000));
    properties.set("group.id", group);
    let size =
        |name, default: i32| Ok::<_, Misuse>(options.number::<i32>(name)?.unwrap_or(default).to_string());
    properties.set("receive.buffer.bytes", size("socket-buffer-size", 2 << 20)?);
    properties.set("max.partition.fetch.bytes", size("fetch-size", 1 << 20)?);
    properties.set("auto.offset.reset", if options.has("from-latest") { "latest" } else { "earliest" });
    properties.set("check.crcs", "false");
    properties.set_default("client.id", "perf-consumer-client");
    Ok(properties)
}

/// What the command line asks for.
struct Test {
    count: i64,
    timeout_ms: u64,
    interval_ms: u64,
    is_detailed: bool,
    date_format: DateFormat,
}

/// What was read when a line was printed last, and since.
struct Progress {
    records: i64,
    bytes: u64,
    last: (Instant, i64, u64),
}

impl Test {
    fn of(options: &Options) -> Result<Test> {
        let count = options.number("num-records")?.or(options.number("messages")?);
        let interval: i64 = options.number("reporting-interval")?.unwrap_or(5000);
        let interval = u64::try_from(interval).ok().filter(|interval| *interval > 0);
        let timeout: i64 = options.number("timeout")?.unwrap_or(10_000);
        let format = options.value("date-format")?.unwrap_or("yyyy-MM-dd HH:mm:ss:SSS");
        Ok(Test {
            count: count.unwrap_or_default(),
            timeout_ms: u64::try_from(timeout).unwrap_or_default(),
            interval_ms: interval.ok_or_else(|| anyhow!("Reporting interval must be greater than 0."))?,
            is_detailed: options.has("show-detailed-stats"),
            date_format: DateFormat::parse(format)?,
        })
    }

    async fn run(&self, options: &Options, consumer: &Consumer, out: &mut dyn Write) -> Result<()> {
        let (start, start_ms) = (clock::now(), clock::wall_ms());
        let joining = Arc::new(Joining::default());
        consumer.listen(joining.clone())?;
        match options.value("topic")? {
            Some(topic) => consumer.subscribe([topic])?,
            None => {
                let pattern = options.value("include")?.unwrap_or_default();
                consumer.subscribe_pattern(Pattern::new(&format!("^(?:{pattern})$"))?)?;
            }
        }
        let (records, bytes) = self.consume(consumer, &joining, out).await?;
        if !self.is_detailed {
            let (took_ms, joining_ms) = (ms_between(start, clock::now()), joining.state().all_ms);
            let columns = columns(records, bytes, took_ms, joining_ms);
            let (from, to) = (self.date(start_ms), self.date(clock::wall_ms()));
            writeln!(out, "{from}, {to}, {columns}")?;
        }
        Ok(())
    }

    /// How many records, and how many bytes.
    async fn consume(
        &self,
        consumer: &Consumer,
        joining: &Joining,
        out: &mut dyn Write,
    ) -> Result<(i64, u64)> {
        let mut now = clock::now();
        let mut progress = Progress { records: 0, bytes: 0, last: (now, 0, 0) };
        let mut consumed_at = now;
        while progress.records < self.count && ms_between(consumed_at, now) <= self.timeout_ms {
            let records = consumer.poll(TURN).await?;
            now = clock::now();
            if !records.is_empty() {
                consumed_at = now;
            }
            self.count(&mut progress, &records, now, joining, out)?;
        }
        if progress.records < self.count {
            writeln!(
                out,
                "WARNING: Exiting before consuming the expected number of records: timeout ({} ms) exceeded. You can \
                 use the --timeout option to increase the timeout.",
                self.timeout_ms
            )?;
        }
        Ok((progress.records, progress.bytes))
    }

    /// Prints a line with the first record behind each interval.
    fn count(
        &self,
        progress: &mut Progress,
        records: &[ConsumerRecord],
        now: Instant,
        joining: &Joining,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for record in records {
            progress.records += 1;
            progress.bytes += size(record);
            let (since, last_records, last_bytes) = progress.last;
            let elapsed_ms = ms_between(since, now);
            if elapsed_ms < self.interval_ms {
                continue;
            }
            let joining_ms = std::mem::take(&mut joining.state().since_line_ms);
            if self.is_detailed {
                let (records, bytes) = (progress.records - last_records, progress.bytes - last_bytes);
                let line = detailed(progress, records, bytes, elapsed_ms, joining_ms);
                writeln!(out, "{}, 0, {line}", self.date(clock::wall_ms()))?;
                out.flush()?;
            }
            progress.last = (now, progress.records, progress.bytes);
        }
        Ok(())
    }

    fn date(&self, timestamp: Timestamp) -> String {
        self.date_format.format(timestamp)
    }
}

/// Behind the times of the line at the end.
fn columns(records: i64, bytes: u64, took_ms: u64, joining_ms: u64) -> String {
    let (records, mib) = (records.cast_unsigned(), as_f64(bytes) / MIB);
    let (seconds, fetching_ms) = (as_f64(took_ms) / 1000.0, i128::from(took_ms) - i128::from(joining_ms));
    let fetching = as_f64(took_ms) / 1000.0 - as_f64(joining_ms) / 1000.0;
    format!(
        "{}, {}, {records}, {}, {joining_ms}, {fetching_ms}, {}, {}",
        fixed(mib, 4),
        fixed(mib / seconds, 4),
        fixed(as_f64(records) / seconds, 4),
        fixed(mib / fetching, 4),
        fixed(as_f64(records) / fetching, 4)
    )
}

/// Behind the time and the thread's number of the line of an interval.
fn detailed(progress: &Progress, records: i64, bytes: u64, elapsed_ms: u64, joining_ms: u64) -> String {
    let (records, mib) = (records.cast_unsigned(), as_f64(bytes) / MIB);
    let seconds = as_f64(elapsed_ms) / 1000.0;
    let fetching_ms = i128::from(elapsed_ms) - i128::from(joining_ms);
    let fetching = (as_f64(elapsed_ms) - as_f64(joining_ms)) / 1000.0;
    let per_fetching = |amount: f64| if fetching_ms <= 0 { 0.0 } else { amount / fetching };
    format!(
        "{}, {}, {}, {}, {joining_ms}, {fetching_ms}, {}, {}",
        fixed(as_f64(progress.bytes) / MIB, 4),
        fixed(mib / seconds, 4),
        progress.records,
        fixed(as_f64(records) / seconds, 4),
        fixed(per_fetching(mib), 4),
        fixed(per_fetching(as_f64(records)), 4)
    )
}

/// How long the group kept the consumer waiting for partitions.
struct Joining(Mutex<JoiningState>);

struct JoiningState {
    began: Instant,
    assigned: Vec<TopicPartition>,
    all_ms: u64,
    since_line_ms: u64,
}

impl Default for Joining {
    fn default() -> Joining {
        let began = clock::now();
        Joining(Mutex::new(JoiningState { began, assigned: Vec::new(), all_ms: 0, since_line_ms: 0 }))
    }
}

impl Joining {
    fn state(&self) -> MutexGuard<'_, JoiningState> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RebalanceListener for Joining {
    fn assigned<'a>(&'a self, _consumer: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        let mut state = self.state();
        if state.assigned.is_empty() {
            let took = whole_ms(clock::now().saturating_duration_since(state.began));
            state.all_ms += took;
            state.since_line_ms += took;
        }
        state.assigned.extend_from_slice(partitions);
        Box::pin(async {})
    }

    fn revoked<'a>(&'a self, _consumer: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        let mut state = self.state();
        state.assigned.retain(|it| !partitions.contains(it));
        if state.assigned.is_empty() {
            state.began = clock::now();
        }
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_kafka() {
        let line = columns(1000, 2 << 20, 2000, 1000);
        assert_eq!(line, "2.0000, 1.0000, 1000, 500.0000, 1000, 1000, 2.0000, 1000.0000");
        assert_eq!(columns(0, 0, 10, 0), "0.0000, 0.0000, 0, 0.0000, 0, 10, 0.0000, 0.0000");
        assert_eq!(columns(1, 0, 5, 5), "0.0000, 0.0000, 1, 200.0000, 5, 0, NaN, Infinity");
        let progress = Progress { records: 30, bytes: 4 << 20, last: (clock::now(), 0, 0) };
        let line = detailed(&progress, 10, 1 << 20, 500, 500);
        assert_eq!(line, "4.0000, 2.0000, 30, 20.0000, 500, 0, 0.0000, 0.0000");
    }
}
