//! The groups of one partition of `__consumer_offsets`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytestring::ByteString;
use ottla_wire::ErrorCode;

use crate::{
    CommittedOffset, Effect, GroupConfig, GroupState, GroupType, Now,
    appends::Appends,
    group::{
        Group,
        classic::{ClassicGroup, TimerKey, Turn},
    },
    timers::{Timer, Timers},
};

mod admin;
mod appended;
mod clock;
mod membership;
mod offsets;
mod replay;
mod transactions;

pub use offsets::DeletedTopic;

/// Stands for "of no transaction".
const NO_PRODUCER_ID: i64 = -1;

/// Groups and committed offsets of one partition of `__consumer_offsets`; see the crate's documentation.
#[derive(Debug)]
pub struct Shard {
    config: GroupConfig,
    groups: HashMap<ByteString, Group>,
    /// Groups that have offsets in a producer's open transaction.
    transactions: BTreeMap<i64, BTreeSet<ByteString>>,
    timers: Timers<TimerKey>,
    expiry_timer: Timer,
    appends: Appends,
    stats: Stats,
}

/// Counted since the shard was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub offset_commits: u64,
    pub offset_deletions: u64,
    pub offset_expirations: u64,
    pub completed_rebalances: u64,
}

/// A group, as metrics show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSummary<'a> {
    pub id: &'a str,
    pub group_type: GroupType,
    pub state: GroupState,
    pub members: usize,
}

/// The groups, and what is at hand while they handle something.
struct Parts<'a> {
    groups: &'a mut HashMap<ByteString, Group>,
    turn: Turn<'a>,
}

impl Shard {
    pub fn new(config: GroupConfig) -> Shard {
        Shard {
            config,
            groups: HashMap::new(),
            transactions: BTreeMap::new(),
            timers: Timers::new(),
            expiry_timer: Timer::default(),
            appends: Appends::default(),
            stats: Stats::default(),
        }
    }

    /// Changes the settings; what has begun goes on by the old ones.
    pub fn set_config(&mut self, config: GroupConfig) {
        self.config = config;
    }

    /// All records have been replayed: from now on the shard serves.
    pub fn loaded(&mut self, now: Now, out: &mut Vec<Effect>) {
        let ids = self.sorted_ids();
        let Parts { groups, mut turn } = self.parts(now, out);
        for id in ids {
            if let Some(classic) = classic(groups, &id) {
                classic.loaded(&mut turn);
            }
        }
        self.schedule_expiry(now);
    }

    /// The partition is led elsewhere from now on: all who wait are sent there. The shard is to be dropped.
    pub fn unload(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some(waiting) = self.appends.next_up_to(self.appends.last()) {
            waiting.refuse(ErrorCode::NotCoordinator, out);
        }
        let ids = self.sorted_ids();
        let Parts { groups, mut turn } = self.parts(now, out);
        for id in ids {
            if let Some(classic) = classic(groups, &id) {
                classic.unload(&mut turn);
            }
        }
    }

    /// The groups, in no order.
    pub fn groups(&self) -> impl Iterator<Item = GroupSummary<'_>> {
        self.groups.iter().map(|(id, group)| GroupSummary {
            id,
            group_type: group.group_type(),
            state: group.state(),
            members: group.member_count(),
        })
    }

    /// All committed offsets: group, topic, partition, offset.
    pub fn committed_offsets(&self) -> impl Iterator<Item = (&str, &str, i32, &CommittedOffset)> {
        self.groups.iter().flat_map(|(id, group)| {
            let offsets = group.offsets.committed.iter();
            offsets.map(move |(topic, partition, offset)| (&**id, &**topic, partition, offset))
        })
    }

    #[cfg(test)]
    pub(crate) fn all_groups(&self) -> &HashMap<ByteString, Group> {
        &self.groups
    }

    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn parts<'a>(&'a mut self, now: Now, out: &'a mut Vec<Effect>) -> Parts<'a> {
        Parts {
            groups: &mut self.groups,
            turn: Turn {
                now,
                config: &self.config,
                timers: &mut self.timers,
                appends: &mut self.appends,
                rebalances: &mut self.stats.completed_rebalances,
                out,
            },
        }
    }

    /// So that what happens to all groups happens in an order that can be repeated.
    fn sorted_ids(&self) -> Vec<ByteString> {
        let mut ids: Vec<ByteString> = self.groups.keys().cloned().collect();
        ids.sort_unstable();
        ids
    }
}

fn classic<'a>(groups: &'a mut HashMap<ByteString, Group>, id: &str) -> Option<&'a mut ClassicGroup> {
    groups.get_mut(id).and_then(Group::classic_mut)
}
