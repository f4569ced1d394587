//! Consumes a topic in a group, and commits what was handled.
//!
//!     cargo run -p ottla-client --example group [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ottla_client::config::{ClientConfig, ConsumerConfig, OffsetReset};
use ottla_client::consumer::Consumer;
use ottla_client::{Client, Result};

/// Gives how many records were handled when none came for a while.
pub(crate) async fn run(servers: &str) -> Result<usize> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let config = ConsumerConfig::default()
        .group_id("example-group".to_owned())
        .auto_offset_reset(OffsetReset::Earliest)
        .enable_auto_commit(false);
    let consumer = Consumer::new(client.clone(), config)?;
    consumer.subscribe(["example-async"])?;

    let mut handled = 0;
    loop {
        let records = consumer.poll(Duration::from_secs(5)).await?;
        if records.is_empty() {
            break;
        }
        for record in &records {
            println!("{} at {}", record.partition, record.offset);
        }
        handled += records.len();
        // Everything that was given out is handled: the group goes on behind it.
        consumer.commit().await?;
    }
    consumer.close().await;
    client.close().await;
    Ok(handled)
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
