//! What `--print-metrics` prints: those of Java's metrics that the client library counts too, by Java's names.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ottla_client::Client;
use ottla_client::metrics::Metrics;

use super::{as_f64, fixed};

/// By group, name and tags.
type Shown = BTreeMap<String, f64>;

pub(super) fn print_producer_metrics(out: &mut dyn Write, client: &Client) -> io::Result<()> {
    let (metrics, id) = (client.metrics(), &client.config().client_id);
    let producer = &metrics.producer;
    let mut shown = of_connections(&metrics, "producer-metrics", id);
    for (name, value) in [
        ("batch-size-avg", as_f64(producer.bytes) / as_f64(producer.batches)),
        ("compression-rate-avg", producer.compression_ratio().unwrap_or(f64::NAN)),
        ("record-error-total", as_f64(producer.records_failed)),
        ("record-retry-total", as_f64(producer.retries)),
        ("record-send-total", as_f64(producer.records)),
        ("records-per-request-avg", as_f64(producer.records) / as_f64(producer.batches)),
    ] {
        shown.insert(merged("producer-metrics", name, id), value);
    }
    print(out, &shown)
}

pub(super) fn print_consumer_metrics(out: &mut dyn Write, client: &Client) -> io::Result<()> {
    let (metrics, id) = (client.metrics(), &client.config().client_id);
    let consumer = &metrics.consumer;
    let mut shown = of_connections(&metrics, "consumer-metrics", id);
    for (name, value) in [
        ("bytes-consumed-total", as_f64(consumer.bytes)),
        ("fetch-size-avg", as_f64(consumer.bytes) / as_f64(consumer.fetches)),
        ("fetch-total", as_f64(consumer.fetches)),
        ("records-consumed-total", as_f64(consumer.records)),
        ("records-per-request-avg", as_f64(consumer.records) / as_f64(consumer.fetches)),
    ] {
        shown.insert(merged("consumer-fetch-manager-metrics", name, id), value);
    }
    print(out, &shown)
}

fn of_connections(metrics: &Metrics, group: &str, client_id: &str) -> Shown {
    let connections = metrics.connections;
    let requests: u64 = metrics.requests.values().map(|request| request.latency.count()).sum();
    [
        ("connection-close-total", connections.closed),
        ("connection-count", connections.open()),
        ("connection-creation-total", connections.opened),
        ("response-total", requests),
    ]
    .into_iter()
    .map(|(name, value)| (merged(group, name, client_id), as_f64(value)))
    .collect()
}

fn merged(group: &str, name: &str, client_id: &str) -> String {
    format!("{group}:{name}:{{client-id={client_id}}}")
}

fn print(out: &mut dyn Write, shown: &Shown) -> io::Result<()> {
    let width = shown.keys().map(String::len).max().unwrap_or_default();
    writeln!(out, "\n{:width$}   Value", "Metric Name")?;
    shown.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$} : {}", fixed(*value, 3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_aligned_below_their_heading() {
        let mut out = Vec::new();
        let shown = [(merged("producer-metrics", "a", "x"), 1.0), (merged("g", "n", "x"), f64::NAN)];
        print(&mut out, &shown.into()).expect("a vector takes everything");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "\nMetric Name                        Value\n\
             g:n:{client-id=x}                : NaN\n\
             producer-metrics:a:{client-id=x} : 1.000\n"
        );
    }
}
