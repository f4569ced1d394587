//! Handles records in batches of up to ten, or of what came within a second, and commits after each batch.
//!
//!     cargo run -p ottla-client --example batch_commit [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ottla_client::config::{ClientConfig, ConsumerConfig, OffsetReset};
use ottla_client::consumer::{Consumer, ConsumerRecord};
use ottla_client::{Client, Result};
use tokio::time::{Instant, timeout_at};

const RECORDS_MAX: usize = 10;
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Gives the sizes of the batches.
pub(crate) async fn run(servers: &str) -> Result<Vec<usize>> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let config = ConsumerConfig::default()
        .group_id("example-batches".to_owned())
        .auto_offset_reset(OffsetReset::Earliest)
        .enable_auto_commit(false);
    let consumer = Consumer::new(client.clone(), config)?;
    consumer.subscribe(["example-async"])?;

    let mut sizes = Vec::new();
    loop {
        // The first may take long, since the group is joined meanwhile.
        let Ok(first) = timeout_at(Instant::now() + 5 * WAIT_MAX, consumer.recv()).await else { break };
        let batch = fill(&consumer, first?).await?;
        println!("a batch of {} up to {}", batch.len(), batch[batch.len() - 1].offset);
        sizes.push(batch.len());
        consumer.commit().await?;
    }
    consumer.close().await;
    client.close().await;
    Ok(sizes)
}

async fn fill(consumer: &Consumer, first: ConsumerRecord) -> Result<Vec<ConsumerRecord>> {
    let (mut batch, deadline) = (vec![first], Instant::now() + WAIT_MAX);
    while batch.len() < RECORDS_MAX {
        // Waiting for a record can be given up at any time: none is lost.
        match timeout_at(deadline, consumer.recv()).await {
            Ok(record) => batch.push(record?),
            Err(_elapsed) => break,
        }
    }
    Ok(batch)
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
