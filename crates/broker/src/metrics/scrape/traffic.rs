//! What goes in and out: in total, and by topic.

use crate::{
    Broker,
    metrics::{
        TrafficCounts,
        text::{Exposition, Family, Labels},
    },
};

type Column = (Family, fn(&TrafficCounts) -> u64);

const COLUMNS: &[Column] = &[
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_bytesin_total",
            "Bytes of batches that clients produced.",
        ),
        |counts| counts.bytes_in,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_bytesout_total",
            "Bytes of batches that consumers fetched.",
        ),
        |counts| counts.bytes_out,
    ),
    (
        Family::counter("kafka_server_brokertopicmetrics_messagesin_total", "Records that clients produced."),
        |counts| counts.records_in,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_bytesrejected_total",
            "Bytes of batches that were larger than max.message.bytes.",
        ),
        |counts| counts.bytes_rejected,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_totalproducerequests_total",
            "Partitions in produce requests.",
        ),
        |counts| counts.produce_requests,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_failedproducerequests_total",
            "Partitions in produce requests that failed, and not because the client could not know better.",
        ),
        |counts| counts.failed_produce_requests,
    ),
    (
        Family::counter("kafka_server_brokertopicmetrics_totalfetchrequests_total", "Partitions in fetches."),
        |counts| counts.fetch_requests,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_failedfetchrequests_total",
            "Partitions in fetches that failed, and not because the client could not know better.",
        ),
        |counts| counts.failed_fetch_requests,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_producemessageconversions_total",
            "Records that came in a format from before Kafka 0.11.",
        ),
        |counts| counts.produce_conversions,
    ),
    (
        Family::counter(
            "kafka_server_brokertopicmetrics_fetchmessageconversions_total",
            "Records that were given in a format from before Kafka 0.11.",
        ),
        |counts| counts.fetch_conversions,
    ),
];

pub(super) fn write(broker: &Broker, out: &mut Exposition<'_>) {
    let (mut topics, total) = broker.topics.traffic();
    topics.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let rows: Vec<(Labels, TrafficCounts)> =
        topics.into_iter().map(|(topic, counts)| (Labels::of("topic", &topic.name), counts)).collect();
    for (family, value) in COLUMNS {
        let mut series = out.family(family);
        series.put(&Labels::NONE, value(&total));
        for (labels, counts) in &rows {
            series.put(labels, value(counts));
        }
    }
}
