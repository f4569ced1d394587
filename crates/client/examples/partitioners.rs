//! Shows which partitions the partitioners of every client library choose for the same keys.
//!
//!     cargo run -p ottla-client --example partitioners [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::{ClientConfig, ProducerConfig};
use ottla_client::partitioner::PartitionerKind;
use ottla_client::producer::ProducerRecord;
use ottla_client::{Client, ErrorCode, Result};

const TOPIC: &str = "example-partitioners";
const KEYS: [&str; 4] = ["a", "kafka", "user_123", "Key-A"];

/// Gives for each partitioner's name the partition of each key.
pub(crate) async fn run(servers: &str) -> Result<BTreeMap<&'static str, Vec<i32>>> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    create_topic(&client).await?;
    let mut chosen = BTreeMap::new();
    for kind in PartitionerKind::all() {
        let producer = client.producer(ProducerConfig::default().partitioner(kind))?;
        // A manual partitioner takes the record's own, and the others heed it too: so it is not set here but for that one.
        let record = |key: &'static str| {
            let record = ProducerRecord::new(TOPIC).key(key).value("");
            if kind == PartitionerKind::SaramaManual { record.partition(7) } else { record }
        };
        let mut partitions = Vec::new();
        for written in producer.send_all(KEYS.map(record)).await {
            partitions.push(written?.topic_partition.partition);
        }
        println!("{:<32} {partitions:?}", kind.name());
        chosen.insert(kind.name(), partitions);
        producer.close(Duration::from_secs(10)).await?;
    }
    client.close().await;
    Ok(chosen)
}

async fn create_topic(client: &Client) -> Result<()> {
    let admin = Admin::new(client.clone());
    for (_, created) in
        admin.create_topics(&[NewTopic::new(TOPIC).partitions(10).replication_factor(1)]).await?
    {
        match created {
            Err(error) if error.code() == Some(ErrorCode::TopicAlreadyExists) => {}
            created => _ = created?,
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
