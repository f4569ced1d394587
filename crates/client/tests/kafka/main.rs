//! The client against Apache Kafka, for what only that can show. Not among the tests that run by themselves:
//!
//! ```sh
//! cargo xtask client-tests --kafka-only
//! ```
//!
//! starts one and runs them. By hand, `tests/kafka/node start KIT DIR PORT` does, and they are told by
//!
//! ```sh
//! KAFKA_BOOTSTRAP=127.0.0.1:PORT KAFKA_CERTIFICATES=DIR/certificates KAFKA_TELEMETRY=DIR/telemetry \
//!     cargo test -p ottla-client --test kafka
//! ```
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod authenticating;
mod disturbed;
mod examples;
mod faults;
mod groups;
#[path = "../../../cli/tests/support/network.rs"]
mod network;
mod securing;
mod sharing;
mod telemetry;
mod transactions;

use ottla_client::config::ClientConfig;

/// Where Apache Kafka listens.
fn bootstrap() -> String {
    variable("KAFKA_BOOTSTRAP", "127.0.0.1:PORT of an Apache Kafka")
}

/// A client of it.
fn config() -> ClientConfig {
    ClientConfig::new(&bootstrap()).client_id("ottla-client-tests")
}

fn variable(name: &str, what: &str) -> String {
    let text = "these tests want an Apache Kafka: see crates/client/tests/kafka/main.rs";
    std::env::var(name).unwrap_or_else(|_| panic!("set {name} to {what}; {text}"))
}
