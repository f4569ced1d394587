//! Every record is written once and in order, whatever the network and the broker do.

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::Client;
use ottla_client::config::ProducerConfig;
use ottla_client::producer::{Delivery, ProducerRecord};
use rdkafka::message::{Message as _, OwnedMessage};
use rustix::process::Signal;

use super::network::{Fault, Network};
use super::support::ports::quiet_address;
use super::{DEADLINE, Node, client, config, create_topic};

/// How often something happens, and how many records are sent after each time.
const ROUNDS: usize = 10;
const RECORDS: usize = 200;

/// Sends numbered records to a topic of one partition, with `disturb` before each round of them.
async fn send(address: SocketAddr, topic: &'static str, mut disturb: impl FnMut(usize)) {
    create_topic(address, topic, 1).await;
    let client = Client::new(config(address).request_timeout(Duration::from_secs(2))).expect("it starts");
    let options = ProducerConfig::default().linger(Duration::from_millis(1)).batch_size(1_000_usize);
    let producer = client.producer(options).expect("the options go together");
    let mut deliveries: Vec<Delivery> = Vec::new();
    for round in 0..ROUNDS {
        disturb(round);
        for number in round * RECORDS..(round + 1) * RECORDS {
            let record = ProducerRecord::new(topic).value(number.to_string());
            deliveries.push(producer.send(record).await.expect("it is taken"));
        }
    }
    for (number, delivery) in deliveries.into_iter().enumerate() {
        delivery.await.unwrap_or_else(|error| panic!("{topic}: record {number}: {error}"));
    }
    producer.close(DEADLINE).await.expect("it closes");
}

/// Reads the numbers back, on a thread of its own, since librdkafka waits.
async fn check_written(address: SocketAddr, topic: &'static str) {
    let read = move || client::read_all(address, topic);
    let found = tokio::task::spawn_blocking(read).await.expect("it reads");
    let value =
        |message: &OwnedMessage| String::from_utf8_lossy(message.payload().expect("a value")).into_owned();
    let found: Vec<String> = found.iter().map(value).collect();
    let expected: Vec<String> = (0..ROUNDS * RECORDS).map(|number| number.to_string()).collect();
    assert_eq!(found, expected, "{topic}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_network_that_fails() {
    let address = quiet_address();
    let network = Network::before(address).await;
    let _node = Node::start_at(address, Some(network.address));
    for (topic, faults) in [
        ("delay", [Fault::Delay(Duration::from_millis(3)), Fault::None]),
        ("cut-requests", [Fault::CutRequests(4_000), Fault::CutRequests(9_001)]),
        ("cut-answers", [Fault::CutAnswers(900), Fault::CutAnswers(1_501)]),
        ("silence", [Fault::None, Fault::Silence(1_000)]),
        ("reorder", [Fault::Reorder(3), Fault::Reorder(5)]),
        ("truncate", [Fault::Truncate(3), Fault::Truncate(6)]),
        ("half-close", [Fault::HalfClose(1_000), Fault::CutAnswers(1_301)]),
    ] {
        let before = network.connections();
        send(network.address, topic, |round| network.set(faults[round % 2])).await;
        assert!(topic == "delay" || network.connections() > before + 2, "{topic}");
        network.set(Fault::None);
        check_written(network.address, topic).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_broker_that_is_killed() {
    let mut node = Node::start();
    let address = node.address;
    // In the first round that is under the very first batches, of whose producer the broker knows nothing.
    for (topic, rounds) in
        [("now-and-then", [2, 5, 8]), ("at-first", [1, 2, 3]), ("at-first-again", [1, 1, 9])]
    {
        let kill = |round| {
            if rounds.contains(&round) {
                node.restart(Signal::KILL)
            }
        };
        send(address, topic, kill).await;
        check_written(address, topic).await;
    }
}
