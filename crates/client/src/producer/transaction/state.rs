//! What a transactional producer is doing, what comes next, and what an answer means for it. Pure.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::ErrorCode;
use tokio::time::Instant;

use super::super::sequence::Identity;
use super::verdict::Verdict;
use super::{Completion, Done, Offsets, Step, TransactionVersion};
use crate::backoff::Backoff;
use crate::{Error, Result, TopicPartition};

/// The pause while the coordinator still ends the transaction before: that takes it little.
const ENDING_PAUSE: Duration = Duration::from_millis(20);

/// See the module's table.
#[derive(Debug)]
enum State {
    New,
    Initializing(Completion),
    Ready,
    Open,
    Committing(Completion),
    Aborting(Completion),
    Failed(Error),
    Over(Error),
}

/// A step that is under way, or is made again.
#[derive(Debug)]
struct UnderWay {
    step: Step,
    failures: u32,
    /// None while an answer is waited for.
    again_at: Option<Instant>,
    /// It was lost once: the coordinator may have acted on it.
    may_be_done: bool,
}

/// When there is something to ask.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::producer) enum Next {
    Now(Step),
    At(Instant),
    /// Once something has come back, or something new has come.
    Later,
}

/// The transactions of one producer, one after the other.
#[derive(Debug)]
pub(in crate::producer) struct Transactions {
    id: Arc<str>,
    backoff: Backoff,
    state: State,
    version: TransactionVersion,
    /// What the cluster has agreed on since: the next transaction goes by it.
    agreed: TransactionVersion,
    identity: Option<Identity>,
    under_way: Option<UnderWay>,
    /// The coordinator has heard of the open transaction, or will.
    is_started: bool,
    /// It may have: what told it of something was lost, and refused when it was said again.
    may_be_started: bool,
    /// What it was told of.
    partitions: BTreeSet<TopicPartition>,
    groups: BTreeSet<Arc<str>>,
    /// What it must be told of.
    new_partitions: BTreeSet<TopicPartition>,
    offsets: VecDeque<(Offsets, Completion)>,
    /// Batches were given up: numbers are missing in this epoch.
    needs_epoch: bool,
}

impl Transactions {
    pub(in crate::producer) fn new(id: Arc<str>, backoff: Backoff) -> Transactions {
        Transactions {
            id,
            backoff,
            state: State::New,
            version: TransactionVersion::V1,
            agreed: TransactionVersion::V1,
            identity: None,
            under_way: None,
            is_started: false,
            may_be_started: false,
            partitions: BTreeSet::new(),
            groups: BTreeSet::new(),
            new_partitions: BTreeSet::new(),
            offsets: VecDeque::new(),
            needs_epoch: false,
        }
    }

    pub(in crate::producer) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    pub(in crate::producer) fn version(&self) -> TransactionVersion {
        self.version
    }

    /// Has an id asked for. Asking that is under way is waited for once more.
    pub(in crate::producer) fn init(&mut self) -> Result<Completion> {
        match &self.state {
            State::New => Ok(self.wait_in(State::Initializing)),
            State::Initializing(completion) => Ok(completion.clone()),
            State::Over(error) => Err(error.clone()),
            State::Ready | State::Open | State::Committing(_) | State::Aborting(_) | State::Failed(_) => {
                Err(Error::TransactionState("transactions are initialized already"))
            }
        }
    }

    pub(in crate::producer) fn begin(&mut self) -> Result<()> {
        match &self.state {
            State::Ready => {
                self.state = State::Open;
                Ok(())
            }
            State::Over(error) => Err(error.clone()),
            State::New | State::Initializing(_) => Err(NOT_INITIALIZED),
            State::Open | State::Committing(_) | State::Aborting(_) | State::Failed(_) => {
                Err(Error::TransactionState("the transaction before must be committed or aborted first"))
            }
        }
    }

    /// Whether records and offsets may be added to a transaction.
    pub(in crate::producer) fn check_open(&self) -> Result<()> {
        match &self.state {
            State::Open => Ok(()),
            State::Over(error) | State::Failed(error) => Err(error.clone()),
            State::New | State::Initializing(_) => Err(NOT_INITIALIZED),
            State::Ready => Err(NOT_BEGUN),
            State::Committing(_) | State::Aborting(_) => {
                Err(Error::TransactionState("the transaction is being ended"))
            }
        }
    }

