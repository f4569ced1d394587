//! Carrying out measurements, and telling of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use ottla_client::admin::OffsetSpec;
use ottla_client::config::{ConsumerConfig, IsolationLevel, ProducerConfig};
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::producer::Producer;
use ottla_client::{Client, Offset, TopicPartition};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::consuming::consume;
use super::payloads::Payloads;
use super::producing::{Load, produce};
use super::progress::watched;
use super::report::Report;
use super::round_trips::{RoundTripTallies, RoundTrips};
use super::tally::Tally;
use super::topic::{Topic, TopicArgs};
use super::{AmountArgs, ConsumeArgs, RecordArgs};
use crate::clock;
use crate::commands::offsets_of::all_offsets_of;
use crate::exit::{Outcome, print_error, print_warning};
use crate::output::OutputArgs;
use crate::remote::{ConnectionArgs, Property, Remote};
use crate::signals::Signals;

/// What all measurements of one call have in common, and what they have found.
pub(super) struct Running<'a> {
    connection: &'a ConnectionArgs,
    records: &'a RecordArgs,
    payloads: Payloads,
    amount: Amount,
    remote: Remote,
    topic: Topic,
    is_given: bool,
    signals: Signals,
    reports: Vec<Report>,
    failure: Option<ottla_client::Error>,
}

/// When a measurement ends.
#[derive(Debug, Clone, Copy)]
struct Amount {
    num: Option<u64>,
    duration: Option<Duration>,
    rate: Option<f64>,
}

/// How long the last records may take.
const FAREWELL: Duration = Duration::from_secs(30);

