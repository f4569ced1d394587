//! Our own client library against the real process, read back by librdkafka.

mod exactly_once;
mod producing;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/network.rs"]
mod network;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::config::ClientConfig;

use client::topic;
use node::Node;

/// Nothing takes longer, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);

async fn create_topic(address: SocketAddr, name: &'static str, partitions: i32) {
    let create = move || client::create_topics(address, &[topic(name, partitions)]);
    tokio::task::spawn_blocking(create).await.expect("it is created");
}

/// A client that tries again soon.
fn config(address: SocketAddr) -> ClientConfig {
    ClientConfig::new(&address.to_string())
        .reconnect_backoff(Duration::from_millis(5))
        .reconnect_backoff_max(Duration::from_millis(50))
        .retry_backoff(Duration::from_millis(5))
        .retry_backoff_max(Duration::from_millis(50))
}
