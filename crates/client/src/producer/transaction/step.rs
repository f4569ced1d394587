//! What coordinators are asked, one thing after the other, and what they answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::sequence::Identity;
use super::TransactionVersion;
use crate::TopicPartition;
use crate::group::{CommittedOffset, GroupMetadata};

/// Offsets that are committed with a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::producer) struct Offsets {
    pub(in crate::producer) group: GroupMetadata,
    pub(in crate::producer) offsets: Vec<(TopicPartition, CommittedOffset)>,
}

/// One request. It may be made again: coordinators know what they were told before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::producer) enum Step {
    /// Get an id; or, for a producer that has one, the next epoch.
    Init(Option<Identity>),
    /// Tell the coordinator which partitions are sent to.
    AddPartitions(Identity, BTreeSet<TopicPartition>),
    /// Tell the coordinator which group's offsets are committed.
    AddGroup(Identity, Arc<str>),
    /// Tell the group's coordinator the offsets.
    CommitOffsets(Identity, TransactionVersion, Offsets),
    /// Commit or abort.
    End { identity: Identity, version: TransactionVersion, is_commit: bool },
}

impl Step {
    /// Whether it tells of what is in the transaction.
    pub(super) fn is_about_what_is_sent(&self) -> bool {
        match self {
            Step::AddPartitions(..) | Step::AddGroup(..) | Step::CommitOffsets(..) => true,
            Step::Init(_) | Step::End { .. } => false,
        }
    }
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::producer) enum Done {
    /// There is an id, in a cluster of this version.
    Initialized(Identity, TransactionVersion),
    /// It is taken note of.
    Taken,
    /// The transaction ended; with V2 under which id and epoch the next begins.
    Ended(Option<Identity>),
}
