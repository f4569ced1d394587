//! A shard at work: the groups of one partition of `__consumer_offsets`, under one lock.
//!
//! ```text
//!              loaded                unloaded: the topic is gone
//!  Loading ──────────────► Serving ─────────────────────────────► Ended
//!     └──────────────────────────── unreadable ──────────────────► Failed
//! ```
//!
//! Whatever happens to the groups happens in a turn: the core decides under the lock, and its effects are carried out
//! before the lock is released, so that the order of the log is that of the decisions. Nobody waits with the lock held:
//! an append only queues its batch, and the answers that depend on it follow in a later turn, when it is durable.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
    time::Instant,
};

use ottla_coordinator::{AppendId, CoordinatorRecord, DeletedTopic, Effect, Now, Response, Shard, Ticket};
use ottla_records::Codec;
use ottla_replica::{Acks, Origin, Validated};
use ottla_wire::ErrorCode;
use tokio::sync::oneshot;
use tracing::{error, info};

use super::{
    Existing,
    alarm::{Alarm, Awaited, Next},
    batch::batch,
    loading,
    settings::Settings,
    tickets::Tickets,
};
use crate::{
    api::produce::append_error,
    clock,
    durable::{Durable, Until},
    partition::Partition,
    storage::Storage,
};

/// What all shards work with.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) storage: Arc<Storage>,
    pub(super) durable: Arc<Durable>,
    pub(super) alarm: Alarm,
    pub(super) started: Instant,
}

impl Means {
    pub(super) fn now(&self) -> Now {
        Now { uptime: clock::now() - self.started, unix_millis: clock::wall_ms() }
    }
}

#[derive(Debug)]
pub(super) struct HostedShard {
    means: Arc<Means>,
    partition: Arc<Partition>,
    state: Mutex<State>,
    /// What the shard awaits, for the driver to look at without the lock.
    awaited: Awaited,
}

#[derive(Debug)]
enum State {
    Loading {
        settings: Settings,
        /// Topics that were deleted meanwhile.
        deleted: Vec<DeletedTopic>,
    },
    Serving(Box<Serving>),
    Failed,
    Ended,
}

#[derive(Debug)]
struct Serving {
    shard: Shard,
    codec: Codec,
    tickets: Tickets,
    /// Appends that are not durable yet, and when they are.
    appended: VecDeque<(AppendId, Until)>,
}

impl HostedShard {
    pub(super) fn new(means: &Arc<Means>, partition: Arc<Partition>, settings: Settings) -> HostedShard {
        let state = State::Loading { settings, deleted: Vec::new() };
        HostedShard {
            means: Arc::clone(means),
            partition,
            state: Mutex::new(state),
            awaited: Awaited::default(),
        }
    }

    /// A request whose answer comes later: a receiver that fails if the shard ends before.
    pub(super) fn ask(
        &self,
        act: impl FnOnce(&mut Shard, Now, Ticket, &mut Vec<Effect>),
    ) -> Result<oneshot::Receiver<Response>, ErrorCode> {
        let mut state = self.lock();
        let serving = state.serving()?;
        let (ticket, answered) = serving.tickets.issue();
        self.turn(serving, |shard, now, out| act(shard, now, ticket, out));
        Ok(answered)
    }

    /// A request that is answered at once and has no effects.
    pub(super) fn look<R>(&self, look: impl FnOnce(&mut Shard, Now) -> R) -> Result<R, ErrorCode> {
        let mut state = self.lock();
        let serving = state.serving()?;
        let answer = look(&mut serving.shard, self.means.now());
        self.await_next(serving);
        Ok(answer)
    }

    /// Lets happen what is due, if anything is.
    pub(super) fn wake(&self) {
        if !self.is_due() {
            return;
        }
        if let State::Serving(serving) = &mut *self.lock() {
            self.turn(serving, Shard::advance);
        }
    }

    fn is_due(&self) -> bool {
        let next = self.awaited.get();
        next.until().any(|until| self.means.durable.has_reached(until))
            || next.deadline.is_some_and(|at| at <= self.means.now().uptime)
    }

    /// What the shard awaits.
    pub(super) fn next(&self) -> Next {
        self.awaited.get()
    }

    pub(super) fn topics_deleted(&self, topics: &[DeletedTopic]) {
        match &mut *self.lock() {
            State::Loading { deleted, .. } => deleted.extend_from_slice(topics),
            State::Serving(serving) => self.turn(serving, |shard, _, out| shard.topics_deleted(topics, out)),
            State::Failed | State::Ended => {}
        }
    }

    pub(super) fn configure(&self, changed: &Settings) {
        match &mut *self.lock() {
            State::Loading { settings, .. } => *settings = changed.clone(),
            State::Serving(serving) => {
                serving.codec = changed.codec;
                serving.shard.set_config(changed.groups.clone());
            }
            State::Failed | State::Ended => {}
        }
    }

    /// Replays the partition, then serves. `stopping` ends it early.
    ///
    /// Offsets of topics that do not exist are forgotten: the process that deleted the topic ended before it came to
    /// that, and a later topic of the same name must not find them.
    pub(super) fn load(&self, existing: &Existing, stopping: &AtomicBool) {
        let shard = match &*self.lock() {
            State::Loading { settings, .. } => Shard::new(settings.groups.clone()),
            State::Serving(_) | State::Failed | State::Ended => return,
        };
        let started = clock::now();
        match loading::load(&self.partition, shard, stopping) {
            Ok(Some(loaded)) => {
                if loaded.records > 0 {
                    info!(
                        partition = self.partition.index,
                        records = loaded.records,
                        skipped = loaded.skipped,
                        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                        "loaded groups and offsets"
                    );
                }
                self.serve(loaded.shard, existing);
            }
            Ok(None) => {}
            Err(reason) => self.fail(&reason),
        }
    }

