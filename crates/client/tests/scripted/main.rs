//! The client against brokers that misbehave, are old, move and go away.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod administering;
mod authenticating;
mod broker;
mod certificates;
mod connecting;
mod consuming;
mod counting;
mod grouping;
mod handling;
mod producing;
mod reporting;
mod routing;
mod securing;
mod sharing;
mod spans;
mod transacting;

use std::net::SocketAddr;
use std::time::Duration;

use ottla_client::Client;
use ottla_client::config::ClientConfig;

/// Nothing of any test takes longer, on however slow a machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A client that tries again soon, and pushes no metrics.
fn config(addresses: &[SocketAddr]) -> ClientConfig {
    let servers: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    ClientConfig::new(&servers.join(","))
        .client_id("tester")
        .enable_metrics_push(false)
        .reconnect_backoff(Duration::from_millis(5))
        .reconnect_backoff_max(Duration::from_millis(20))
        .retry_backoff(Duration::from_millis(5))
        .retry_backoff_max(Duration::from_millis(20))
}

fn client(addresses: &[SocketAddr]) -> Client {
    Client::new(config(addresses)).unwrap()
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
