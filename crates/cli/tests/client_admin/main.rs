//! The client library's administration against a running broker: each test is a visit to one area, as a program would make it.
//!
//! `BOOTSTRAP_SERVERS=host:port cargo test -p ottla-cli --test client_admin` makes the same visits to another broker.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cluster;
mod configs;
mod groups;
mod offsets;
mod security;
mod topics;
mod transactions;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::ClientConfig;
use ottla_client::{Client, Error, Result, TopicPartition};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use tempfile::TempDir;

use support::server::{Server, serve};
use support::wait_until;

/// A broker, and an admin that is connected to it.
struct Visit {
    admin: Admin,
    address: SocketAddr,
    _server: Option<(Server, TempDir)>,
}

impl Visit {
    async fn new() -> Visit {
        let (address, server) = match std::env::var("BOOTSTRAP_SERVERS") {
            Ok(address) => (address.parse().expect("an address"), None),
            Err(_) => {
                let dir = TempDir::new().expect("a temporary directory");
                let mut command = serve(dir.path());
                command.args(["--set", "group.initial.rebalance.delay.ms=0"]);
                command.args(["--set", "offsets.topic.num.partitions=2"]);
                let mut server = Server::start(&mut command);
                (server.address(), Some((server, dir)))
            }
        };
        let client = Client::connect(ClientConfig::new(&address.to_string())).await.expect("it answers");
        Visit { admin: Admin::new(client).within(client::DEADLINE), address, _server: server }
    }

    /// A topic of so many partitions that nobody else has.
    async fn topic(&self, partitions: i32) -> Arc<str> {
        let name = name("orders");
        let topic = NewTopic::new(&name).partitions(partitions).replication_factor(1);
        let created = self.admin.create_topics(&[topic]).await.expect("it answers");
        created[&*name].as_ref().expect("it is created");
        self.admin.client().topic(&name).await.expect("it is there");
        name.into()
    }

    /// Writes records with these timestamps to a partition.
    fn produce(&self, partition: &TopicPartition, timestamps: impl IntoIterator<Item = i64>) {
        let mut config = client::config(self.address);
        let producer: BaseProducer = config.set("enable.idempotence", "true").create().expect("a producer");
        for timestamp in timestamps {
            let record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&partition.topic)
                .partition(partition.partition)
                .payload(b"paid".as_slice())
                .timestamp(timestamp);
            producer.send(record).map_err(|(error, _)| error).expect("it is queued");
        }
        producer.flush(client::DEADLINE).expect("all is written");
    }
}

/// A name that nobody else has, on a broker that may have been visited before.
fn name(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{what}-{}-{number}", std::process::id())
}

/// Asks until it is so: brokers learn a moment later what the controller decided.
fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| wait_until(what, || runtime.block_on(is_so())));
}

/// None where the broker does not serve the request at all, which it must say.
fn served<T>(result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Error::UnsupportedVersion { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// The only answer.
fn only<K: Ord, V>(results: BTreeMap<K, V>) -> V {
    assert_eq!(results.len(), 1);
    results.into_values().next().expect("there is one")
}
