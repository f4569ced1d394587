//! Works through the records of a topic together with all others of a share group, each record by one of them.
//!
//!     cargo run -p ottla-client --example share_consumer [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use ottla_client::admin::{Admin, AlterConfig, ConfigResource};
use ottla_client::config::{AcknowledgementMode, ClientConfig, ConsumerConfig};
use ottla_client::share::{AcknowledgeType, ShareConsumer, ShareRecord};
use ottla_client::{Client, Result};

const GROUP: &str = "example-share-group";

/// Gives how many records were accepted when none came for a while.
pub(crate) async fn run(servers: &str) -> Result<usize> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    begin_at_the_first_record(&client).await?;
    let config = ConsumerConfig::default()
        .group_id(GROUP.to_owned())
        .share_acknowledgement_mode(AcknowledgementMode::Explicit);
    let consumer = ShareConsumer::new(client.clone(), config)?;
    consumer.subscribe(["example-async"]);

    let mut accepted = 0;
    loop {
        let records = consumer.poll(Duration::from_secs(10)).await?;
        if records.is_empty() {
            break;
        }
        for record in &records {
            let what = work(record);
            consumer.acknowledge(record, what)?;
            accepted += usize::from(what == AcknowledgeType::Accept);
        }
        for (partition, result) in consumer.commit().await {
            if let Err(error) = result {
                println!("records of {partition} are delivered again: {error}");
            }
        }
    }
    consumer.close().await;
    client.close().await;
    Ok(accepted)
}

/// What became of it: what fails for the moment is for somebody else to try, what always fails for nobody.
fn work(record: &ShareRecord) -> AcknowledgeType {
    println!("{} at {}, delivered {} times", record.partition, record.offset, record.delivery_count);
    match &record.value {
        Some(_) => AcknowledgeType::Accept,
        None if record.delivery_count < 3 => AcknowledgeType::Release,
        None => AcknowledgeType::Reject,
    }
}

/// Where a group begins is a setting of the group.
async fn begin_at_the_first_record(client: &Client) -> Result<()> {
    let earliest = AlterConfig::set("share.auto.offset.reset", "earliest");
    let group = ConfigResource::group(GROUP);
    let altered = Admin::new(client.clone()).alter_configs(&[(group, vec![earliest])].into(), false).await?;
    altered.into_values().collect()
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
