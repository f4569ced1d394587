//! Sends records without waiting, and takes their results as a stream, each with something of the program's own.
//!
//!     cargo run -p ottla-client --example async_producer [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ottla_client::config::{ClientConfig, ProducerConfig};
use ottla_client::producer::{Producer, ProducerMessage, ProducerRecord, Returns};
use ottla_client::{Client, Result};

/// Gives the numbers of the orders that were written, as their results came.
pub(crate) async fn run(servers: &str) -> Result<Vec<usize>> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let producer: Producer = client.producer(ProducerConfig::default().linger(Duration::from_millis(20)))?;
    let (input, mut outcomes) = producer.asynchronous(Returns::All);
    let sending = async move {
        for number in 0..100_usize {
            let record = ProducerRecord::new("example-async").value(format!("order {number}"));
            // The number is not sent: it comes back with the result.
            input.send(ProducerMessage::new(record, number)).await;
        }
        // That nothing more goes in ends the stream of results.
    };
    let mut written = Vec::new();
    let receiving = async {
        while let Some(outcome) = outcomes.recv().await {
            match outcome.result {
                Ok(_) => written.push(outcome.message.metadata),
                Err(error) => println!("order {} was not written: {error}", outcome.message.metadata),
            }
        }
    };
    tokio::join!(sending, receiving);
    println!("{} orders were written", written.len());
    producer.close(Duration::from_secs(10)).await?;
    client.close().await;
    Ok(written)
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
