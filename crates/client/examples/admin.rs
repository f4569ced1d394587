//! Makes a topic, looks at it, changes an option, and deletes it.
//!
//!     cargo run -p ottla-client --example admin [HOST:PORT]
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::ClientConfig;
use ottla_client::{Client, Result};

const TOPIC: &str = "example-admin";

/// Gives the number of partitions that the topic had.
pub(crate) async fn run(servers: &str) -> Result<usize> {
    let client = Client::connect(ClientConfig::new(servers)).await?;
    let admin = Admin::new(client.clone());
    for broker in client.cluster().brokers() {
        println!("broker {} at {}:{}", broker.id, broker.host, broker.port);
    }

    let topic = NewTopic::new(TOPIC).partitions(3).replication_factor(1).config("retention.ms", "3600000");
    // Each thing that a call is about has an answer of its own.
    for (name, created) in admin.create_topics(&[topic]).await? {
        println!("{name}: {:?}", created?);
    }
    let mut partitions = 0;
    for (name, described) in admin.describe_topics(&[TOPIC]).await? {
        let described = described?;
        partitions = described.partitions.len();
        println!("{name} has {partitions} partitions");
    }
    for (name, deleted) in admin.delete_topics(&[TOPIC]).await? {
        deleted?;
        println!("{name} is deleted");
    }
    client.close().await;
    Ok(partitions)
}

#[tokio::main]
async fn main() -> Result<()> {
    let servers = std::env::args().nth(1).unwrap_or_else(|| "localhost:9092".into());
    run(&servers).await.map(drop)
}
