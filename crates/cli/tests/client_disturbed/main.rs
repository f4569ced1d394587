//! Transactions and groups of our own client against the real process, over a network that fails and over kills.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/client.rs"]
mod client;
#[path = "../../../client/tests/kafka/disturbed.rs"]
mod disturbed;
#[path = "../support/network.rs"]
mod network;
#[path = "../support/node.rs"]
mod node;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;

use ottla_client::config::GroupProtocol;
use rustix::process::Signal;
use tempfile::TempDir;

use disturbed::Place;
use network::{FAULTS, Fault, Network};
use node::Node;
use support::ottla;
use support::ports::quiet_address;
use support::server::Server;

/// The rounds in which the broker is killed.
const KILLED: [usize; 3] = [1, 4, 5];

/// A broker that two ways lead to: through a network that fails, and one that does not.
struct Broker {
    network: Network,
    calm: SocketAddr,
    _server: Server,
    _dir: TempDir,
}

impl Broker {
    async fn start() -> Broker {
        let (behind, calm) = (quiet_address(), quiet_address());
        let network = Network::before(behind).await;
        let dir = TempDir::new().unwrap();
        let mut command = ottla(["serve", "--metrics-listen", "", "--log-format", "text", "--data-dir"]);
        command.arg(dir.path());
        for (name, value) in [
            ("listeners", format!("PLAINTEXT://{calm},FAILING://{behind}")),
            ("advertised.listeners", format!("PLAINTEXT://{calm},FAILING://{}", network.address)),
            ("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,FAILING:PLAINTEXT".to_owned()),
            ("group.initial.rebalance.delay.ms", "0".to_owned()),
            ("offsets.topic.num.partitions", "2".to_owned()),
            ("transaction.state.log.num.partitions", "2".to_owned()),
        ] {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let mut server = Server::start(&mut command);
        server.wait_for("listening");
        Broker { network, calm, _server: server, _dir: dir }
    }

    /// A program behind the network, which fails in each way, one after the other.
    async fn check(self, what: &str, run: impl AsyncFn(&Place, &Network, [Fault; 2])) {
        for (name, faults) in FAULTS {
            let place = Place {
                disturbed: disturbed::config(&self.network.address.to_string()),
                calm: disturbed::config(&self.calm.to_string()),
                name: format!("{what}-{name}"),
            };
            run(&place, &self.network, *faults).await;
            self.network.set(Fault::None);
        }
        assert!(self.network.connections() > FAULTS.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_are_committed_once_each_over_a_network_that_fails() {
    let broker = Broker::start().await;
    let run = async |place: &Place, network: &Network, faults: [Fault; 2]| {
        disturbed::transactions(place, async |round| network.set(faults[round % 2])).await;
    };
    broker.check("transactions", run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_get_every_record_over_a_network_that_fails() {
    let broker = Broker::start().await;
    let run = async |place: &Place, network: &Network, faults: [Fault; 2]| {
        let disturb = async |round| network.set(faults[round % 2]);
        disturbed::group(place, GroupProtocol::Classic, disturb).await;
    };
    broker.check("group", run).await;
}

/// A broker and a program that has no other way to it.
fn killed(name: &str) -> (Node, Place) {
    let node = Node::start();
    let config = disturbed::config(&node.address.to_string());
    (node, Place { disturbed: config.clone(), calm: config, name: name.to_owned() })
}

/// Kills the broker while the program goes on, and waits until it is back.
fn kill(node: &mut Node, round: usize) {
    if KILLED.contains(&round) {
        tokio::task::block_in_place(|| node.restart(Signal::KILL));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_are_committed_once_each_over_a_broker_that_is_killed() {
    let (mut node, place) = killed("transactions");
    disturbed::transactions(&place, async |round| kill(&mut node, round)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_get_every_record_over_a_broker_that_is_killed() {
    let (mut node, place) = killed("group");
    disturbed::group(&place, GroupProtocol::Classic, async |round| kill(&mut node, round)).await;
}