    fn serve(&self, shard: Shard, existing: &Existing) {
        let mut state = self.lock();
        let State::Loading { settings, deleted } = &mut *state else { return };
        let mut deleted = std::mem::take(deleted);
        deleted.extend(orphans(&shard, existing));
        let serving =
            Serving { shard, codec: settings.codec, tickets: Tickets::default(), appended: VecDeque::new() };
        let groups = settings.groups.clone();
        *state = State::Serving(Box::new(serving));
        let State::Serving(serving) = &mut *state else { unreachable!("it was just set") };
        self.turn(serving, |shard, now, out| {
            shard.set_config(groups);
            shard.loaded(now, out);
        });
        if !deleted.is_empty() {
            self.turn(serving, |shard, _, out| shard.topics_deleted(&deleted, out));
        }
    }

    fn fail(&self, reason: &dyn std::fmt::Display) {
        let (topic, partition) = (&self.partition.topic.name, self.partition.index);
        error!(%topic, partition, %reason, "cannot load the groups of this partition: they are not served until it can be read");
        let mut state = self.lock();
        if matches!(*state, State::Loading { .. }) {
            *state = State::Failed;
        }
    }

    /// The partition is gone: all who wait are told so.
    pub(super) fn unload(&self) {
        let mut state = self.lock();
        if let State::Serving(serving) = &mut *state {
            self.turn(serving, Shard::unload);
        }
        *state = State::Ended;
        self.awaited.set(Next::default());
    }

    /// Lets something happen to the shard, and carries out what follows until nothing more does.
    fn turn(&self, serving: &mut Serving, act: impl FnOnce(&mut Shard, Now, &mut Vec<Effect>)) {
        let now = self.means.now();
        let mut effects = Vec::new();
        act(&mut serving.shard, now, &mut effects);
        loop {
            self.carry_out(serving, now, effects);
            let Some(id) = serving.take_durable(&self.means.durable) else { break };
            effects = Vec::new();
            serving.shard.committed(id, now, &mut effects);
        }
        self.await_next(serving);
    }

    fn carry_out(&self, serving: &mut Serving, now: Now, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Reply { ticket, response } => serving.tickets.answer(ticket, response),
                Effect::Append { id, records } => {
                    let appended = self.append(serving, id, &records, now);
                    let mut out = Vec::new();
                    serving.shard.appended(id, appended, now, &mut out);
                    effects.extend(out);
                }
            }
        }
    }

    /// Appends one batch; the offset of its first record.
    fn append(
        &self,
        serving: &mut Serving,
        id: AppendId,
        records: &[CoordinatorRecord],
        now: Now,
    ) -> Result<i64, ErrorCode> {
        let batch = batch(records, serving.codec, now.unix_millis).map_err(|error| {
            error!(partition = self.partition.index, %error, "cannot make a batch of a group's records");
            ErrorCode::RecordListTooLarge
        })?;
        if batch.size_in_bytes() > self.partition.lock().settings.rules.segment_bytes_max {
            return Err(ErrorCode::RecordListTooLarge);
        }
        let batch = Validated { batch, log_append_time: None };
        let appended = self.partition.append(&self.means.storage, batch, Acks::All, Origin::Coordinator);
        let appended = appended.map_err(|refused| append_error(&refused))?;
        serving.appended.push_back((id, appended.until));
        Ok(appended.base_offset)
    }

    /// Tells the driver when to come.
    fn await_next(&self, serving: &Serving) {
        let first = serving.appended.front().map(|(_, until)| self.means.durable.missing(*until));
        let next = Next::new(first, serving.shard.next_deadline());
        self.awaited.set(next);
        self.means.alarm.ring_by(next);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a shard's invariant was broken before")
    }
}

/// Topics that offsets are committed for, and that do not exist.
fn orphans(shard: &Shard, existing: &Existing) -> Vec<DeletedTopic> {
    let mut orphans = BTreeSet::new();
    for (_, topic, _, offset) in shard.committed_offsets() {
        if !existing.contains(topic) {
            orphans.insert((topic, offset.topic_id));
        }
    }
    orphans.into_iter().map(|(name, id)| DeletedTopic { name: name.into(), id }).collect()
}

impl State {
    /// As Kafka answers: who loads will serve soon, and who has failed may after a restart.
    fn serving(&mut self) -> Result<&mut Serving, ErrorCode> {
        match self {
            State::Serving(serving) => Ok(serving),
            State::Loading { .. } | State::Failed => Err(ErrorCode::CoordinatorLoadInProgress),
            State::Ended => Err(ErrorCode::NotCoordinator),
        }
    }
}

impl Serving {
    /// The last append that is durable by now, if there is a new one. Appends become durable in their order.
    fn take_durable(&mut self, durable: &Durable) -> Option<AppendId> {
        let mut last = None;
        while let Some((id, until)) = self.appended.front().copied()
            && durable.has_reached(until)
        {
            self.appended.pop_front();
            last = Some(id);
        }
        last
    }
}
