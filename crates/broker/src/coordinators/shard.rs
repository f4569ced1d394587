//! A shard at work: the core of one partition of a coordinator's topic, under one lock.
//!
//! ```text
//!              loaded                unloaded: the topic is gone
//!  Loading ──────────────► Serving ─────────────────────────────► Ended
//!     └──────────────────────────── unreadable ──────────────────► Failed
//! ```
//!
//! Whatever happens to the core happens in a turn: it decides under the lock, and its effects are carried out
//! before the lock is released, so that the order of the log is that of the decisions. Nobody waits with the lock held:
//! an append only queues its batch, and the answers that depend on it follow in a later turn, when it is durable.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
    time::Instant,
};

use ottla_coordinator::{
    AppendId, CoordinatorRecord, Effect, Now, Ticket, TransactionEnd, TransactionalProducer,
};
use ottla_records::BatchOptions;
use ottla_replica::{Acks, Origin, Validated, VerificationGuard};
use ottla_wire::ErrorCode;
use tokio::sync::oneshot;
use tracing::{error, info};

use super::{
    Core, Effects, Outbox,
    alarm::{Alarm, Awaited, Next},
    batch::batch,
    loading,
    tickets::Tickets,
};
use crate::{
    api::produce::append_error,
    clock,
    durable::{Durable, Until},
    partition::{Partition, Produced},
    storage::Storage,
};

/// What all shards work with.
#[derive(Debug)]
pub(super) struct Means<C: Core> {
    pub(super) storage: Arc<Storage>,
    pub(super) durable: Arc<Durable>,
    pub(super) alarm: Alarm,
    pub(super) outbox: Outbox<C::Message>,
    pub(super) started: Instant,
}

impl<C: Core> Means<C> {
    pub(super) fn now(&self) -> Now {
        Now { uptime: clock::now() - self.started, unix_millis: clock::wall_ms() }
    }
}

#[derive(Debug)]
pub(super) struct HostedShard<C: Core> {
    means: Arc<Means<C>>,
    partition: Arc<Partition>,
    state: Mutex<State<C>>,
    /// What the shard awaits, for the driver to look at without the lock.
    awaited: Awaited,
}

#[derive(Debug)]
enum State<C: Core> {
    Loading {
        settings: C::Settings,
        /// What has happened meanwhile.
        news: Vec<C::News>,
    },
    Serving(Box<Serving<C>>),
    Failed,
    Ended,
}

#[derive(Debug)]
struct Serving<C: Core> {
    core: C,
    batches: BatchOptions,
    tickets: Tickets<C::Response>,
    /// Appends that are not durable yet, and when they are.
    appended: VecDeque<(AppendId, Until)>,
    /// What the request under way was verified with.
    guard: Option<VerificationGuard>,
}

impl<C: Core> HostedShard<C> {
    pub(super) fn new(
        means: &Arc<Means<C>>,
        partition: Arc<Partition>,
        settings: C::Settings,
    ) -> HostedShard<C> {
        let state = State::Loading { settings, news: Vec::new() };
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
        act: impl FnOnce(&mut C, Now, Ticket, &mut Effects<C>),
    ) -> Result<oneshot::Receiver<C::Response>, ErrorCode> {
        self.ask_verified(None, act)
    }

    /// The same, for what is written within a transaction, of whose producer the coordinator was asked.
    pub(super) fn ask_verified(
        &self,
        guard: Option<VerificationGuard>,
        act: impl FnOnce(&mut C, Now, Ticket, &mut Effects<C>),
    ) -> Result<oneshot::Receiver<C::Response>, ErrorCode> {
        let mut state = self.lock();
        let serving = state.serving()?;
        let (ticket, answered) = serving.tickets.issue();
        serving.guard = guard;
        self.turn(serving, |core, now, out| act(core, now, ticket, out));
        serving.guard = None;
        Ok(answered)
    }

    /// Something that happens to the core and that nobody waits for.
    pub(super) fn tell(&self, act: impl FnOnce(&mut C, Now, &mut Effects<C>)) -> Result<(), ErrorCode> {
        let mut state = self.lock();
        self.turn(state.serving()?, act);
        Ok(())
    }

    /// A request that is answered at once and has no effects.
    pub(super) fn look<R>(&self, look: impl FnOnce(&mut C, Now) -> R) -> Result<R, ErrorCode> {
        let mut state = self.lock();
        let serving = state.serving()?;
        let answer = look(&mut serving.core, self.means.now());
        self.await_next(serving);
        Ok(answer)
    }

