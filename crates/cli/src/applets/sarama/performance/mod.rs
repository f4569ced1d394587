//! `kafka-producer-performance` of sarama, over the engine of `ottla bench`.
//!
//! ```text
//! flags    the command line
//! options  what it says to the producer, and what sarama refuses
//! sending  with -sync, one after the other
//! ```

mod flags;
mod options;
mod sending;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use ottla_client::producer::{Producer, ProducerRecord};
use ottla_client::{Client, Error};
use tokio::signal::ctrl_c;
use tokio::task::JoinSet;
use tokio::time::interval_at;

use super::flags::Flags;
use super::report::Sent;
use super::told::{Ended, words};
use crate::applets::ending::Interrupted;
use crate::clock;
use crate::commands::bench::payloads::Payloads;
use crate::commands::bench::producing::{Load, produce};
use crate::exit::Outcome;
use crate::remote::{block_on_threads, connect_producer_with};
use flags::FLAGS;
use options::{check, properties, refusal};
use sending::{FirstFailure, Routine};

/// How long the last records may take.
const FAREWELL: Duration = Duration::from_secs(120);

/// How often a line is printed.
const INTERVAL: Duration = Duration::from_secs(5);

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let flags = FLAGS.parse(args)?;
    let test = Test::of(&flags)?;
    let properties = properties(&flags)?;
    check(&flags)?;
    block_on_threads(Box::pin(async {
        let connected = connect_producer_with(properties.all()).await;
        let (remote, config) =
            connected.map_err(|error| Ended::because("Failed to create producer", &error))?;
        let producer = remote.client.producer(config)?;
        let began = clock::now();
        tokio::select! {
            sent = test.send(&producer) => sent?,
            never = print_lines(&remote.client, began, test.size, out) => never?,
            interrupted = ctrl_c() => interrupted.map_err(anyhow::Error::from).and(Err(Interrupted.into()))?,
        }
        writeln!(out, "{}", line(&remote.client, began, test.size))?;
        producer.close(FAREWELL).await?;
        Ok(Outcome::Success)
    }))
}

fn line(client: &Client, began: Instant, size: usize) -> String {
    Sent::of(&client.metrics(), clock::now() - began).line(size as u64)
}

/// Until something else ends it.
async fn print_lines(client: &Client, began: Instant, size: usize, out: &mut dyn Write) -> Result<()> {
    let mut ticks = interval_at((began + INTERVAL).into(), INTERVAL);
    loop {
        ticks.tick().await;
        writeln!(out, "{}", line(client, began, size))?;
        out.flush()?;
    }
}

/// What the command line asks for.
struct Test {
    topic: Arc<str>,
    partition: Option<i32>,
    count: u64,
    size: usize,
    /// Records a second.
    rate: Option<u32>,
    /// How many send one after the other; none does if all are sent without waiting.
    routines: Option<u64>,
    refusal: Option<String>,
}

impl Test {
    /// In the order in which the tool complains.
    fn of(flags: &Flags) -> Result<Test, Ended> {
        for required in ["brokers", "topic"] {
            if flags.text(required).is_empty() {
                return Err(flags.misuse(&format!("-{required} is required")));
            }
        }
        let above_zero = |name: &str| {
            let number = u64::try_from(flags.int(name)).ok().filter(|number| *number > 0);
            number.ok_or_else(|| flags.misuse(&format!("-{name} must be greater than 0")))
        };
        let (count, size) = (above_zero("message-load")?, above_zero("message-size")?);
        let routines = u64::try_from(flags.int("routines")).ok().filter(|it| (1..=count).contains(it));
        let routines = routines.ok_or_else(|| {
            flags.misuse("-routines must be greater than 0 and less than or equal to -message-load")
        })?;
        let protocol = flags.text("security-protocol");
        if !matches!(protocol.as_str(), "PLAINTEXT" | "SSL") {
            return Err(flags.misuse(&format!("-security-protocol {protocol:?} is not supported")));
        }
        let rate = flags.int("throughput");
        Ok(Test {
            topic: flags.text("topic").into(),
            partition: manual_partition(flags)?,
            count,
            size: usize::try_from(size).unwrap_or(usize::MAX),
            rate: (rate > 0).then(|| u32::try_from(rate).unwrap_or(u32::MAX)),
            routines: flags.has("sync").then_some(routines),
            refusal: refusal(flags, size),
        })
    }

