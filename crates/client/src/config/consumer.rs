//! What a consumer adds, in a group or alone.

use std::time::Duration;

use super::declare::{Options, options};
use super::parse::{Parsed, between, boolean, list, millis, named, optional, positive, string};
use super::{ClientConfig, properties};
use crate::{Error, Result};

/// Where consuming begins if there is no committed offset, or none that still exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetReset {
    /// At the first record.
    Earliest,
    /// After the last record.
    Latest,
    /// At the first record that is not older (KIP-1106).
    ByDuration(Duration),
    /// Nowhere: it is an error.
    None,
}

/// How members of a group agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupProtocol {
    /// A member assigns partitions.
    Classic,
    /// The coordinator assigns partitions (KIP-848).
    Consumer,
}

/// Which records of transactions are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationLevel {
    /// All.
    ReadUncommitted,
    /// Those of committed ones, and nothing behind one that is open.
    ReadCommitted,
}

/// When the records of a share group count as processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcknowledgementMode {
    /// When the next ones are asked for.
    Implicit,
    /// When each was acknowledged.
    Explicit,
}

/// How many records of a share group are acquired at a time (KIP-1206).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcquireMode {
    /// Whole batches.
    BatchOptimized,
    /// No more than `max.poll.records`.
    RecordLimit,
}

options! {
    /// Options of a consumer.
    pub struct ConsumerConfig {
        /// Whether asking for a topic that is not there makes it, where the broker does that.
        allow_auto_create_topics: bool = true, "allow.auto.create.topics", boolean;
        /// How often offsets are committed, with `enable.auto.commit`.
        auto_commit_interval: Duration = Duration::from_secs(5), "auto.commit.interval.ms", millis;
        /// Where consuming begins if there is no committed offset.
        auto_offset_reset: OffsetReset = OffsetReset::Latest, "auto.offset.reset", offset_reset;
        /// Whether checksums are verified.
        check_crcs: bool = true, "check.crcs", boolean;
        /// Whether offsets are committed without being asked to.
        enable_auto_commit: bool = true, "enable.auto.commit", boolean;
        /// Whether a pattern leaves out Kafka's own topics.
        exclude_internal_topics: bool = true, "exclude.internal.topics", boolean;
        /// The most that one answer holds.
        fetch_max_bytes: i32 = 52_428_800, "fetch.max.bytes", between(0, i32::MAX);
        /// How long a broker waits for `fetch.min.bytes`.
        fetch_max_wait: Duration = Duration::from_millis(500), "fetch.max.wait.ms", millis;
        /// The least that is worth an answer.
        fetch_min_bytes: i32 = 1, "fetch.min.bytes", between(0, i32::MAX);
        /// The group; none for a consumer that is alone.
        group_id: Option<String> = None, "group.id", optional(string);
        /// The name of a member that comes back as the same one (KIP-345).
        group_instance_id: Option<String> = None, "group.instance.id", optional(string);
        /// How members of the group agree.
        group_protocol: GroupProtocol = GroupProtocol::Classic, "group.protocol", named;
        /// The coordinator's assignor, for the protocol `consumer`. By default the coordinator chooses.
        group_remote_assignor: Option<String> = None, "group.remote.assignor", optional(string);
        /// How often the coordinator is told that this member lives, for the protocol `classic`.
        heartbeat_interval: Duration = Duration::from_secs(3), "heartbeat.interval.ms", millis;
        /// Which records of transactions are seen.
        isolation_level: IsolationLevel = IsolationLevel::ReadUncommitted, "isolation.level", named;
        /// The most that one answer holds of one partition.
        max_partition_fetch_bytes: i32 = 1_048_576, "max.partition.fetch.bytes", between(0, i32::MAX);
        /// A member that asks for no records for so long leaves its group.
        max_poll_interval: Duration = Duration::from_secs(300), "max.poll.interval.ms", millis;
        /// The most records that one call gives.
        max_poll_records: usize = 500, "max.poll.records", positive_size;
        /// How long a committed offset stays, however long brokers keep those of others: kafka-go's and sarama's option, for brokers that
        /// serve OffsetCommit up to version 4. None leaves it to the broker. Neither static members have it nor `group.protocol=consumer`.
        offset_retention: Option<Duration> = None, "offset.retention.ms", optional(millis);
        /// The members' assignors in order of preference, for the protocol `classic`: `range`, `roundrobin`, `sticky`,
        /// `cooperative-sticky`.
        partition_assignment_strategy: Vec<String> = vec!["range".into(), "cooperative-sticky".into()], "partition.assignment.strategy", assignors;
        /// A member that the coordinator did not hear of for so long is dead, for the protocol `classic`.
        session_timeout: Duration = Duration::from_secs(45), "session.timeout.ms", millis;
        /// When the records of a share group count as processed.
        share_acknowledgement_mode: AcknowledgementMode = AcknowledgementMode::Implicit, "share.acknowledgement.mode", named;
        /// How many records of a share group are acquired at a time.
        share_acquire_mode: AcquireMode = AcquireMode::BatchOptimized, "share.acquire.mode", named;
    }
}

