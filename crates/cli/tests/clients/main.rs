//! The main path as an unmodified client from outside walks it: librdkafka against the real process.

mod administering;
mod consuming;
mod producing;
mod restarting;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;

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
        node.serve();
        node
    }

    fn serve(&mut self) {
        let mut command = serve_at(self.dir.path(), self.address.port());
        command.args([
            "--set",
            "group.initial.rebalance.delay.ms=0",
            "--set",
            "offsets.topic.num.partitions=2",
        ]);
        let mut server = Server::start(&mut command);
        server.wait_for("listening");
        self.server = Some(server);
    }

    fn restart(&mut self, signal: Signal) {
        let ended = self.server.take().expect("it runs").stop(signal);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        self.serve();
    }
}

fn topic(name: &str, partitions: i32) -> NewTopic<'_> {
    NewTopic::new(name, partitions, TopicReplication::Fixed(1))
}
