//! The metadata log. A node that is alone leads it, and commits by itself.

use super::Now;
use crate::{
    Broker,
    metrics::text::{Exposition, Family, Labels},
};

const LEADER: Family =
    Family::gauge("kafka_server_raftmetrics_current_leader", "The node that leads the metadata log.");
const EPOCH: Family = Family::gauge("kafka_server_raftmetrics_current_epoch", "In which it leads.");
const VOTE: Family = Family::gauge("kafka_server_raftmetrics_current_vote", "For whom this node voted.");
const STATE: Family =
    Family::gauge("kafka_server_raftmetrics_current_state", "What this node is in the quorum, as a label.");
const HIGH_WATERMARK: Family =
    Family::gauge("kafka_server_raftmetrics_high_watermark", "Where the committed metadata log ends.");
const END: Family = Family::gauge("kafka_server_raftmetrics_log_end_offset", "Where the metadata log ends.");
const COMMIT_LATENCY: Family = Family::gauge(
    "kafka_server_raftmetrics_commit_latency_avg",
    "Milliseconds that a commit took, on average over the last minutes.",
);
const APPENDED: Family = Family::gauge(
    "kafka_server_raftmetrics_append_records_rate",
    "Records in a second that were appended in the last minutes.",
);
const FETCHED: Family = Family::gauge(
    "kafka_server_raftmetrics_fetch_records_rate",
    "Records in a second that this node fetched from the leader, which it is itself.",
);

pub(super) fn write(broker: &Broker, now: &Now, out: &mut Exposition<'_>) {
    let node = broker.identity.node_id;
    out.one(&LEADER, node);
    out.one(&EPOCH, broker.metadata.epoch());
    out.one(&VOTE, node);
    out.family(&STATE).put(&Labels::of("current_state", "leader"), true);
    let end = now.snapshot.metadata_end;
    out.one(&HIGH_WATERMARK, end);
    out.one(&END, end);
    if let Some(micros) = now.snapshot.commits.since(&now.then.commits).mean() {
        out.one(&COMMIT_LATENCY, micros / 1e3);
    }
    out.one(&FETCHED, 0_u64);
    let seconds = now.elapsed().as_secs_f64();
    if seconds > 0.0 {
        out.one(&APPENDED, (end - now.then.metadata_end) as f64 / seconds);
    }
}
