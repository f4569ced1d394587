//! sarama's tools, two of which are called as scripts of Kafka's are. Their flags are those of Go's package `flag`.
//!
//! ```text
//! which             whose tool is meant: sarama's or Kafka's
//! flags             command lines; numbers in them
//! told              how they end, and errors in sarama's words
//! connection        brokers and TLS
//! console_producer  kafka-console-producer
//! console_consumer  kafka-console-consumer, kafka-console-partitionconsumer
//! performance       kafka-producer-performance; report is what it prints
//! ```

mod connection;
mod console_consumer;
mod console_producer;
mod flags;
mod numbers;
mod performance;
mod report;
mod told;
mod which;

use std::io::Write;

use anyhow::Result;

use super::{console_consumer as kafka_consumer, console_producer as kafka_producer};
use crate::exit::Outcome;
use which::{Whose, whose};

/// `kafka-console-producer` without `.sh`.
pub(super) fn run_producer(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    match whose(args, &console_producer::FLAGS, &kafka_producer::SYNTAX) {
        Whose::Saramas => told::report(console_producer::run(args, out)),
        Whose::Kafkas => kafka_producer::run(args, out),
    }
}

/// `kafka-console-consumer` without `.sh`.
pub(super) fn run_consumer(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    match whose(args, &console_consumer::FLAGS, &kafka_consumer::SYNTAX) {
        Whose::Saramas => told::report(console_consumer::run(args, out)),
        Whose::Kafkas => kafka_consumer::run(args, out),
    }
}

/// `kafka-console-partitionconsumer`.
pub(super) fn run_partition_consumer(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    told::report(console_consumer::run_partition(args, out))
}

/// `kafka-producer-performance`.
pub(super) fn run_performance(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    told::report(performance::run(args, out))
}
