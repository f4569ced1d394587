//! One scrape: looks at everything, and writes it down. Names and labels are those that the dashboards for Kafka know:
//! kafka_exporter's, and those of the JMX exporter as Strimzi configures it. What has no name there begins with
//! `ottla_`.

mod cluster;
mod groups;
mod legacy;
mod partitions;
mod process;
mod raft;
mod requests;
mod storage;
mod traffic;
mod transactions;

use std::{io, sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{
    recent::Snapshot,
    requests::KindCounts,
    text::{Exposition, Family, Labels},
};
use crate::{Broker, clock};

const BUILD_INFO: Family = Family::gauge("ottla_build_info", "The version that runs.");

/// Writes the metrics, or those of the wanted names if there are any. Takes each partition's lock for a moment.
pub(crate) fn scrape(broker: &Broker, wanted: &[String], out: &mut dyn io::Write) {
    let mut out = Exposition::new(out, wanted);
    let now = Now::new(broker);
    let topics = partitions::topics(broker);
    cluster::write(broker, &topics, &mut out);
    partitions::write(broker, &topics, &mut out);
    groups::write(broker, &mut out);
    transactions::write(broker, &mut out);
    traffic::write(broker, &mut out);
    requests::write(broker, &now, &mut out);
    legacy::write(broker, &mut out);
    raft::write(broker, &now, &mut out);
    storage::write(broker, &mut out);
    process::write(broker, &mut out);
    out.family(&BUILD_INFO).put(&Labels::of("version", env!("CARGO_PKG_VERSION")), true);
    out.finish();
}

/// What is cumulative, now and a while ago.
struct Now {
    kinds: Vec<KindCounts>,
    snapshot: Arc<Snapshot>,
    then: Arc<Snapshot>,
}

impl Now {
    fn new(broker: &Broker) -> Now {
        let metrics = &broker.metrics;
        let kinds = metrics.requests.counts();
        let (then, snapshot) = metrics.recent.since(Snapshot {
            at: clock::now(),
            busy: busy_time(&metrics.runtime),
            requests: kinds.iter().map(|kind| (kind.api, kind.times.clone())).collect(),
            commits: broker.metadata.commits.counts(),
            metadata_end: broker.metadata.end_offset(),
        });
        Now { kinds, snapshot, then }
    }

    fn elapsed(&self) -> Duration {
        self.snapshot.at.saturating_duration_since(self.then.at)
    }
}

/// How long the threads of a runtime have been at work, together.
pub(super) fn busy_time(runtime: &Handle) -> Duration {
    let metrics = runtime.metrics();
    (0..metrics.num_workers()).map(|worker| metrics.worker_total_busy_duration(worker)).sum()
}
