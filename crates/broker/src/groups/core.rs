//! The core of groups, as the coordinators' host sees it.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use bytes::Bytes;
use ottla_coordinator::{AppendId, DeletedTopic, Now, ReplayError, Response, Shard};
use ottla_records::{BatchOptions, Epoch, Offset, ProducerId};
use ottla_wire::ErrorCode;

use super::{Existing, settings::Settings};
use crate::coordinators::{Core, Effects};

impl Core for Shard {
    const KEEPS: &'static str = "groups and offsets";

    type Settings = Settings;
    type Response = Response;
    type Message = Infallible;
    /// Topics that are gone.
    type News = Vec<DeletedTopic>;

    fn new(settings: &Settings, _epoch: Epoch) -> Shard {
        Shard::new(settings.groups.clone())
    }

    fn configure(&mut self, settings: &Settings) {
        self.set_config(settings.groups.clone());
    }

    /// Kafka's group coordinator writes base sequence 0 without a producer ID, so this does.
    fn batches(settings: &Settings) -> BatchOptions {
        BatchOptions { codec: settings.codec, base_sequence: 0, ..BatchOptions::default() }
    }

    fn replay(
        &mut self,
        offset: Offset,
        producer_id: ProducerId,
        key: &Bytes,
        value: Option<&Bytes>,
    ) -> Result<(), ReplayError> {
        Shard::replay(self, offset, producer_id, key, value)
    }

    fn replay_end_of_transaction(&mut self, producer_id: ProducerId, committed: bool) {
        Shard::replay_end_of_transaction(self, producer_id, committed);
    }

    fn loaded(&mut self, now: Now, out: &mut Effects<Shard>) {
        Shard::loaded(self, now, out);
    }

    fn on_news(&mut self, deleted: Vec<DeletedTopic>, _now: Now, out: &mut Effects<Shard>) {
        self.topics_deleted(&deleted, out);
    }

    fn next_deadline(&self) -> Option<Duration> {
        Shard::next_deadline(self)
    }

    fn advance(&mut self, now: Now, out: &mut Effects<Shard>) {
        Shard::advance(self, now, out);
    }

    fn appended(
        &mut self,
        id: AppendId,
        result: Result<Offset, ErrorCode>,
        now: Now,
        out: &mut Effects<Shard>,
    ) {
        Shard::appended(self, id, result, now, out);
    }

    fn committed(&mut self, id: AppendId, now: Now, out: &mut Effects<Shard>) {
        Shard::committed(self, id, now, out);
    }

    fn unload(&mut self, now: Now, out: &mut Effects<Shard>) {
        Shard::unload(self, now, out);
    }
}

/// Topics that offsets are committed for, and that do not exist: the process that deleted the topic ended before it came
/// to forget its offsets, and a later topic of the same name must not find them.
pub(super) fn orphans(shard: &Shard, existing: &Existing) -> Option<Vec<DeletedTopic>> {
    let mut orphans = BTreeSet::new();
    for (_, topic, _, offset) in shard.committed_offsets() {
        if !existing.contains(topic) {
            orphans.insert((topic, offset.topic_id));
        }
    }
    let deleted = |(name, id): (&str, _)| DeletedTopic { name: name.into(), id };
    (!orphans.is_empty()).then(|| orphans.into_iter().map(deleted).collect())
}
