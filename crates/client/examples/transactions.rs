//! Makes records of one topic out of those of another, each exactly once, in transactions.
//!
//!     cargo run -p ottla-client --example transactions [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_client::admin::CommittedOffset;
use ottla_client::config::{ClientConfig, ConsumerConfig, IsolationLevel, OffsetReset, ProducerConfig};
use ottla_client::consumer::{Consumer, ConsumerRecord};
use ottla_client::producer::{Producer, ProducerRecord};
use ottla_client::{Client, Result, TopicPartition};

/// Gives how many records were made when none came for a while.
pub(crate) async fn run(servers: &str) -> Result<usize> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let config = ConsumerConfig::default()
        .group_id("example-transactions".to_owned())
        .auto_offset_reset(OffsetReset::Earliest)
        .isolation_level(IsolationLevel::ReadCommitted)
        .enable_auto_commit(false);
    let consumer = Consumer::new(client.clone(), config)?;
    consumer.subscribe(["example-async"])?;
    let config = ProducerConfig::default().transactional_id("example-transactions".to_owned());
    let producer = client.producer(config)?;
    // From here on an earlier program of the same id can write nothing any more.
    producer.init_transactions().await?;

    let mut made = 0;
    loop {
        let records = consumer.poll(Duration::from_secs(5)).await?;
        if records.is_empty() {
            break;
        }
        // What fails is aborted, and nobody who reads what is committed sees any of it.
        producer.in_transaction(async || transform(&producer, &consumer, &records).await).await?;
        made += records.len();
    }
    println!("{made} records were made");
    producer.close(Duration::from_secs(10)).await?;
    consumer.close().await;
    client.close().await;
    Ok(made)
}

async fn transform(producer: &Producer, consumer: &Consumer, records: &[ConsumerRecord]) -> Result<()> {
    let mut offsets: BTreeMap<TopicPartition, CommittedOffset> = BTreeMap::new();
    for record in records {
        let value = record.value.as_deref().unwrap_or_default().to_ascii_uppercase();
        // The commit waits until it is written.
        let _delivery = producer.send(ProducerRecord::new("example-transformed").value(value)).await?;
        offsets.insert(record.partition.clone(), CommittedOffset::new(record.offset + 1));
    }
    producer.send_offsets_to_transaction(offsets, &consumer.group_metadata()?).await
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
