//! Our own client library against the real process, read back by librdkafka.

mod producing;

#[path = "../support/client.rs"]
mod client;
#[path = "faults.rs"]
mod faults;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::config::ClientConfig;
use rdkafka::admin::{NewTopic, TopicReplication};
use rustix::process::Signal;
use tempfile::TempDir;

use support::server::{Server, serve_at};

/// A broker that keeps its folder and its address over restarts.
struct Node {
    dir: TempDir,
    address: SocketAddr,
    server: Option<Server>,
}

impl Node {
    fn start() -> Node {
        let dir = TempDir::new().expect("a temporary directory");
        let address = SocketAddr::from(([127, 0, 0, 1], client::quiet_port()));
        let mut node = Node { dir, address, server: None };
        node.serve(&[]);
        node
    }

    fn serve(&mut self, args: &[&str]) {
        let mut command = serve_at(self.dir.path(), self.address.port());
        command.args(args);
        let mut server = Server::start(&mut command);
        server.wait_for("listening");
        self.server = Some(server);
    }

    fn kill(&mut self) {
        let ended = self.server.take().expect("it runs").stop(Signal::KILL);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
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
