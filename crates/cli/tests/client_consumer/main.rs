//! Our consumer against the real process, with librdkafka as the producer.

mod allocations;
mod alone;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use ottla_client::config::{ClientConfig, ConsumerConfig};
use ottla_client::consumer::{Consumer, ConsumerRecord};
use ottla_client::{Client, TopicPartition};

use client::topic;
use node::Node;

impl Node {
    fn create(&self, name: &str, partitions: i32) {
        client::create_topics(self.address, &[topic(name, partitions)]);
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