    /// Lets happen what is due, if anything is.
    pub(super) fn wake(&self) {
        if !self.is_due() {
            return;
        }
        if let State::Serving(serving) = &mut *self.lock() {
            self.turn(serving, C::advance);
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

    pub(super) fn tell_news(&self, told: &C::News) {
        match &mut *self.lock() {
            State::Loading { news, .. } => news.push(told.clone()),
            State::Serving(serving) => {
                self.turn(serving, |core, now, out| core.on_news(told.clone(), now, out));
            }
            State::Failed | State::Ended => {}
        }
    }

    pub(super) fn configure(&self, changed: &C::Settings) {
        match &mut *self.lock() {
            State::Loading { settings, .. } => *settings = changed.clone(),
            State::Serving(serving) => {
                serving.batches = C::batches(changed);
                serving.core.configure(changed);
            }
            State::Failed | State::Ended => {}
        }
    }

    /// Replays the partition, tells the core the news that there are for what it has loaded, then serves. `stopping`
    /// ends it early.
    pub(super) fn load(&self, news: &dyn Fn(&C) -> Option<C::News>, stopping: &AtomicBool) {
        let epoch = self.partition.lock().replica.leader_epoch();
        let core = match &*self.lock() {
            State::Loading { settings, .. } => C::new(settings, epoch),
            State::Serving(_) | State::Failed | State::Ended => return,
        };
        let started = clock::now();
        match loading::load(&self.partition, core, stopping) {
            Ok(Some(loaded)) => {
                if loaded.records > 0 {
                    info!(
                        topic = %self.partition.topic.name,
                        partition = self.partition.index,
                        records = loaded.records,
                        skipped = loaded.skipped,
                        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                        "loaded {}", C::KEEPS
                    );
                }
                let told = news(&loaded.core);
                self.serve(loaded.core, told);
            }
            Ok(None) => {}
            Err(reason) => self.fail(&reason),
        }
    }

    fn serve(&self, mut core: C, first: Option<C::News>) {
        let mut state = self.lock();
        let State::Loading { settings, news } = &mut *state else { return };
        let mut news = std::mem::take(news);
        news.extend(first);
        core.configure(settings);
        let serving = Serving {
            core,
            batches: C::batches(settings),
            tickets: Tickets::default(),
            appended: VecDeque::new(),
            guard: None,
        };
        *state = State::Serving(Box::new(serving));
        let State::Serving(serving) = &mut *state else { unreachable!("it was just set") };
        self.turn(serving, C::loaded);
        for told in news {
            self.turn(serving, |core, now, out| core.on_news(told, now, out));
        }
    }

    fn fail(&self, reason: &dyn std::fmt::Display) {
        let (topic, partition) = (&self.partition.topic.name, self.partition.index);
        let keeps = C::KEEPS;
        error!(%topic, partition, %reason, "cannot load the {keeps} of this partition: they are not served until it can be read");
        let mut state = self.lock();
        if matches!(*state, State::Loading { .. }) {
            *state = State::Failed;
        }
    }

    /// The partition is gone: all who wait are told so.
    pub(super) fn unload(&self) {
        let mut state = self.lock();
        if let State::Serving(serving) = &mut *state {
            self.turn(serving, C::unload);
        }
        *state = State::Ended;
        self.awaited.set(Next::default());
    }

    /// Lets something happen to the shard, and carries out what follows until nothing more does.
    fn turn(&self, serving: &mut Serving<C>, act: impl FnOnce(&mut C, Now, &mut Effects<C>)) {
        let now = self.means.now();
        let mut effects = Vec::new();
        act(&mut serving.core, now, &mut effects);
        loop {
            self.carry_out(serving, now, effects);
            let Some(id) = serving.take_durable(&self.means.durable) else { break };
            effects = Vec::new();
            serving.core.committed(id, now, &mut effects);
        }
        self.await_next(serving);
    }

    fn carry_out(&self, serving: &mut Serving<C>, now: Now, effects: Effects<C>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let (id, appended) = match effect {
                Effect::Reply { ticket, response } => {
                    serving.tickets.answer(ticket, response);
                    continue;
                }
                Effect::Send(message) => {
                    self.means.outbox.put(message);
                    continue;
                }
                Effect::Append { id, records } => (id, self.append(serving.batches, None, &records, now)),
                Effect::AppendInTransaction { id, producer, records } => {
                    let options = in_transaction(serving.batches, producer);
                    (id, self.append(options, serving.guard.take(), &records, now))
                }
                Effect::AppendMarker { id, end } => (id, self.append_marker(&end)),
            };
            let base_offset = appended.map(|appended| {
                serving.appended.push_back((id, appended.until));
                appended.base_offset
            });
            let mut out = Vec::new();
            serving.core.appended(id, base_offset, now, &mut out);
            effects.extend(out);
        }
    }

    /// Appends one batch.
    fn append(
        &self,
        options: BatchOptions,
        guard: Option<VerificationGuard>,
        records: &[CoordinatorRecord],
        now: Now,
    ) -> Result<Produced, ErrorCode> {
        let batch = batch(records, options, now.unix_millis).map_err(|error| {
            error!(partition = self.partition.index, %error, "cannot make a batch of a coordinator's records");
            ErrorCode::RecordListTooLarge
        })?;
        if batch.size_in_bytes() > self.partition.lock().settings.rules.segment_bytes_max {
            return Err(ErrorCode::RecordListTooLarge);
        }
        let batch = Validated { batch, log_append_time: None };
        let appended =
            self.partition.append(&self.means.storage, batch, Acks::All, Origin::Coordinator, guard);
        appended.map_err(|refused| append_error(&refused))
    }

    fn append_marker(&self, end: &TransactionEnd) -> Result<Produced, ErrorCode> {
        let appended = self.partition.append_marker(&self.means.storage, end);
        appended.map_err(|refused| append_error(&refused))
    }

    /// Tells the driver when to come.
    fn await_next(&self, serving: &Serving<C>) {
        let first = serving.appended.front().map(|(_, until)| self.means.durable.missing(*until));
        let next = Next::new(first, serving.core.next_deadline());
        self.awaited.set(next);
        self.means.alarm.ring_by(next);
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().expect("a shard's invariant was broken before")
    }
}

fn in_transaction(options: BatchOptions, producer: TransactionalProducer) -> BatchOptions {
    BatchOptions { producer_id: producer.id, producer_epoch: producer.epoch, transactional: true, ..options }
}

impl<C: Core> State<C> {
    /// As Kafka answers: who loads will serve soon, and who has failed may after a restart.
    fn serving(&mut self) -> Result<&mut Serving<C>, ErrorCode> {
        match self {
            State::Serving(serving) => Ok(serving),
            State::Loading { .. } | State::Failed => Err(ErrorCode::CoordinatorLoadInProgress),
            State::Ended => Err(ErrorCode::NotCoordinator),
        }
    }
}

impl<C: Core> Serving<C> {
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