impl ConsumerConfig {
    /// Reads properties: the consumer's and those that all clients have.
    ///
    /// [`Error::Config`] names the property that is unknown, or whose text is not of its type, or that does not go with another.
    pub fn from_properties<K: AsRef<str>, V: AsRef<str>>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(ClientConfig, ConsumerConfig)> {
        let (mut client, mut consumer) = (ClientConfig::default(), ConsumerConfig::default());
        properties::read(
            properties,
            &mut |key, text| Ok(client.set(key, text)? || consumer.set(key, text)?),
        )?;
        client.check()?;
        consumer.check()?;
        Ok((client, consumer))
    }

    /// Whether the options go together.
    pub(crate) fn check(&self) -> Result<()> {
        let is_classic_member = self.group_id.is_some() && self.group_protocol == GroupProtocol::Classic;
        if is_classic_member && self.heartbeat_interval >= self.session_timeout {
            return Err(Error::Config("heartbeat.interval.ms: must be less than session.timeout.ms".into()));
        }
        let is_plain = self.group_instance_id.is_none() && self.group_protocol == GroupProtocol::Classic;
        if self.offset_retention.is_some() && !is_plain {
            let text = "offset.retention.ms: neither static members have it nor group.protocol=consumer";
            return Err(Error::Config(text.into()));
        }
        if is_classic_member && self.partition_assignment_strategy.is_empty() {
            return Err(Error::Config("partition.assignment.strategy: name at least one".into()));
        }
        Ok(())
    }
}

fn positive_size(text: &str) -> Parsed<usize> {
    positive(text)
}

/// Kafka's names, then those that librdkafka knows besides.
fn offset_reset(text: &str) -> Parsed<OffsetReset> {
    match text.to_ascii_lowercase().as_str() {
        "earliest" | "smallest" | "beginning" => Ok(OffsetReset::Earliest),
        "latest" | "largest" | "end" => Ok(OffsetReset::Latest),
        "none" | "error" => Ok(OffsetReset::None),
        other => {
            let duration = other.strip_prefix("by_duration:").and_then(iso_duration);
            let error = || format!("{text:?} is none of latest, earliest, none, by_duration:PnDTnHnMn.nS");
            duration.map(OffsetReset::ByDuration).ok_or_else(error)
        }
    }
}

/// `pNdTnHnMn.nS` of ISO 8601, in lower case.
fn iso_duration(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('p')?;
    let (days, times) = text.split_once('t').unwrap_or((text, ""));
    let mut seconds = 0.0;
    for (part, units) in
        [(days, &[('d', 86_400.0)][..]), (times, &[('h', 3_600.0), ('m', 60.0), ('s', 1.0)][..])]
    {
        let mut rest = part;
        for (unit, size) in units {
            if let Some((number, after)) = rest.split_once(*unit) {
                seconds += number.parse::<f64>().ok()? * size;
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok())?
}

/// The names, or those of Java's classes.
fn assignors(text: &str) -> Parsed<Vec<String>> {
    let short = |name: String| match name.rsplit('.').next() {
        Some("RangeAssignor") => "range".to_owned(),
        Some("RoundRobinAssignor") => "roundrobin".to_owned(),
        Some("StickyAssignor") => "sticky".to_owned(),
        Some("CooperativeStickyAssignor") => "cooperative-sticky".to_owned(),
        _ => name,
    };
    Ok(list(text)?.into_iter().map(short).collect())
}
