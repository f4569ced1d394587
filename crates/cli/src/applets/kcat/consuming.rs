//! `-C` and `-G`: messages, until somebody or something ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::group::Pattern;
use ottla_client::{Offset, TopicPartition};

use super::groups::Rebalances;
use super::options::{Options, Start};
use super::printing::Printer;
use super::settings::Settings;
use super::told::{self, Fatal};
use crate::applets::ending::asked_to_end;
use crate::commands::consume::give_back;
use crate::exit::Outcome;
use crate::remote::connect_consumer_with;

/// How long a poll waits before it is looked where partitions end.
const TURN: Duration = Duration::from_millis(100);

const BUFFER: usize = 256 * 1024;

pub(super) async fn run(options: &Options, settings: Settings, out: &mut dyn Write) -> Result<Outcome> {
    let (remote, config) = connect_consumer_with(&settings.properties()).await?;
    let isolation = config.isolation_level;
    let printer = Printer::new(options, remote.client.clone())?;
    let consumer = Consumer::new(remote.client.clone(), config)?;
    let partitions = partitions(options, &remote.admin).await?;
    let starts = starts(options, &remote.admin, isolation, &partitions).await?;
    consumer.assign(starts)?;
    let consuming = Consuming::new(options, printer, &consumer);
    let ended = consuming.run(BufWriter::with_capacity(BUFFER, out)).await;
    consumer.close().await;
    ended
}

pub(super) async fn run_group(options: &Options, settings: Settings, out: &mut dyn Write) -> Result<Outcome> {
    if options.start_time.is_some() || options.stop_time.is_some() {
        return Err(Fatal::new("-o ..@ timestamps can't be used with -G mode\n").into());
    }
    if options.rest.is_empty() {
        return Err(Fatal::new(
            "Failed to subscribe to 0 topics: Local: Invalid argument or configuration\n",
        )
        .into());
    }
    let (remote, config) = connect_consumer_with(&settings.properties()).await?;
    let printer = Printer::new(options, remote.client.clone())?;
    let group = settings.get("group.id").unwrap_or_default().to_owned();
    let consumer = Consumer::new(remote.client.clone(), config)?;
    consumer.listen(Arc::new(Rebalances { group, start: options.start, verbosity: options.verbosity }))?;
    subscribe(&consumer, &options.rest)?;
    options.tell(1, "Waiting for group rebalance");
    let mut consuming = Consuming::new(options, printer, &consumer);
    consuming.is_group = true;
    let ended = consuming.run(BufWriter::with_capacity(BUFFER, out)).await;
    consumer.close().await;
    ended
}

/// Topics by their names, and those that begin with ^ by a pattern.
fn subscribe(consumer: &Consumer, topics: &[String]) -> Result<()> {
    if !topics.iter().any(|topic| topic.starts_with('^')) {
        return Ok(consumer.subscribe(topics.iter().map(String::as_str))?);
    }
    // As librdkafka has it, a pattern need not match all of a name.
    let pattern = |topic: &String| match topic.strip_prefix('^') {
        Some(pattern) => format!("(?:{pattern}).*"),
        None => regex::escape(topic),
    };
    let pattern = topics.iter().map(pattern).collect::<Vec<_>>().join("|");
    Ok(consumer.subscribe_pattern(Pattern::new(&pattern)?)?)
}

async fn partitions(options: &Options, admin: &Admin) -> Result<Vec<TopicPartition>> {
    let topic = options.topic.as_deref().unwrap_or_default();
    let described = admin.describe_topics(&[topic]).await?.into_values().next();
    let described = described.ok_or_else(|| Fatal::new(format!("No such topic in cluster: {topic}")))?;
    let described =
        described.map_err(|error| Fatal::new(format!("Topic {topic} error: {}", told::words(&error))))?;
    let numbers: Vec<i32> = described.partitions.iter().map(|partition| partition.number).collect();
    if let Some(missing) = options.partition.filter(|number| !numbers.contains(number)) {
        let last = numbers.len().saturating_sub(1);
        let reason = format!("Topic {topic} (with partitions 0..{last}): partition {missing} does not exist");
        return Err(Fatal::new(reason).into());
    }
    let is_wanted = |number: &i32| options.partition.is_none_or(|wanted| wanted == *number);
    Ok(numbers.into_iter().filter(is_wanted).map(|number| TopicPartition::new(topic, number)).collect())
}

async fn starts(
    options: &Options,
    admin: &Admin,
    isolation: IsolationLevel,
    partitions: &[TopicPartition],
) -> Result<Vec<(TopicPartition, StartAt)>> {
    let start = match (options.start_time, options.start) {
        (Some(time), _) => StartAt::Timestamp(time),
        (None, Start::Unsaid | Start::Beginning) => StartAt::Earliest,
        (None, Start::End) => StartAt::Latest,
        (None, Start::Stored) => StartAt::Committed,
        (None, Start::At(offset)) => StartAt::Offset(offset),
        (None, Start::BeforeEnd(count)) => {
            let specs = partitions.iter().map(|it| (it.clone(), OffsetSpec::Latest)).collect();
            let ends = admin.list_offsets(&specs, isolation).await?;
            let start = |it: &TopicPartition| {
                let end = ends.get(it).and_then(|end| end.as_ref().ok()?.offset).unwrap_or_default();
                (it.clone(), StartAt::Offset(end.saturating_sub(count).max(0)))
            };
            return Ok(partitions.iter().map(start).collect());
        }
    };
    Ok(partitions.iter().map(|it| (it.clone(), start)).collect())
}

