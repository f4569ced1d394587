//! Clients that use what Kafka 4.0 removed, and what they cost.

use crate::{
    Broker,
    metrics::text::{Exposition, Family, Labels},
};

const REQUESTS: Family = Family::counter(
    "ottla_legacy_requests_total",
    "Requests in versions that Apache Kafka 4.0 removed, by client.",
);
const OTHER_REQUESTS: Family = Family::counter(
    "ottla_legacy_other_requests_total",
    "Such requests of clients that were too many to be told apart.",
);
const SECONDS: Family = Family::counter(
    "ottla_message_conversion_seconds_total",
    "Processor time for converting between message formats.",
);
const BYTES: Family =
    Family::counter("ottla_message_conversion_bytes_total", "Bytes that came of conversions.");

pub(super) fn write(broker: &Broker, out: &mut Exposition<'_>) {
    let metrics = &broker.metrics;
    let kinds = [("Produce", &metrics.produce_conversions), ("Fetch", &metrics.fetch_conversions)];
    let mut seconds = out.family(&SECONDS);
    for (request, conversions) in kinds {
        seconds.put(&Labels::of("request", request), conversions.seconds());
    }
    let mut bytes = out.family(&BYTES);
    for (request, conversions) in kinds {
        bytes.put(&Labels::of("request", request), conversions.bytes());
    }
    if out.wants(&REQUESTS) {
        write_clients(broker, out);
    }
    out.one(&OTHER_REQUESTS, metrics.old_clients.others());
}

fn write_clients(broker: &Broker, out: &mut Exposition<'_>) {
    let mut requests = out.family(&REQUESTS);
    for (client, seen) in broker.metrics.old_clients.all() {
        let labels = Labels::of("request", client.api.name())
            .and("version", client.version)
            .and("software", &client.software)
            .and("software_version", &client.software_version)
            .and("address", client.address);
        requests.put(&labels, seen.requests);
    }
}
