//! The client against an Apache Kafka that is killed and started again, which no other test stands: `cargo xtask client-tests --kafka-only`
//! runs these last. By hand: name it, and a command that does that to it and returns when it answers,
//!
//! ```sh
//! KAFKA_BOOTSTRAP=127.0.0.1:PORT KAFKA_RESTART=COMMAND cargo test -p ottla-client --test kafka_restarts
//! ```
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../kafka/disturbed.rs"]
mod disturbed;

use ottla_client::config::GroupProtocol;
use tokio::process::Command;

use disturbed::Place;

/// The rounds in which the broker is killed.
const KILLED: [usize; 3] = [1, 4, 5];

/// Nothing else goes on when a broker is killed.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn variable(name: &str) -> String {
    let text = "these tests want an Apache Kafka: see crates/client/tests/kafka_restarts/main.rs";
    std::env::var(name).unwrap_or_else(|_| panic!("set {name}; {text}"))
}

fn place(test: &str) -> Place {
    let config = disturbed::config(&variable("KAFKA_BOOTSTRAP"));
    Place { disturbed: config.clone(), calm: config, name: format!("{test}-{}", std::process::id()) }
}

/// Kills the broker while the program goes on, and waits until it is back.
async fn kill(round: usize) {
    if KILLED.contains(&round) {
        let status = Command::new("sh").args(["-c", &variable("KAFKA_RESTART")]).status().await.unwrap();
        assert!(status.success(), "the broker was not started again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_are_committed_once_each_over_a_broker_that_is_killed() {
    let _alone = ALONE.lock().await;
    disturbed::transactions(&place("transactions-killed"), kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_either_protocol_get_every_record_over_a_broker_that_is_killed() {
    for (name, protocol) in [("classic", GroupProtocol::Classic), ("consumer", GroupProtocol::Consumer)] {
        let _alone = ALONE.lock().await;
        disturbed::group(&place(&format!("{name}-killed")), protocol, kill).await;
    }
}
