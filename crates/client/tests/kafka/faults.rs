//! Through a network that fails, which stands before a listener of its own: see `listeners`.

use std::net::SocketAddr;

use ottla_client::config::GroupProtocol;

use super::bootstrap;
use super::disturbed::{self, Place};
use super::network::{FAULTS, Fault, Network};

/// How far the port of the listener is from the first, and the one that it tells clients.
const LISTENER: u16 = 5;
const TOLD: u16 = 6;

/// Only one network can stand there at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn address(distance: u16) -> SocketAddr {
    let first: SocketAddr = bootstrap().parse().expect("an address and a port");
    SocketAddr::new(first.ip(), first.port() + distance)
}

/// A program behind a network that fails in some way.
async fn check(what: &str, run: impl AsyncFn(&Place, &Network, [Fault; 2])) {
    let _alone = ALONE.lock().await;
    let network = Network::between(address(TOLD), address(LISTENER)).await;
    for (name, faults) in FAULTS {
        let place = Place {
            disturbed: disturbed::config(&address(TOLD).to_string()),
            calm: super::config(),
            name: format!("{what}-{name}-{}", std::process::id()),
        };
        run(&place, &network, *faults).await;
        network.set(Fault::None);
    }
    assert!(network.connections() > FAULTS.len());
    network.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_are_committed_once_each() {
    check("transactions", async |place, network, faults| {
        disturbed::transactions(place, async |round| network.set(faults[round % 2])).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_either_protocol_get_every_record() {
    for (name, protocol) in [("classic", GroupProtocol::Classic), ("consumer", GroupProtocol::Consumer)] {
        check(name, async |place, network, faults| {
            disturbed::group(place, protocol, async |round| network.set(faults[round % 2])).await;
        })
        .await;
    }
}