    /// Something is sent to a partition.
    pub(in crate::producer) fn add_partition(&mut self, partition: &TopicPartition) {
        if self.partitions.contains(partition) {
            return;
        }
        match self.version {
            TransactionVersion::V1 => {
                self.new_partitions.insert(partition.clone());
            }
            TransactionVersion::V2 => {
                self.partitions.insert(partition.clone());
                self.is_started = true;
            }
        }
    }

    /// Whether batches may be sent to a partition.
    pub(in crate::producer) fn may_send_to(&self, partition: &TopicPartition) -> bool {
        self.partitions.contains(partition)
    }

    /// Has offsets committed with the open transaction.
    pub(in crate::producer) fn add_offsets(&mut self, offsets: Offsets) -> Result<Completion> {
        self.check_open()?;
        let completion = Completion::default();
        self.offsets.push_back((offsets, completion.clone()));
        Ok(completion)
    }

    /// From now on nothing is added. A commit that is under way is waited for once more.
    pub(in crate::producer) fn commit(&mut self) -> Result<Completion> {
        match &self.state {
            State::Open => Ok(self.wait_in(State::Committing)),
            State::Committing(completion) => Ok(completion.clone()),
            State::Over(error) | State::Failed(error) => Err(error.clone()),
            State::New | State::Initializing(_) => Err(NOT_INITIALIZED),
            State::Ready => Err(NOT_BEGUN),
            State::Aborting(_) => Err(Error::TransactionState("the transaction is being aborted")),
        }
    }

    /// As [`Transactions::commit`]. What waits to be sent is not sent any more.
    pub(in crate::producer) fn abort(&mut self) -> Result<Completion> {
        match &self.state {
            State::Open | State::Failed(_) => {
                self.give_up(&Error::TransactionAborted);
                Ok(self.wait_in(State::Aborting))
            }
            State::Aborting(completion) => Ok(completion.clone()),
            State::Over(error) => Err(error.clone()),
            State::New | State::Initializing(_) => Err(NOT_INITIALIZED),
            State::Ready => Err(NOT_BEGUN),
            State::Committing(_) => Err(Error::TransactionState("the transaction is being committed")),
        }
    }

    /// Whether there is a transaction that nobody is ending.
    pub(in crate::producer) fn is_left_open(&self) -> bool {
        matches!(self.state, State::Open | State::Failed(_))
    }

    fn wait_in(&mut self, state: impl Fn(Completion) -> State) -> Completion {
        let completion = Completion::default();
        self.state = state(completion.clone());
        completion
    }

    pub(in crate::producer) fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    /// Why batches of the transaction are not sent any more, if that is so.
    pub(in crate::producer) fn refusal(&self) -> Option<Error> {
        match &self.state {
            State::Over(error) | State::Failed(error) => Some(error.clone()),
            State::Aborting(_) => Some(Error::TransactionAborted),
            State::New | State::Initializing(_) | State::Ready | State::Open | State::Committing(_) => None,
        }
    }

    /// A batch that has numbers will not be written, or nobody will learn whether it was.
    pub(in crate::producer) fn lost_numbers(&mut self) {
        self.needs_epoch = true;
    }

    /// A batch will not be written. Gives what is told of it. An abort goes on all the same.
    pub(in crate::producer) fn batch_failed(&mut self, error: Error) -> Error {
        if let Some(refusal) = self.refusal() {
            return refusal;
        }
        match Verdict::of_batch(&self.id, error) {
            Verdict::Over(error) => {
                self.over(&error);
                error
            }
            Verdict::Abort(error) | Verdict::Again(error) => {
                self.failed(&error);
                error
            }
        }
    }

    /// What is to be asked now. `is_drained` says that it is known what became of all that was sent.
    pub(in crate::producer) fn next(&mut self, now: Instant, is_drained: bool) -> Next {
        if let Some(under_way) = &self.under_way {
            match under_way.again_at {
                None => return Next::Later,
                Some(_) if self.is_moot(under_way) => self.under_way = None,
                Some(at) if at > now => return Next::At(at),
                Some(_) => return self.again(),
            }
        }
        let Some(step) = self.step(is_drained) else { return Next::Later };
        // With V2 the group's coordinator tells the transaction's, whatever of its answer gets here.
        self.is_started |= matches!(step, Step::CommitOffsets(..));
        self.under_way =
            Some(UnderWay { step: step.clone(), failures: 0, again_at: None, may_be_done: false });
        Next::Now(step)
    }

