//! Our consumer against the real process, with librdkafka as the producer.

mod alone;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::config::{ClientConfig, ConsumerConfig};
use ottla_client::consumer::{Consumer, ConsumerRecord};
use ottla_client::{Client, TopicPartition};
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
        command.args(["--set", "group.initial.rebalance.delay.ms=0"]);
        let mut server = Server::start(&mut command);
        server.wait_for("listening");
        self.server = Some(server);
    }

    fn restart(&mut self, signal: Signal) {
        let ended = self.server.take().expect("it runs").stop(signal);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        self.serve();
    }

    fn create(&self, topic: &str, partitions: i32) {
        client::create_topics(self.address, &[NewTopic::new(topic, partitions, TopicReplication::Fixed(1))]);
    }

    /// Must be called within a runtime.
    fn consumer(&self, config: ConsumerConfig) -> Consumer {
        let client = ClientConfig::new(&self.address.to_string())
            .reconnect_backoff(Duration::from_millis(10))
            .reconnect_backoff_max(Duration::from_millis(100));
        Consumer::new(Client::new(client).expect("a client"), config).expect("a consumer")
    }
}

fn partition(topic: &str, number: i32) -> TopicPartition {
    TopicPartition::new(topic, number)
}

/// Runs a test that waits for nothing longer than a minute.
fn run<F: Future>(test: F) -> F::Output {
    client::block_on(async {
        tokio::time::timeout(client::DEADLINE, test).await.expect("it is done in time")
    })
}

/// The next records, as many as are wanted or a few more.
async fn poll(consumer: &Consumer, count: usize) -> Vec<ConsumerRecord> {
    let mut records = Vec::new();
    while records.len() < count {
        records.extend(consumer.poll(client::DEADLINE).await.expect("records"));
    }
    records
}

fn offsets(records: &[ConsumerRecord]) -> Vec<i64> {
    records.iter().map(|record| record.offset).collect()
}