/// Messages on their way to standard output.
struct Consuming<'a> {
    options: &'a Options,
    printer: Printer<'a>,
    consumer: &'a Consumer,
    is_group: bool,
    /// Where partitions ended when they were last asked.
    ends: BTreeMap<TopicPartition, Offset>,
    /// Those that are read up to there.
    at_end: BTreeSet<TopicPartition>,
    /// Those of which nothing more is wanted.
    stopped: BTreeSet<TopicPartition>,
    count: u64,
    is_over: bool,
}

impl<'a> Consuming<'a> {
    fn new(options: &'a Options, printer: Printer<'a>, consumer: &'a Consumer) -> Consuming<'a> {
        Consuming {
            options,
            printer,
            consumer,
            is_group: false,
            ends: BTreeMap::new(),
            at_end: BTreeSet::new(),
            stopped: BTreeSet::new(),
            count: 0,
            is_over: false,
        }
    }

    async fn run(mut self, mut out: impl Write) -> Result<Outcome> {
        let ended = tokio::select! {
            ended = self.consume(&mut out) => ended,
            interrupted = asked_to_end() => interrupted.map_err(Into::into),
        };
        let flushed = out.flush();
        ended?;
        flushed?;
        Ok(Outcome::Success)
    }

    async fn consume(&mut self, out: &mut impl Write) -> Result<()> {
        while !self.is_over {
            let records = self.consumer.poll(TURN).await?;
            let read = match self.print_all(out, &records) {
                Ok(read) => read,
                Err(error) => {
                    give_back(self.consumer, &records)?;
                    return Err(error);
                }
            };
            give_back(self.consumer, &records[read..])?;
            if !self.is_over && (self.options.exits_at_end || self.options.verbosity >= 1) {
                self.look_for_ends().await?;
            }
        }
        Ok(())
    }

    /// How many were read.
    fn print_all(&mut self, out: &mut impl Write, records: &[ConsumerRecord]) -> Result<usize> {
        let mut read = 0;
        for run in records.chunk_by(|one, next| one.partition == next.partition) {
            for record in run {
                if self.is_over {
                    break;
                }
                read += 1;
                let is_stopped = !self.stopped.is_empty() && self.stopped.contains(&record.partition);
                if !is_stopped {
                    self.take(out, record)?;
                }
            }
            self.at_end.retain(|it| run.first().is_none_or(|first| first.partition != *it));
        }
        out.flush()?;
        Ok(read)
    }

    fn take(&mut self, out: &mut impl Write, record: &ConsumerRecord) -> Result<()> {
        if self.options.stop_time.is_some_and(|time| record.timestamp >= time) {
            self.stop(&record.partition);
            self.tell_reached("stop timestamp for", &record.partition, record.offset);
            return Ok(());
        }
        self.printer.print(out, record)?;
        if self.options.is_unbuffered {
            out.flush()?;
        }
        self.count += 1;
        self.is_over = self.options.count == Some(self.count);
        Ok(())
    }

    fn stop(&mut self, partition: &TopicPartition) {
        // It is assigned, so that this cannot fail; and if it did, what comes is passed over.
        let _paused = self.consumer.pause([partition]);
        self.stopped.insert(partition.clone());
        self.is_over = self.stopped.len() >= self.consumer.assignment().len();
    }

    /// Where the position of a partition is where it ended, it is asked whether it ends there still.
    async fn look_for_ends(&mut self) -> Result<()> {
        let mut assigned = self.consumer.assignment();
        self.at_end.retain(|it| assigned.contains(it));
        assigned.retain(|it| {
            let position = self.consumer.position(it).ok().flatten();
            let may_be =
                position.is_some_and(|position| self.ends.get(it).is_none_or(|end| position >= *end));
            may_be && !self.at_end.contains(it) && !self.stopped.contains(it)
        });
        if assigned.is_empty() {
            return Ok(());
        }
        for (partition, end) in self.consumer.end_offsets(&assigned).await? {
            let position = self.consumer.position(&partition).ok().flatten();
            if position.is_some_and(|position| position >= end) {
                self.reached_end(&partition, end);
            }
            self.ends.insert(partition, end);
        }
        Ok(())
    }

    fn reached_end(&mut self, partition: &TopicPartition, end: Offset) {
        if self.options.exits_at_end && !self.is_group {
            self.stop(partition);
        }
        self.at_end.insert(partition.clone());
        if self.options.exits_at_end && self.is_group {
            self.is_over = self.at_end.len() >= self.consumer.assignment().len();
        }
        self.tell_reached("end of", partition, end);
    }

    fn tell_reached(&self, what: &str, partition: &TopicPartition, offset: Offset) {
        let TopicPartition { topic, partition } = partition;
        let exiting = if self.is_over { ": exiting" } else { "" };
        let told = format_args!("Reached {what} topic {topic} [{partition}] at offset {offset}{exiting}");
        self.options.tell(1, told);
    }
}
