//! Offsets that nobody has used for `offsets.retention.minutes`.

use bytestring::ByteString;

use super::delete::tombstone;
use crate::{
    CommittedOffset,
    group::{Group, GroupState, Membership, classic::ClassicGroup},
    record::Record,
};

/// What has expired of a group.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expired {
    pub(crate) offsets: Vec<Record>,
    /// Nothing is left of the group: it goes as well.
    pub(crate) group: bool,
}

/// From when the retention of a group's offsets counts.
#[derive(Clone, Copy, Debug)]
enum Since {
    Commit,
    Moment(i64),
}

/// Finds what has expired by `now`, in milliseconds.
pub(crate) fn expire(id: &ByteString, group: &Group, retention: i64, now: i64) -> Expired {
    let since = match &group.membership {
        Membership::Simple => Since::Commit,
        Membership::Classic(classic) => match since(classic) {
            Some(since) => since,
            None if group.offsets.committed.is_empty() => Since::Commit,
            None => return Expired::default(),
        },
        // Nobody knows whether they are in use.
        Membership::Other(_) => return Expired::default(),
    };
    let has_expired = |topic: &ByteString, partition: i32, offset: &CommittedOffset| {
        !group.is_subscribed_to(topic)
            && is_past(offset, since, retention, now)
            && !group.offsets.is_unstable(topic, partition)
    };
    let all = group.offsets.committed.iter();
    let expired: Vec<Record> = all
        .filter(|(topic, partition, offset)| has_expired(topic, *partition, offset))
        .map(|(topic, partition, _)| tombstone(id, topic, partition))
        .collect();
    let nothing_left =
        expired.len() == group.offsets.committed.iter().count() && !group.offsets.has_open_transaction();
    Expired { offsets: expired, group: nothing_left && is_unused(group) }
}

/// An empty group's offsets are kept from when it became empty; those of a stable group of consumers, for topics that
/// they have left, from their commit. In other groups none expires.
fn since(group: &ClassicGroup) -> Option<Since> {
    if group.protocol_type().is_none() {
        return Some(Since::Commit);
    }
    match group.state() {
        // Records of old versions do not tell the moment.
        GroupState::Empty => Some(group.state_since().map_or(Since::Commit, Since::Moment)),
        GroupState::Stable if group.knows_subscribed_topics() => Some(Since::Commit),
        GroupState::Stable | GroupState::PreparingRebalance | GroupState::CompletingRebalance => None,
    }
}

fn is_past(offset: &CommittedOffset, since: Since, retention: i64, now: i64) -> bool {
    if offset.expire_timestamp >= 0 {
        return now >= offset.expire_timestamp;
    }
    let since = match since {
        Since::Commit => offset.commit_timestamp,
        Since::Moment(moment) => moment,
    };
    now.saturating_sub(since) >= retention
}

fn is_unused(group: &Group) -> bool {
    match &group.membership {
        Membership::Simple => true,
        Membership::Classic(classic) => classic.state() == GroupState::Empty && !classic.has_pending_joins(),
        Membership::Other(_) => false,
    }
}
