//! A group's configuration (KIP-848, KIP-932, KIP-1071) and the bounds that the broker sets for it.

use crate::{
    error::InvalidConfig,
    options::Scope,
    reader::Reader,
    settings::{Overrides, Settings},
};

/// Where a new share group begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OffsetReset {
    Earliest,
    Latest,
    /// That long before now, as an ISO 8601 duration.
    ByDuration(String),
}

/// What a group's options come to, within the broker's bounds. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConfig {
    pub consumer: MemberTimes,
    pub share: MemberTimes,
    pub share_record_lock_duration_ms: i32,
    pub share_delivery_count_limit: i32,
    pub share_partition_max_record_locks: i32,
    pub share_auto_offset_reset: OffsetReset,
    pub share_read_committed: bool,
    pub share_renew_acknowledge: bool,
    pub streams: MemberTimes,
    pub streams_num_standby_replicas: i32,
    pub streams_initial_rebalance_delay_ms: i32,
}

/// What members of a kind of group have to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberTimes {
    pub session_timeout_ms: i32,
    pub heartbeat_interval_ms: i32,
    pub assignment_interval_ms: i32,
}

/// A group's option with the broker's that bound it.
struct Bounds {
    option: &'static str,
    least: Option<&'static str>,
    most: Option<&'static str>,
}

const fn bounds(option: &'static str, least: &'static str, most: &'static str) -> Bounds {
    Bounds { option, least: Some(least), most: Some(most) }
}

#[rustfmt::skip]
static BOUNDS: &[Bounds] = &[
    bounds("consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"),
    bounds("consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"),
    bounds("consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"),
    bounds("share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"),
    bounds("share.session.timeout.ms", "group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"),
    bounds("share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms", "group.share.max.record.lock.duration.ms"),
    bounds("share.delivery.count.limit", "group.share.min.delivery.count.limit", "group.share.max.delivery.count.limit"),
    bounds("share.partition.max.record.locks", "group.share.min.partition.max.record.locks", "group.share.max.partition.max.record.locks"),
    bounds("share.assignment.interval.ms", "group.share.min.assignment.interval.ms", "group.share.max.assignment.interval.ms"),
    bounds("streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"),
    bounds("streams.session.timeout.ms", "group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"),
    Bounds { option: "streams.num.standby.replicas", least: None, most: Some("group.streams.max.standby.replicas") },
    bounds("streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms", "group.streams.max.assignment.interval.ms"),
];

/// Options of which the first must be greater than the second.
static SESSION_ABOVE_HEARTBEAT: &[(&str, &str)] = &[
    ("consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"),
    ("share.session.timeout.ms", "share.heartbeat.interval.ms"),
    ("streams.session.timeout.ms", "streams.heartbeat.interval.ms"),
];

impl Settings {
    /// A group's configuration. A value that was within the broker's bounds when it was set, and is not any more,
    /// counts as the bound.
    pub fn group(&self, overrides: &Overrides) -> GroupConfig {
        let value = |name: &'static str| {
            let option = Scope::Group.find(name).expect("the snapshot reads declared options");
            self.resource_value(option, overrides)
        };
        GroupConfig::read(&Reader::new(&value), &|name, number| self.clamp(name, number))
    }

    fn clamp(&self, name: &str, number: i32) -> i32 {
        let Some(bounds) = BOUNDS.iter().find(|bounds| bounds.option == name) else { return number };
        let (least, most) = self.limits(bounds);
        number.min(most).max(least)
    }

    fn limits(&self, bounds: &Bounds) -> (i32, i32) {
        let value = |name| self.value(name);
        let reader = Reader::new(&value);
        (
            bounds.least.map_or(i32::MIN, |name| reader.int(name)),
            bounds.most.map_or(i32::MAX, |name| reader.int(name)),
        )
    }

    /// Checks that values fit the broker's bounds and each other. Each must have been parsed before.
    pub(crate) fn check_group(&self, overrides: &Overrides) -> Result<(), InvalidConfig> {
        let value = |name: &'static str| {
            let option = Scope::Group.find(name).expect("the bounds name declared options");
            self.resource_value(option, overrides)
        };
        let reader = Reader::new(&value);
        for bounds in BOUNDS {
            self.check_bounds(bounds, reader.int(bounds.option))?;
        }
        for (session, heartbeat) in SESSION_ABOVE_HEARTBEAT {
            if reader.int(session) <= reader.int(heartbeat) {
                return Err(InvalidConfig::new(format!("{session} must be greater than {heartbeat}")));
            }
        }
        Ok(())
    }

    fn check_bounds(&self, bounds: &Bounds, number: i32) -> Result<(), InvalidConfig> {
        let (least, most) = self.limits(bounds);
        let option = bounds.option;
        match (bounds.least, bounds.most) {
            (Some(name), _) if number < least => {
                Err(InvalidConfig::new(format!("{option} must be greater than or equal to {name}")))
            }
            (_, Some(name)) if number > most => {
                Err(InvalidConfig::new(format!("{option} must be less than or equal to {name}")))
            }
            _ => Ok(()),
        }
    }
}

impl GroupConfig {
    fn read(reader: &Reader<'_>, clamp: &dyn Fn(&'static str, i32) -> i32) -> GroupConfig {
        let int = |name| clamp(name, reader.int(name));
        let times = |session, heartbeat, assignment| MemberTimes {
            session_timeout_ms: int(session),
            heartbeat_interval_ms: int(heartbeat),
            assignment_interval_ms: int(assignment),
        };
        GroupConfig {
            consumer: times(
                "consumer.session.timeout.ms",
                "consumer.heartbeat.interval.ms",
                "consumer.assignment.interval.ms",
            ),
            share: times(
                "share.session.timeout.ms",
                "share.heartbeat.interval.ms",
                "share.assignment.interval.ms",
            ),
            share_record_lock_duration_ms: int("share.record.lock.duration.ms"),
            share_delivery_count_limit: int("share.delivery.count.limit"),
            share_partition_max_record_locks: int("share.partition.max.record.locks"),
            share_auto_offset_reset: OffsetReset::named(&reader.string("share.auto.offset.reset")),
            share_read_committed: reader.string("share.isolation.level") == "read_committed",
            share_renew_acknowledge: reader.boolean("share.renew.acknowledge.enable"),
            streams: times(
                "streams.session.timeout.ms",
                "streams.heartbeat.interval.ms",
                "streams.assignment.interval.ms",
            ),
            streams_num_standby_replicas: int("streams.num.standby.replicas"),
            streams_initial_rebalance_delay_ms: int("streams.initial.rebalance.delay.ms"),
        }
    }
}

impl OffsetReset {
    fn named(name: &str) -> OffsetReset {
        match name.strip_prefix("by_duration:") {
            Some(duration) => OffsetReset::ByDuration(duration.to_owned()),
            None if name == "earliest" => OffsetReset::Earliest,
            None => OffsetReset::Latest,
        }
    }
}