impl<'a> Running<'a> {
    pub(super) async fn start(
        topic: &TopicArgs,
        amount: &AmountArgs,
        records: &'a RecordArgs,
        connection: &'a ConnectionArgs,
    ) -> Result<Running<'a>> {
        let amount = Amount { num: amount.num, duration: amount.duration()?, rate: amount.rate };
        let payloads = records.payloads()?;
        records.transaction()?;
        let remote = connection.connect().await?;
        let is_given = topic.is_given();
        // From here on there is something to be removed.
        let signals = Signals::listen()?.patient();
        let topic = topic.open(&remote.admin).await?;
        let (reports, failure) = (Vec::new(), None);
        Ok(Running {
            connection,
            records,
            payloads,
            amount,
            remote,
            topic,
            is_given,
            signals,
            reports,
            failure,
        })
    }

    pub(super) async fn produce(&mut self) -> Result<()> {
        let transaction = self.records.transaction()?;
        let producers = self.producers(transaction.is_some()).await?;
        let tally = self.send("produce", producers, self.amount, transaction, true).await?;
        self.failure = tally.first_error;
        Ok(())
    }

    pub(super) async fn fill_and_consume(&mut self, args: &ConsumeArgs) -> Result<()> {
        if !self.is_given {
            let producers = self.producers(false).await?;
            let amount = Amount { num: Some(args.fill), duration: None, rate: None };
            let tally = self.send("fill", producers, amount, None, false).await?;
            tally.first_error.map_or(Ok(()), Err).context("cannot fill the topic")?;
        }
        if self.signals.first().is_some() {
            return Ok(());
        }
        self.consume(args.consumers).await
    }

    /// Produces, reads what was produced, and then record by record.
    pub(super) async fn all(&mut self, consumers: u16) -> Result<()> {
        self.produce().await?;
        if self.signals.first().is_none() {
            self.consume(consumers).await?;
        }
        if self.signals.first().is_none() {
            self.round_trips().await?;
        }
        Ok(())
    }

    /// Has all of these send their part of it.
    async fn send(
        &mut self,
        test: &'static str,
        producers: Vec<Producer>,
        amount: Amount,
        transaction: Option<Duration>,
        is_reported: bool,
    ) -> Result<Tally> {
        let shares = u64::try_from(producers.len())?;
        let tally = Arc::new(Mutex::new(Tally::default()));
        let stopwatch = Stopwatch::start();
        let mut tasks = JoinSet::new();
        for (at, producer) in (0..).zip(producers) {
            let load = Load {
                partition: None,
                topic: self.topic.name.clone(),
                payloads: self.payloads.clone(),
                count: amount.num.map(|num| share(num, shares, at)),
                rate: amount.rate.map(|rate| rate / f64::from(self.records.producers)),
                transaction,
                from_due: true,
            };
            let (tally, until) = (tally.clone(), amount.until(self.signals.clone()));
            tasks.spawn(async move {
                let sent = produce(&producer, load, until, &tally).await;
                producer.close(FAREWELL).await?;
                sent
            });
        }
        watched(test, &tally, all(tasks)).await?;
        let tally = locked(&tally).clone();
        if is_reported {
            self.reports.push(stopwatch.report(test, &tally));
        }
        Ok(tally)
    }

    /// Reads from the beginning.
    async fn consume(&mut self, consumers: u16) -> Result<()> {
        let committed = IsolationLevel::ReadUncommitted;
        let admin = &self.remote.admin;
        let starts = all_offsets_of(admin, &self.topic.partitions, OffsetSpec::Earliest, committed).await?;
        let ends = all_offsets_of(admin, &self.topic.partitions, OffsetSpec::Latest, committed).await?;
        let mut shares = Vec::new();
        for share in dealt(&self.topic.partitions, consumers.into()) {
            let assigned = share.iter().map(|it| (it.clone(), starts.get(it).copied().unwrap_or_default()));
            let ends = share.iter().map(|it| (it.clone(), ends.get(it).copied().unwrap_or_default()));
            let unread =
                |(it, end): &(TopicPartition, Offset)| starts.get(it).is_none_or(|start| start < end);
            let ends: BTreeMap<TopicPartition, Offset> = ends.filter(unread).collect();
            let (client, config) = self.consumer_client().await?;
            let consumer = Consumer::new(client, config)?;
            shares.push((consumer, assigned.collect::<Vec<_>>(), ends));
        }
        let tally = Arc::new(Mutex::new(Tally::default()));
        let stopwatch = Stopwatch::start();
        let mut tasks = JoinSet::new();
        for (consumer, assigned, ends) in shares {
            let max = self.amount.num.unwrap_or(u64::MAX);
            let (tally, until) = (tally.clone(), self.amount.until(self.signals.clone()));
            tasks.spawn(async move {
                consumer.assign(assigned.into_iter().map(|(it, start)| (it, StartAt::Offset(start))))?;
                let read = consume(&consumer, ends, max, until, &tally).await;
                consumer.close().await;
                read
            });
        }
        watched("consume", &tally, all(tasks)).await?;
        self.reports.push(stopwatch.report("consume", &locked(&tally)));
        Ok(())
    }

    pub(super) async fn round_trips(&mut self) -> Result<()> {
        let (client, config) = self.consumer_client().await?;
        let consumer = Consumer::new(client, config)?;
        let isolation = IsolationLevel::ReadUncommitted;
        let partitions = &self.topic.partitions;
        let ends = all_offsets_of(&self.remote.admin, partitions, OffsetSpec::Latest, isolation).await?;
        consumer.assign(ends.into_iter().map(|(it, end)| (it, StartAt::Offset(end))))?;
        let producer = self.producer(vec![Property::new("linger.ms", "0", "latency")]).await?;
        let trips =
            RoundTrips { topic: self.topic.name.clone(), producer, consumer, size: self.records.size };
        let tallies = RoundTripTallies::default();
        let stopwatch = Stopwatch::start();
        let (num, rate, until) = (self.amount.num, self.amount.rate, self.amount.until(self.signals.clone()));
        watched("latency", &tallies.read, trips.run(num, rate, until, &tallies)).await?;
        self.reports.push(stopwatch.report("written", &locked(&tallies.written)));
        self.reports.push(stopwatch.report("read", &locked(&tallies.read)));
        trips.consumer.close().await;
        trips.producer.close(FAREWELL).await?;
        Ok(())
    }

    async fn producers(&self, is_transactional: bool) -> Result<Vec<Producer>> {
        let mut producers = Vec::new();
        for number in 0..self.records.producers {
            let id = format!("{}-{number}", self.topic.name);
            let flags = match is_transactional {
                true => vec![Property::new("transactional.id", id, "--transactional")],
                false => Vec::new(),
            };
            let producer = self.producer(flags).await?;
            if is_transactional {
                producer.init_transactions().await?;
            }
            producers.push(producer);
        }
        Ok(producers)
    }

    /// One with a client of its own.
    async fn producer(&self, flags: Vec<Property>) -> Result<Producer> {
        let flags = [self.records.properties(), flags].concat();
        let (remote, config): (Remote, ProducerConfig) = self.connection.connect_producer(flags).await?;
        Ok(remote.client.producer(config)?)
    }

    async fn consumer_client(&self) -> Result<(Client, ConsumerConfig)> {
        let (remote, config) = self.connection.connect_consumer(Vec::new(), Vec::new()).await?;
        Ok((remote.client, config))
    }

    /// Tells what was found, also when something went wrong later, and removes what was made.
    pub(super) async fn end(self, measured: Result<()>, output: OutputArgs) -> Result<Outcome> {
        self.topic.close(&self.remote.admin).await;
        if measured.is_ok() || !self.reports.is_empty() {
            output.print_all(&self.reports)?;
        }
        measured?;
        if let Some(error) = self.failure {
            print_error(&format!("not all records were written: {error}"));
            return Ok(Outcome::Failure);
        }
        match self.signals.first() {
            Some(asked) => {
                print_warning("interrupted: this is what was measured until then");
                Ok(asked.outcome())
            }
            None => Ok(Outcome::Success),
        }
    }
}

