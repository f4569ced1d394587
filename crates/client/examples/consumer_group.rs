//! Consumes a topic in a group by a handler: batches of up to ten records of a partition, each again if it fails, and what keeps
//! failing to a topic of dead letters.
//!
//!     cargo run -p ottla-client --example consumer_group [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ottla_client::Client;
use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::{ClientConfig, ConsumerConfig, OffsetReset};
use ottla_client::group::{
    Batch, BatchHandler, BatchOptions, Batches, ConsumerGroup, DeadLetters, Handled, HandlerError, OnFailure,
};

/// Takes orders, except one that cannot be handled.
struct Orders {
    handled: Arc<AtomicUsize>,
}

impl BatchHandler for Orders {
    fn handle<'a>(&'a self, batch: Batch<'a>) -> Handled<'a> {
        Box::pin(async move {
            if batch.records().iter().any(|record| record.value.as_deref() == Some(b"order 13")) {
                return Err("there is no such house".into());
            }
            println!("{} orders of {}", batch.records().len(), batch.partition());
            self.handled.fetch_add(batch.records().len(), Ordering::Relaxed);
            Ok(())
        })
    }
}

/// Gives how many orders were handled within some seconds.
pub(crate) async fn run(servers: &str) -> Result<usize, HandlerError> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    // That it is there already is all right too.
    let _made = Admin::new(client.clone()).create_topics(&[NewTopic::new("example-dead-letters")]).await?;
    let letters = DeadLetters::new(&client, "example-dead-letters")?;
    let options = BatchOptions::default()
        .records_max(10_usize)
        .wait_max(Duration::from_millis(200))
        .attempts_max(2)
        .on_failure(OnFailure::DeadLetters(letters));
    let config = ConsumerConfig::default()
        .group_id("example-handler".to_owned())
        .auto_offset_reset(OffsetReset::Earliest);

    let handled = Arc::new(AtomicUsize::new(0));
    let group = ConsumerGroup::new(client.clone(), config)?;
    let handler = Batches::new(Orders { handled: handled.clone() }, options);
    // A program would wait for a signal.
    group.consume(["example-async"], handler, tokio::time::sleep(Duration::from_secs(5))).await?;
    client.close().await;
    Ok(handled.load(Ordering::Relaxed))
}

#[tokio::main]
async fn main() -> Result<(), HandlerError> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
