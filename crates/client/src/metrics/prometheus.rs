//! What a client counted, for a registry of the crate `prometheus-client`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::{Histogram, Metrics, as_f64};
use crate::Client;

/// Gives a snapshot of a client's metrics whenever it is asked.
///
/// ```
/// # fn example(client: ottla_client::Client) -> Result<String, std::fmt::Error> {
/// use ottla_client::metrics::ClientCollector;
/// use prometheus_client::registry::Registry;
///
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(ClientCollector::new(client)));
/// let mut text = String::new();
/// prometheus_client::encoding::text::encode(&mut text, &registry)?;
/// # Ok(text)
/// # }
/// ```
#[derive(Debug)]
pub struct ClientCollector {
    client: Client,
}

impl ClientCollector {
    /// A collector of a client, which it keeps.
    pub fn new(client: Client) -> ClientCollector {
        ClientCollector { client }
    }
}

impl Collector for ClientCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let metrics = self.client.metrics();
        let mut sheet = Sheet { encoder };
        connections(&mut sheet, &metrics)?;
        requests(&mut sheet, &metrics)?;
        producer(&mut sheet, &metrics)?;
        consumer(&mut sheet, &metrics)?;
        group(&mut sheet, &metrics)?;
        share(&mut sheet, &metrics)
    }
}

/// What metrics are written on.
struct Sheet<'a> {
    encoder: DescriptorEncoder<'a>,
}

/// What exemplars would have.
type NoLabels = [(&'static str, String); 0];
type Labels<'a> = [(&'a str, String)];

impl Sheet<'_> {
    fn counter(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        let name = format!("ottla_client_{name}");
        let metric = ConstCounter::new(value);
        metric.encode(self.encoder.encode_descriptor(&name, help, unit, metric.metric_type())?)
    }

    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        let name = format!("ottla_client_{name}");
        let metric = ConstGauge::new(value);
        metric.encode(self.encoder.encode_descriptor(&name, help, unit, metric.metric_type())?)
    }

    fn times<'a>(
        &mut self,
        name: &str,
        help: &str,
        of: impl IntoIterator<Item = (&'a Labels<'a>, &'a Histogram)>,
    ) -> fmt::Result {
        let name = format!("ottla_client_{name}");
        let mut family =
            self.encoder.encode_descriptor(&name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for (labels, histogram) in of {
            // Without a label there are no braces either.
            if labels.is_empty() {
                encode(&mut family, histogram)?;
            } else {
                encode(&mut family.encode_family(&labels)?, histogram)?;
            }
        }
        Ok(())
    }
}

fn encode(metric: &mut MetricEncoder<'_>, histogram: &Histogram) -> fmt::Result {
    let seconds = |bound: Option<Duration>| bound.map_or(f64::INFINITY, |bound| bound.as_secs_f64());
    let buckets: Vec<_> = histogram.buckets().map(|(bound, count)| (seconds(bound), count)).collect();
    metric.encode_histogram::<NoLabels>(histogram.sum().as_secs_f64(), histogram.count(), &buckets, None)
}

fn connections(sheet: &mut Sheet<'_>, metrics: &Metrics) -> fmt::Result {
    let connections = &metrics.connections;
    sheet.gauge("connections", "Connections that are open", None, connections.open())?;
    sheet.counter("connections_opened", "Connections that were made", None, connections.opened)?;
    sheet.counter("connections_failed", "Tries that led to no connection", None, connections.failed)
}

fn requests(sheet: &mut Sheet<'_>, metrics: &Metrics) -> fmt::Result {
    let labels: Vec<_> = metrics.requests.keys().map(|api| [("api", api.name().to_owned())]).collect();
    let latencies = metrics.requests.values().map(|request| &request.latency);
    let of = labels.iter().map(|labels| &labels[..]).zip(latencies);
    sheet.times("request_latency", "How long answers took", of)?;
    let mut failed = sheet.encoder.encode_descriptor(
        "ottla_client_requests_failed",
        "Requests without an answer",
        None,
        MetricType::Counter,
    )?;
    for (labels, request) in labels.iter().zip(metrics.requests.values()) {
        ConstCounter::new(request.failed).encode(failed.encode_family(&&labels[..])?)?;
    }
    let seconds = metrics.throttle.time.as_secs_f64();
    let throttle = ConstCounter::new(seconds);
    throttle.encode(sheet.encoder.encode_descriptor(
        "ottla_client_throttle",
        "Pauses that brokers asked for",
        Some(&Unit::Seconds),
        throttle.metric_type(),
    )?)
}

fn producer(sheet: &mut Sheet<'_>, metrics: &Metrics) -> fmt::Result {
    let (producer, bytes) = (&metrics.producer, Some(&Unit::Bytes));
    for (name, help, unit, value) in [
        ("produced_records", "Records that were written", None, producer.records),
        ("produce_failed_records", "Records that were given up", None, producer.records_failed),
        ("produced_batches", "Batches that were written", None, producer.batches),
        ("produce_retries", "Batches that were sent again", None, producer.retries),
        ("produced", "Bytes of the batches that were written", bytes, producer.bytes),
        ("produced_uncompressed", "Bytes of those without compression", bytes, producer.uncompressed_bytes),
    ] {
        sheet.counter(name, help, unit, value)?;
    }
    sheet.gauge("produce_buffered", "What is taken of buffer.memory", bytes, producer.buffered_bytes)
}

fn consumer(sheet: &mut Sheet<'_>, metrics: &Metrics) -> fmt::Result {
    let consumer = &metrics.consumer;
    sheet.counter("consumed_records", "Records that were given out", None, consumer.records)?;
    sheet.counter("fetches", "Answers with records", None, consumer.fetches)?;
    sheet.counter("fetched", "Bytes of batches that were fetched", Some(&Unit::Bytes), consumer.bytes)?;
    // One series for each topic: partitions may be very many.
    let mut topics: BTreeMap<&str, u64> = BTreeMap::new();
    for (partition, lag) in &consumer.lag {
        *topics.entry(&partition.topic).or_default() += lag;
    }
    let name = "ottla_client_consumer_lag";
    let help = "Offsets between what was consumed and the ends of a topic's partitions";
    let mut lags = sheet.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (topic, lag) in topics {
        let labels = [("topic", topic.to_owned())];
        ConstGauge::new(as_f64(lag)).encode(lags.encode_family(&&labels[..])?)?;
    }
    Ok(())
}

fn share(sheet: &mut Sheet<'_>, metrics: &Metrics) -> fmt::Result {
    let share = &metrics.share;
    for (name, help, unit, value) in [
        ("shared_records", "Records of share groups that were given out", None, share.records),
        ("share_fetches", "Answers with records of share groups", None, share.fetches),
        ("share_fetched", "Bytes of batches of share groups", Some(&Unit::Bytes), share.bytes),
        ("acknowledged_records", "Records that brokers were told of", None, share.acknowledged),
        ("acknowledge_failed_records", "Those that failed", None, share.acknowledgements_failed),
    ] {
        sheet.counter(name, help, unit, value)?;
    }
    Ok(())
}

fn group(sheet: &mut Sheet<'_>, metrics: &Metrics) -> fmt::Result {
    let group = &metrics.group;
    sheet.times("rebalance_latency", "How long rebalances took", [(&[][..], &group.rebalances)])?;
    sheet.times("commit_latency", "How long commits took", [(&[][..], &group.commits)])?;
    sheet.counter("commits_failed", "Commits of offsets that failed", None, group.commits_failed)
}