    fn again(&mut self) -> Next {
        let under_way = self.under_way.as_mut().expect("it was just looked at");
        under_way.again_at = None;
        Next::Now(under_way.step.clone())
    }

    /// Whether an abort makes it pointless to try again. What the coordinator may have heard of must be known, since an end of
    /// what it has not heard of is refused.
    fn is_moot(&self, under_way: &UnderWay) -> bool {
        let is_about_what_is_sent = match under_way.step {
            Step::AddPartitions(..) | Step::AddGroup(..) => !under_way.may_be_done,
            Step::CommitOffsets(..) => true,
            Step::Init(_) | Step::End { .. } => false,
        };
        is_about_what_is_sent && matches!(self.state, State::Aborting(_) | State::Failed(_))
    }

    fn step(&mut self, is_drained: bool) -> Option<Step> {
        match &self.state {
            State::Initializing(_) => Some(Step::Init(None)),
            State::Open => self.to_tell(),
            State::Committing(_) => self.to_tell().or_else(|| self.end(is_drained, true)),
            State::Aborting(_) => self.end(is_drained, false),
            State::New | State::Ready | State::Failed(_) | State::Over(_) => None,
        }
    }

    /// What a coordinator has to hear of the open transaction.
    fn to_tell(&self) -> Option<Step> {
        let identity = self.identity?;
        if !self.new_partitions.is_empty() {
            return Some(Step::AddPartitions(identity, self.new_partitions.clone()));
        }
        let (offsets, _) = self.offsets.front()?;
        let group = &offsets.group.group_id;
        if self.version == TransactionVersion::V1 && !self.groups.contains(group) {
            return Some(Step::AddGroup(identity, group.clone()));
        }
        Some(Step::CommitOffsets(identity, self.version, offsets.clone()))
    }

    fn end(&mut self, is_drained: bool, is_commit: bool) -> Option<Step> {
        let identity = self.identity.filter(|_| is_drained)?;
        if self.is_started || self.may_be_started {
            return Some(Step::End { identity, version: self.version, is_commit });
        }
        if self.needs_epoch {
            return Some(Step::Init(Some(identity)));
        }
        self.completed();
        None
    }

    /// The cluster agreed on a version of transactions. One that is open goes on as it began.
    pub(in crate::producer) fn agree(&mut self, version: TransactionVersion) {
        self.agreed = version;
    }

    /// The step that is under way came back.
    pub(in crate::producer) fn came_back(&mut self, outcome: Result<Done>, random: f64, now: Instant) {
        let Some(mut under_way) = self.under_way.take() else { return };
        if matches!(self.state, State::Over(_)) {
            return;
        }
        let error = match outcome {
            Ok(done) => return self.done(under_way.step, done),
            Err(error) if self.had_not_begun(&under_way.step, &error) => return self.ended(None),
            Err(error) => error,
        };
        let was_lost = error.code().is_none();
        // Said for the first time and refused, it has not begun anything.
        self.may_be_started |= under_way.may_be_done && under_way.step.is_about_what_is_sent();
        match Verdict::of_step(&under_way.step, &self.id, error) {
            Verdict::Again(error) => {
                tracing::debug!(target: "ottla_client::transaction", id = %self.id, %error, "tried");
                under_way.failures = under_way.failures.saturating_add(1);
                under_way.may_be_done |= was_lost;
                under_way.again_at = Some(now + self.pause(&error, under_way.failures, random));
                self.under_way = Some(under_way);
            }
            // What is aborted anyway need not be in it.
            Verdict::Abort(error) if self.is_aborting() && under_way.step.is_about_what_is_sent() => {
                tracing::debug!(target: "ottla_client::transaction", id = %self.id, %error, "refused, and aborted");
            }
            Verdict::Abort(error) => self.failed(&error),
            Verdict::Over(error) => self.over(&error),
        }
    }

    /// Whether the coordinator says that there is nothing to end, where that was to be feared.
    fn had_not_begun(&self, step: &Step, error: &Error) -> bool {
        let is_end = matches!(step, Step::End { .. });
        is_end && !self.is_started && error.code() == Some(ErrorCode::InvalidTxnState)
    }

