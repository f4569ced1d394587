//! The cluster: brokers, the controller's view of topics and partitions.

use super::partitions::Topics;
use crate::{
    Broker,
    metrics::text::{Exposition, Family, Labels},
};

const BROKERS: Family = Family::gauge("kafka_brokers", "Brokers in the cluster.");
const BROKER_INFO: Family = Family::gauge("kafka_broker_info", "A broker, and where it is reached.");
const TOPIC_PARTITIONS: Family = Family::gauge("kafka_topic_partitions", "Partitions of a topic.");

const ACTIVE_CONTROLLERS: Family = Family::gauge(
    "kafka_controller_kafkacontroller_activecontrollercount",
    "1 where the controller is active.",
);
const OFFLINE_PARTITIONS: Family =
    Family::gauge("kafka_controller_kafkacontroller_offlinepartitionscount", "Partitions without a leader.");
const PREFERRED_IMBALANCE: Family = Family::gauge(
    "kafka_controller_kafkacontroller_preferredreplicaimbalancecount",
    "Partitions that are led by another than their preferred leader.",
);
const TOPICS: Family =
    Family::gauge("kafka_controller_kafkacontroller_globaltopiccount", "Topics in the cluster.");
const PARTITIONS: Family =
    Family::gauge("kafka_controller_kafkacontroller_globalpartitioncount", "Partitions in the cluster.");
const ACTIVE_BROKERS: Family =
    Family::gauge("kafka_controller_kafkacontroller_activebrokercount", "Brokers that serve.");
const FENCED_BROKERS: Family = Family::gauge(
    "kafka_controller_kafkacontroller_fencedbrokercount",
    "Brokers that are registered and do not serve.",
);
const METADATA_ERRORS: Family = Family::gauge(
    "kafka_controller_kafkacontroller_metadataerrorcount",
    "Records of the metadata log that could not be applied; the first one ends the process.",
);
const UNCLEAN_ELECTIONS: Family = Family::counter(
    "kafka_controller_controllerstats_uncleanleaderelections_total",
    "Leaders that were elected from outside the in-sync replicas.",
);

pub(super) fn write(broker: &Broker, topics: &Topics, out: &mut Exposition<'_>) {
    write_brokers(broker, out);
    let mut partitions = out.family(&TOPIC_PARTITIONS);
    for topic in topics.all() {
        partitions.put(&Labels::of("topic", &topic.name), topic.partitions.len());
    }
    let sums = topics.sums();
    out.one(&ACTIVE_CONTROLLERS, true);
    out.one(&OFFLINE_PARTITIONS, sums.without_leader);
    out.one(&PREFERRED_IMBALANCE, sums.led_by_another);
    out.one(&TOPICS, topics.all().len());
    out.one(&PARTITIONS, sums.partitions);
    // A single node's own; a cluster's controller will count them.
    out.one(&METADATA_ERRORS, 0_u64);
    out.one(&UNCLEAN_ELECTIONS, 0_u64);
}

fn write_brokers(broker: &Broker, out: &mut Exposition<'_>) {
    let image = broker.metadata.image();
    let (active, idle): (Vec<_>, Vec<_>) = image.cluster().brokers().partition(|broker| broker.is_active());
    out.one(&BROKERS, active.len());
    out.one(&ACTIVE_BROKERS, active.len());
    out.one(&FENCED_BROKERS, idle.iter().filter(|broker| broker.fenced).count());
    let mut infos = out.family(&BROKER_INFO);
    for broker in active {
        if let Some(endpoint) = broker.endpoints.first() {
            let address = format!("{}:{}", endpoint.host, endpoint.port);
            infos.put(&Labels::of("id", broker.id).and("address", address), true);
        }
    }
}
