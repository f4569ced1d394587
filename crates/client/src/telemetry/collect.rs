//! A client's metrics, by KIP-714's names where those mean the same, and by `ottla.client.` where there is no such name. Pure.

use std::time::Duration;

use ottla_wire::ApiKey;

use crate::metrics::{Histogram, Metrics};

/// A number at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) name: &'static str,
    /// As UCUM writes it.
    pub(super) unit: &'static str,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    /// What only grows, since the client was made.
    Sum(f64),
    Gauge(f64),
}

const COUNT: &str = "1";
const MILLIS: &str = "ms";
const BYTES: &str = "By";

/// All that there is to tell.
pub(super) fn points(metrics: &Metrics) -> Vec<Point> {
    let mut points = Vec::new();
    connections(metrics, &mut points);
    producer(metrics, &mut points);
    consumer(metrics, &mut points);
    requests(metrics, &mut points);
    points
}

fn connections(metrics: &Metrics, points: &mut Vec<Point>) {
    // A client is both at once, and its connections serve both.
    for name in [
        "org.apache.kafka.producer.connection.creation.total",
        "org.apache.kafka.consumer.connection.creation.total",
    ] {
        points.push(sum(name, COUNT, metrics.connections.opened));
    }
    points.push(gauge("ottla.client.connections", COUNT, as_f64(metrics.connections.open())));
    let throttled = metrics.throttle.time.as_secs_f64() * 1_000.0;
    points.push(Point { value: Value::Sum(throttled), ..sum("ottla.client.throttle.time.total", MILLIS, 0) });
}

fn producer(metrics: &Metrics, points: &mut Vec<Point>) {
    let producer = &metrics.producer;
    for (name, unit, value) in [
        ("ottla.client.producer.records.total", COUNT, producer.records),
        ("ottla.client.producer.records.failed.total", COUNT, producer.records_failed),
        ("ottla.client.producer.batches.total", COUNT, producer.batches),
        ("ottla.client.producer.retries.total", COUNT, producer.retries),
        ("ottla.client.producer.bytes.total", BYTES, producer.bytes),
    ] {
        points.push(sum(name, unit, value));
    }
    points.push(gauge("ottla.client.producer.buffered", BYTES, as_f64(producer.buffered_bytes)));
}

fn consumer(metrics: &Metrics, points: &mut Vec<Point>) {
    let (consumer, group, share) = (&metrics.consumer, &metrics.group, &metrics.share);
    for (name, unit, value) in [
        ("ottla.client.consumer.records.total", COUNT, consumer.records),
        ("ottla.client.consumer.bytes.total", BYTES, consumer.bytes),
        ("ottla.client.consumer.commits.failed.total", COUNT, group.commits_failed),
        ("ottla.client.share.records.total", COUNT, share.records),
        ("ottla.client.share.acknowledged.total", COUNT, share.acknowledged),
        ("ottla.client.share.acknowledgements.failed.total", COUNT, share.acknowledgements_failed),
    ] {
        points.push(sum(name, unit, value));
    }
    let lag = consumer.lag.values().sum();
    points.push(gauge("ottla.client.consumer.lag", COUNT, as_f64(lag)));
    if let Some(fetch) = metrics.requests.get(&ApiKey::Fetch) {
        let names = [
            "org.apache.kafka.consumer.fetch.manager.fetch.latency.avg",
            "org.apache.kafka.consumer.fetch.manager.fetch.latency.max",
        ];
        latency(names, &fetch.latency, &[], points);
    }
    let names = [
        "org.apache.kafka.consumer.coordinator.commit.latency.avg",
        "org.apache.kafka.consumer.coordinator.commit.latency.max",
    ];
    latency(names, &group.commits, &[], points);
    let names = [
        "org.apache.kafka.consumer.coordinator.rebalance.latency.avg",
        "org.apache.kafka.consumer.coordinator.rebalance.latency.max",
    ];
    latency(names, &group.rebalances, &[], points);
    let total = group.rebalances.sum().as_secs_f64() * 1_000.0;
    let name = "org.apache.kafka.consumer.coordinator.rebalance.latency.total";
    points.push(Point { value: Value::Sum(total), ..sum(name, MILLIS, 0) });
}

fn requests(metrics: &Metrics, points: &mut Vec<Point>) {
    for (api, request) in &metrics.requests {
        let names = ["ottla.client.request.latency.avg", "ottla.client.request.latency.max"];
        let attributes = [("api", api.name().to_owned())];
        latency(names, &request.latency, &attributes, points);
        for (name, value) in [
            ("ottla.client.requests.total", request.latency.count()),
            ("ottla.client.requests.failed.total", request.failed),
        ] {
            points.push(Point { attributes: attributes.to_vec(), ..sum(name, COUNT, value) });
        }
    }
}

/// Average and maximum since the client was made.
fn latency(
    [average, maximum]: [&'static str; 2],
    histogram: &Histogram,
    attributes: &[(&'static str, String)],
    points: &mut Vec<Point>,
) {
    let millis = |took: Duration| took.as_secs_f64() * 1_000.0;
    for (name, took) in [(average, histogram.mean()), (maximum, histogram.quantile(1.0))] {
        if let Some(took) = took {
            points.push(Point { attributes: attributes.to_vec(), ..gauge(name, MILLIS, millis(took)) });
        }
    }
}

fn sum(name: &'static str, unit: &'static str, value: u64) -> Point {
    Point { name, unit, attributes: Vec::new(), value: Value::Sum(as_f64(value)) }
}

fn gauge(name: &'static str, unit: &'static str, value: f64) -> Point {
    Point { name, unit, attributes: Vec::new(), value: Value::Gauge(value) }
}

#[allow(clippy::cast_precision_loss, reason = "beyond 2^53 the last digits do not matter")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
