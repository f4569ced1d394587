//! Our own client library against the real process, read back by librdkafka.

mod producing;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::config::ClientConfig;
use rdkafka::admin::{NewTopic, TopicReplication};
use tempfile::TempDir;

use support::server::{Server, serve_at};

struct Node {
    address: SocketAddr,
    _dir: TempDir,
    _server: Server,
}

impl Node {
    fn start() -> Node {
        let dir = TempDir::new().expect("a temporary directory");
        let address = SocketAddr::from(([127, 0, 0, 1], client::quiet_port()));
        let mut server = Server::start(&mut serve_at(dir.path(), address.port()));
        server.wait_for("listening");
        Node { address, _dir: dir, _server: server }
    }
}

fn create(address: SocketAddr, name: &str, partitions: i32) {
    client::create_topics(address, &[NewTopic::new(name, partitions, TopicReplication::Fixed(1))]);
}

/// A client that tries again soon.
fn config(address: SocketAddr) -> ClientConfig {
    ClientConfig::new(&address.to_string())
        .reconnect_backoff(Duration::from_millis(5))
        .reconnect_backoff_max(Duration::from_millis(50))
        .retry_backoff(Duration::from_millis(5))
        .retry_backoff_max(Duration::from_millis(50))
}
