//! Our consumers in groups against the real process, alone and together with librdkafka's.

mod batches;
mod committing;
mod crew;
mod handling;
mod joining;
mod messaging;
mod mixed;
mod rebalancing;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/record.rs"]
mod record;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use ottla_client::config::{ClientConfig, ConsumerConfig, OffsetReset};
use ottla_client::consumer::Consumer;
use ottla_client::{Client, TopicPartition};

use client::topic;
use node::Node;
use record::{Producer, Record};

impl Node {
    fn create(&self, name: &str, partitions: i32) {
        let address = self.address;
        apart(move || client::create_topics(address, &[topic(name, partitions)]));
    }

    fn add_partitions(&self, name: &str, count: usize) {
        let address = self.address;
        apart(move || client::add_partitions(address, name, count));
    }

    /// So many records to each partition.
    fn fill(&self, name: &str, partitions: i32, count: usize) {
        let address = self.address;
        apart(move || {
            let producer = Producer::new(address, &[]);
            for number in 0..partitions {
                producer.deliver(name, number, &Record::several(count));
            }
        });
    }

    /// Must be called within a runtime.
    fn consumer(&self, config: ConsumerConfig) -> Consumer {
        Consumer::new(self.client(), config).expect("a consumer")
    }

    /// Must be called within a runtime.
    fn client(&self) -> Client {
        let client = ClientConfig::new(&self.address.to_string())
            .reconnect_backoff(Duration::from_millis(10))
            .reconnect_backoff_max(Duration::from_millis(100))
            .retry_backoff(Duration::from_millis(10))
            .retry_backoff_max(Duration::from_millis(100))
            .metadata_max_age(Duration::from_millis(500));
        Client::new(client).expect("a client")
    }
}

/// A member of the group `g` that begins at the beginning and notices soon what happens.
fn member(strategy: &str) -> ConsumerConfig {
    ConsumerConfig::default()
        .group_id("g".to_owned())
        .auto_offset_reset(OffsetReset::Earliest)
        .partition_assignment_strategy(vec![strategy.to_owned()])
        .heartbeat_interval(Duration::from_millis(50))
        .session_timeout(Duration::from_secs(6))
        .fetch_max_wait(Duration::from_millis(50))
        .max_poll_records(20_usize)
}

fn partition(topic: &str, number: i32) -> TopicPartition {
    TopicPartition::new(topic, number)
}

/// What blocks does so in another thread, as a runtime demands it.
fn apart(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(work).join().expect("it does not panic"));
}

/// Runs a test that waits for nothing longer than a minute.
fn run<F: Future>(test: F) -> F::Output {
    client::block_on(async {
        tokio::time::timeout(client::DEADLINE, test).await.expect("it is done in time")
    })
}
