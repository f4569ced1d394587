//! Sends records one by one and waits for each, without an asynchronous runtime.
//!
//!     cargo run -p ottla-client --example sync_producer [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ottla_client::Result;
use ottla_client::blocking::Client;
use ottla_client::config::{ClientConfig, Compression, ProducerConfig};
use ottla_client::producer::{ProducerRecord, RecordMetadata};

/// Gives where the records were written.
pub(crate) fn run(servers: &str) -> Result<Vec<RecordMetadata>> {
    let client = Client::connect(ClientConfig::new(servers))?;
    let producer = client.producer(ProducerConfig::default().compression_type(Compression::Lz4))?;
    let mut written = Vec::new();
    for number in 0..10 {
        let record = ProducerRecord::new("example-sync")
            .key(format!("customer-{}", number % 3))
            .value(format!("order {number}"))
            .header("trace-id", "4bf92f3577b34da6");
        let metadata = producer.send_and_wait(record)?;
        println!("{} at {:?}", metadata.topic_partition, metadata.offset);
        written.push(metadata);
    }
    producer.close(Duration::from_secs(10))?;
    Ok(written)
}

fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).map(drop)
}