    fn is_aborting(&self) -> bool {
        matches!(self.state, State::Aborting(_))
    }

    fn pause(&self, error: &Error, failures: u32, random: f64) -> Duration {
        let is_ending = error.code() == Some(ErrorCode::ConcurrentTransactions);
        let first = if is_ending { self.backoff.first.min(ENDING_PAUSE) } else { self.backoff.first };
        Backoff { first, ..self.backoff }.pause(failures, random)
    }

    fn done(&mut self, step: Step, done: Done) {
        match (step, done) {
            (Step::Init(_), Done::Initialized(identity, version)) => {
                self.identity = Some(identity);
                (self.version, self.agreed) = (version, version);
                self.needs_epoch = false;
                self.completed();
            }
            (Step::AddPartitions(_, partitions), _) => {
                self.new_partitions.retain(|partition| !partitions.contains(partition));
                self.partitions.extend(partitions);
                self.is_started = true;
            }
            (Step::AddGroup(_, group), _) => {
                self.groups.insert(group);
                self.is_started = true;
            }
            (Step::CommitOffsets(..), _) => {
                if let Some((_, completion)) = self.offsets.pop_front() {
                    completion.set(Ok(()));
                }
            }
            (Step::End { .. }, Done::Ended(next)) => self.ended(next),
            (Step::End { .. }, Done::Taken | Done::Initialized(..)) => {
                unreachable!("who ends a transaction is told that it ended, or refused")
            }
            (Step::Init(_), Done::Taken | Done::Ended(_)) => {
                unreachable!("who asks for an id is given one, or refused")
            }
        }
    }

    fn ended(&mut self, next: Option<Identity>) {
        (self.is_started, self.may_be_started) = (false, false);
        if let Some(next) = next {
            self.identity = Some(next);
            self.needs_epoch = false;
        }
        match (self.version, self.agreed) {
            // A new epoch keeps what the last transaction may still have on its way out of the next one.
            (TransactionVersion::V1, TransactionVersion::V2) => self.needs_epoch = true,
            (_, agreed) => self.version = agreed,
        }
        if !self.needs_epoch {
            self.completed();
        }
    }

    /// Everything that was asked for is done.
    fn completed(&mut self) {
        self.clear();
        match std::mem::replace(&mut self.state, State::Ready) {
            State::Initializing(completion) | State::Committing(completion) | State::Aborting(completion) => {
                completion.set(Ok(()));
            }
            State::New | State::Ready | State::Open | State::Failed(_) | State::Over(_) => {
                unreachable!("nothing was asked for")
            }
        }
    }

    fn clear(&mut self) {
        (self.is_started, self.may_be_started) = (false, false);
        self.partitions.clear();
        self.new_partitions.clear();
        self.groups.clear();
    }

    /// The transaction cannot be committed.
    fn failed(&mut self, error: &Error) {
        let next = match &self.state {
            State::Initializing(_) => State::New,
            State::Open | State::Committing(_) | State::Aborting(_) => State::Failed(error.clone()),
            State::New | State::Ready | State::Failed(_) | State::Over(_) => return,
        };
        self.give_up(error);
        self.leave_for(next, error);
    }

    /// Nothing is possible any more.
    pub(in crate::producer) fn over(&mut self, error: &Error) {
        if !matches!(self.state, State::Over(_)) {
            self.give_up(error);
            self.leave_for(State::Over(error.clone()), error);
        }
    }

    /// Those who wait for the end of what was asked for learn why it does not come.
    fn leave_for(&mut self, next: State, error: &Error) {
        match std::mem::replace(&mut self.state, next) {
            State::Initializing(completion) | State::Committing(completion) | State::Aborting(completion) => {
                completion.set(Err(error.clone()));
            }
            State::New | State::Ready | State::Open | State::Failed(_) | State::Over(_) => {}
        }
    }

    /// Offsets that are not committed yet are not committed any more.
    fn give_up(&mut self, error: &Error) {
        for (_, completion) in self.offsets.drain(..) {
            completion.set(Err(error.clone()));
        }
        self.new_partitions.clear();
    }
}

const NOT_INITIALIZED: Error = Error::TransactionState("init_transactions comes first");
const NOT_BEGUN: Error = Error::TransactionState("no transaction was begun");

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
