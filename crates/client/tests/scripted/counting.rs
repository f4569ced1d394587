//! What a client counts of its requests and connections, and how Prometheus is told.

use std::time::Duration;

use ottla_client::metrics::ClientCollector;
use ottla_client::wire::messages::{ListGroupsRequest, ListGroupsResponse};
use ottla_client::{ApiKey, Call, Client, Destination, Error};
use prometheus_client::registry::Registry;

use super::broker::{Answer, Broker, answer};
use super::client;

async fn ask(client: &Client) -> Result<(), Error> {
    let call = Call::to(Destination::Any);
    client.request(&call, &ListGroupsRequest::default()).await.map(drop)
}

/// A client that was answered twice, was throttled once, lost one connection, and could not make another.
async fn experienced() -> Client {
    let broker = Broker::start().await;
    let mut answers = vec![Answer::Close, throttled(0), throttled(3)];
    broker.on::<ListGroupsRequest>(move |_, _| answers.pop().expect("three are asked for"));
    let client = client(&[broker.address]);
    ask(&client).await.unwrap();
    ask(&client).await.unwrap();
    ask(&client).await.unwrap_err();
    broker.stop().await;
    ask(&client).await.unwrap_err();
    client
}

fn throttled(throttle_time_ms: i32) -> Answer {
    answer(ListGroupsResponse { throttle_time_ms, ..Default::default() })
}

#[tokio::test]
async fn requests_connections_and_pauses_are_counted() {
    let metrics = experienced().await.metrics();
    let asked = &metrics.requests[&ApiKey::ListGroups];
    assert_eq!((asked.latency.count(), asked.failed), (2, 1));
    assert!(asked.latency.quantile(1.0).is_some_and(|most| most > Duration::ZERO));
    assert_eq!((metrics.throttle.count, metrics.throttle.time), (1, Duration::from_millis(3)));
    let connections = metrics.connections;
    assert_eq!((connections.opened, connections.open()), (1, 0));
    assert!(connections.failed > 0);
}

#[tokio::test]
async fn prometheus_is_told_in_its_own_names() {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(ClientCollector::new(experienced().await)));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "# TYPE ottla_client_request_latency_seconds histogram",
        "ottla_client_request_latency_seconds_count{api=\"ListGroups\"} 2",
        "ottla_client_request_latency_seconds_bucket{le=\"+Inf\",api=\"ListGroups\"} 2",
        "ottla_client_requests_failed_total{api=\"ListGroups\"} 1",
        "ottla_client_throttle_seconds_total 0.003",
        "ottla_client_connections 0",
        "ottla_client_connections_opened_total 1",
        "ottla_client_produced_bytes_total 0",
        "ottla_client_rebalance_latency_seconds_count 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