    async fn send(&self, producer: &Producer) -> Result<()> {
        let failed = |reason: String| {
            let what = match self.routines {
                Some(_) => "Failed to send message".to_owned(),
                None => format!("kafka: Failed to produce message to topic {}", self.topic),
            };
            Ended::unavailable(format!("{what}: {reason}"))
        };
        if let Some(reason) = &self.refusal {
            return Err(failed(reason.clone()).into());
        }
        let sent = match self.routines {
            Some(routines) => self.send_in_turns(producer, routines).await,
            None => self.send_all(producer).await,
        };
        sent.map_err(|error| if error.is::<Error>() { failed(words(&error)).into() } else { error })
    }

    /// Without waiting for answers.
    async fn send_all(&self, producer: &Producer) -> Result<()> {
        let load = Load {
            topic: self.topic.clone(),
            partition: self.partition,
            payloads: Payloads::random(self.size),
            count: Some(self.count),
            rate: self.rate.map(f64::from),
            transaction: None,
            from_due: false,
        };
        let first = Mutex::new(FirstFailure::default());
        let is_told = first.lock().unwrap_or_else(PoisonError::into_inner).told.clone();
        tokio::select! {
            sent = produce(producer, load, std::future::pending(), &first) => sent?,
            () = is_told.notified() => {}
        }
        let failure = first.into_inner().unwrap_or_else(PoisonError::into_inner).error;
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Each routine waits for the answer before it sends what comes next.
    async fn send_in_turns(&self, producer: &Producer, routines: u64) -> Result<()> {
        let mut tasks = JoinSet::new();
        for number in 0..routines {
            let rest = if number + 1 == routines { self.count % routines } else { 0 };
            let mut record = ProducerRecord::new(self.topic.clone());
            record.partition = self.partition;
            let routine = Routine {
                producer: producer.clone(),
                record,
                payloads: Payloads::random(self.size),
                count: self.count / routines + rest,
                rate: self.rate,
            };
            tasks.spawn(routine.run());
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// The partition that the manual partitioner takes; other partitioners look for one.
fn manual_partition(flags: &Flags) -> Result<Option<i32>, Ended> {
    let (partitioner, partition) = (flags.text("partitioner"), flags.int("partition"));
    match partitioner.as_str() {
        "manual" if partition < 0 => Err(flags.misuse("-partition must not be -1 for -partitioning=manual")),
        "manual" => Ok(Some(i32::try_from(partition).unwrap_or(i32::MAX))),
        "hash" | "random" | "roundrobin" => Ok(None),
        _ => Err(flags.misuse(&format!("Unknown -partitioning: {partitioner}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        let required = "-brokers a:1 -topic t -message-load 5 -message-size 10 -version 2.8.0 ";
        let args: Vec<String> = (required.to_owned() + line).split_whitespace().map(str::to_owned).collect();
        let flags = FLAGS.parse(&args).unwrap_or_else(|ended| panic!("{line}: {ended}"));
        let all = || Ok::<_, anyhow::Error>((Test::of(&flags)?, properties(&flags)?, check(&flags)?));
        match all() {
            Ok((test, ..)) => test.refusal.unwrap_or_default(),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_in_saramas_words() {
        for (line, expected) in [
            ("", ""),
            (
                "-routines 6",
                "ERROR: -routines must be greater than 0 and less than or equal to -message-load",
            ),
            ("-partitioner manual", "ERROR: -partition must not be -1 for -partitioning=manual"),
            ("-partitioner x", "ERROR: Unknown -partitioning: x"),
            ("-compression zstd", "ERROR: Unknown -compression: zstd"),
            ("-version 1", "ERROR: unknown -version: 1"),
            (
                "-timeout -1s",
                "ERROR: Invalid configuration: kafka: invalid configuration (Producer.Timeout must be > 0)",
            ),
            (
                "-version 0.9.0.1 -compression lz4",
                "ERROR: Invalid configuration: kafka: invalid configuration (lz4 compression requires Version >= V0_10_0_0)",
            ),
            (
                "-required-acks 2",
                "kafka server: The number of required acks is invalid (should be either -1, 0, or 1)",
            ),
            (
                "-max-message-bytes 45",
                "kafka: invalid configuration (Attempt to produce message larger than configured \
                 Producer.MaxMessageBytes: 46 > 45)",
            ),
        ] {
            assert_eq!(refused(line), expected, "{line}");
        }
    }
}
