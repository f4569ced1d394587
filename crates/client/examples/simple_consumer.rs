//! Reads a partition from its beginning to its end, without a group.
//!
//!     cargo run -p ottla-client --example simple_consumer [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ottla_client::config::{ClientConfig, ConsumerConfig};
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::{Client, Offset, Result, TopicPartition};

/// Gives the offsets that were read.
pub(crate) async fn run(servers: &str) -> Result<Vec<Offset>> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let consumer = Consumer::new(client.clone(), ConsumerConfig::default())?;
    let partition = TopicPartition::new("example-async", 0);
    let end = consumer.end_offsets([&partition]).await?[&partition];
    consumer.assign([(partition.clone(), StartAt::Earliest)])?;

    let mut read = Vec::new();
    while consumer.position(&partition)?.is_none_or(|position| position < end) {
        for record in consumer.poll(Duration::from_secs(1)).await? {
            let value = record.value.as_deref().map(String::from_utf8_lossy);
            println!("{} at {}: {value:?}, {} behind", record.partition, record.offset, record.lag());
            read.push(record.offset);
        }
    }
    consumer.close().await;
    client.close().await;
    Ok(read)
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