impl Amount {
    /// Ends when the time is over, or somebody wants it: what was measured until then is told.
    async fn until(self, signals: Signals) {
        let over = async {
            match self.duration {
                Some(duration) => sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => {}
            _asked = signals.asked() => {}
        }
    }
}

/// Time, and processors' time, since it was started.
#[derive(Debug, Clone, Copy)]
struct Stopwatch {
    began: std::time::Instant,
    processors: Duration,
}

impl Stopwatch {
    fn start() -> Stopwatch {
        Stopwatch { began: clock::now(), processors: clock::processor_time() }
    }

    fn report(self, test: &'static str, tally: &Tally) -> Report {
        let processors = clock::processor_time().saturating_sub(self.processors);
        Report::new(test, tally, clock::now() - self.began, processors)
    }
}

fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    // Counting does not panic.
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends with the first that fails.
async fn all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("a task of the measurement panicked")??;
    }
    Ok(())
}

/// How many of `num` fall to one of so many.
fn share(num: u64, shares: u64, at: u64) -> u64 {
    num / shares + u64::from(at < num % shares)
}

/// To each in turn; those for whom there is none are not needed.
fn dealt(partitions: &[TopicPartition], hands: usize) -> Vec<Vec<TopicPartition>> {
    let hands = hands.min(partitions.len());
    (0..hands).map(|at| partitions.iter().skip(at).step_by(hands).cloned().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_make_up_the_whole() {
        assert_eq!((0..3).map(|at| share(10, 3, at)).collect::<Vec<_>>(), [4, 3, 3]);
        assert_eq!((0..3).map(|at| share(2, 3, at)).collect::<Vec<_>>(), [1, 1, 0]);
        let partitions: Vec<_> = (0..5).map(|number| TopicPartition::new("t", number)).collect();
        let sizes = |hands| dealt(&partitions, hands).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!((sizes(2), sizes(9), sizes(1)), (vec![3, 2], vec![1; 5], vec![5]));
        assert!(dealt(&[], 3).is_empty());
    }
}
