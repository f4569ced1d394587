//! Requests by kind, connections, and how busy the threads that serve them are.

use super::Now;
use crate::{
    Broker,
    metrics::{
        distribution::Counts,
        text::{Exposition, Family, Labels, Series},
    },
};

const TIMES: Family = Family::summary(
    "kafka_network_requestmetrics_totaltimems",
    "Milliseconds from a request's arrival to its answer; quantiles are of the last minutes.",
);
const REQUESTS: Family =
    Family::counter("kafka_network_requestmetrics_requests_total", "Requests that were answered.");
const ERRORS: Family = Family::counter(
    "kafka_network_requestmetrics_errors_total",
    "Errors in answers, one for each partition that has one.",
);
const LATENCY: Family = Family::histogram(
    "ottla_request_latency_seconds",
    "The time from a request's arrival to its answer. Produce is answered when it is durable, Fetch when there is enough.",
);
const CONNECTIONS: Family =
    Family::gauge("kafka_server_socket_server_metrics_connection_count", "Open connections.");
const CONNECTIONS_OPENED: Family = Family::counter(
    "kafka_server_socket_server_metrics_connection_creation_total",
    "Connections that were ever opened.",
);
const NETWORK_IDLE: Family = Family::gauge(
    "kafka_network_socketserver_networkprocessoravgidle_percent",
    "The part of the last minutes, 0 to 1, in which the threads that serve connections had nothing to do.",
);
const HANDLERS_IDLE: Family = Family::gauge(
    "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent",
    "The same: the threads that read requests handle them.",
);
const WAITING: Family = Family::gauge(
    "kafka_server_delayedoperationpurgatory_purgatorysize",
    "Requests that wait for something to happen.",
);

/// In thousandths, and as the JMX exporter writes them.
const QUANTILES: &[(u64, &str)] =
    &[(500, "0.50"), (750, "0.75"), (950, "0.95"), (980, "0.98"), (990, "0.99"), (999, "0.999")];
/// Powers of two: from 64 microseconds to 67 seconds.
const BOUNDS: std::ops::RangeInclusive<u32> = 6..=26;

pub(super) fn write(broker: &Broker, now: &Now, out: &mut Exposition<'_>) {
    write_times(now, out);
    write_counts(now, out);
    write_connections(broker, out);
    let fetches = Labels::of("delayedOperation", "Fetch");
    out.family(&WAITING).put(&fetches, broker.metrics.waiting_fetches.get());
    let idle = idle(broker, now);
    out.one(&NETWORK_IDLE, idle);
    out.one(&HANDLERS_IDLE, idle);
}

fn write_times(now: &Now, out: &mut Exposition<'_>) {
    let mut times = out.family(&TIMES);
    for kind in &now.kinds {
        let labels = Labels::of("request", kind.api.name());
        let recent = match now.then.requests(kind.api) {
            Some(then) => &kind.times.since(then),
            None => &kind.times,
        };
        for (thousandths, name) in QUANTILES {
            if let Some(micros) = recent.quantile(*thousandths) {
                times.put(&labels.clone().and("quantile", name), micros / 1e3);
            }
        }
        times.put_with("_count", &labels, kind.times.total());
        times.put_with("_sum", &labels, kind.times.sum as f64 / 1e3);
    }
    let mut latency = out.family(&LATENCY);
    for kind in &now.kinds {
        put_seconds(&mut latency, &Labels::of("request", kind.api.name()), &kind.times);
    }
}

fn write_counts(now: &Now, out: &mut Exposition<'_>) {
    let mut requests = out.family(&REQUESTS);
    for kind in &now.kinds {
        for (version, count) in &kind.versions {
            requests.put(&Labels::of("request", kind.api.name()).and("version", version), *count);
        }
    }
    let mut errors = out.family(&ERRORS);
    for kind in &now.kinds {
        for (error, count) in &kind.errors {
            errors.put(&Labels::of("request", kind.api.name()).and("error", error.name()), *count);
        }
    }
}

fn write_connections(broker: &Broker, out: &mut Exposition<'_>) {
    let listeners = broker.metrics.connections.listeners();
    let mut open = out.family(&CONNECTIONS);
    for listener in listeners {
        open.put(&Labels::of("listener", &listener.name), listener.open_now());
    }
    let mut opened = out.family(&CONNECTIONS_OPENED);
    for listener in listeners {
        opened.put(&Labels::of("listener", &listener.name), listener.opened());
    }
}

/// A histogram of microseconds, told in seconds.
pub(super) fn put_seconds(series: &mut Series<'_, '_>, labels: &Labels, micros: &Counts) {
    for exponent in BOUNDS {
        let bound = (1_u64 << exponent) as f64 / 1e6;
        series.put_with("_bucket", &labels.clone().and("le", bound), micros.below(exponent));
    }
    let total = micros.total();
    series.put_with("_bucket", &labels.clone().and("le", "+Inf"), total);
    series.put_with("_sum", labels, micros.sum as f64 / 1e6);
    series.put_with("_count", labels, total);
}

fn idle(broker: &Broker, now: &Now) -> f64 {
    let workers = broker.metrics.runtime.metrics().num_workers();
    let elapsed = now.elapsed().as_secs_f64() * workers as f64;
    let busy = now.snapshot.busy.saturating_sub(now.then.busy).as_secs_f64();
    if elapsed > 0.0 { (1.0 - busy / elapsed).clamp(0.0, 1.0) } else { 1.0 }
}
