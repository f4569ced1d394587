//! The batches of one partition: those that wait, in the order in which they must be sent, and how many are on their way. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use ottla_records::Timestamp;
use tokio::time::Instant;

use super::batch::Batch;
use super::delivery::Outcome;
use super::interceptor::Ended;
use super::sequence::{Identity, Sequences};
use super::{Options, ProducerRecord};
use crate::TopicPartition;

/// When the next batch can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Now,
    At(Instant),
    /// Once something that is on its way has come back, or something new has come.
    Later,
}

/// One partition.
#[derive(Debug)]
pub(super) struct Queue {
    partition: TopicPartition,
    /// By position.
    waiting: VecDeque<Batch>,
    /// How large the batch became that took records last: the next one will be much like it.
    last_size: usize,
    next_position: u64,
    in_flight: usize,
    /// What batches on their way will end in.
    on_their_way: Vec<(Arc<Outcome>, usize)>,
    /// Where batches are put once they have ended.
    ended: Option<Ended>,
    pub(super) sequences: Sequences,
}

impl Queue {
    pub(super) fn new(partition: TopicPartition, ended: Option<Ended>) -> Queue {
        Queue {
            ended,
            partition,
            waiting: VecDeque::new(),
            last_size: 0,
            next_position: 0,
            in_flight: 0,
            on_their_way: Vec::new(),
            sequences: Sequences::default(),
        }
    }

    /// Whether the record would open a batch.
    pub(super) fn opens_batch(
        &self,
        timestamp: Timestamp,
        record: &ProducerRecord,
        batch_size: usize,
    ) -> bool {
        !self.waiting.back().is_some_and(|last| last.has_room(timestamp, record, batch_size))
    }

    /// Opens a batch for records that come.
    pub(super) fn open(&mut self, batch_size: usize, now: Instant) {
        if let Some(last) = self.waiting.back_mut() {
            last.is_closed = true;
        }
        let place = (self.next_position, self.last_size.min(batch_size));
        self.waiting.push_back(Batch::new(self.partition.clone(), place, self.ended.clone(), now));
        self.next_position += 1;
    }

    /// The batch that takes records.
    pub(super) fn last(&mut self) -> Option<&mut Batch> {
        self.waiting.back_mut()
    }

    /// Batches that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Batch> {
        self.waiting.iter()
    }

    /// What batches that wait or are on their way will end in, and how many records must have ended for that.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (Arc<Outcome>, usize)> {
        self.waiting.iter().map(Batch::outcome).chain(self.on_their_way.iter().cloned())
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight == 0
    }

    /// Has nothing wait for more records.
    pub(super) fn close_batches(&mut self) {
        for batch in &mut self.waiting {
            batch.is_closed = true;
        }
    }

    /// Takes those out that were not written in time.
    pub(super) fn take_expired(&mut self, now: Instant, options: &Options) -> Vec<Batch> {
        let mut expired = Vec::new();
        while self.waiting.front().is_some_and(|batch| batch.created_at + options.delivery_timeout <= now) {
            expired.extend(self.waiting.pop_front());
        }
        expired
    }

    /// Takes all out.
    pub(super) fn take_all(&mut self) -> VecDeque<Batch> {
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn next(&self, now: Instant, options: &Options) -> Next {
        let Some(first) = self.waiting.front() else { return Next::Later };
        let may_go = match &first.numbers {
            // What was sent before goes alone, so that nothing overtakes it.
            Some(numbers) => self.sequences.is_oldest(numbers),
            None if options.is_idempotent => self.sequences.takes_new(),
            None => true,
        };
        if !may_go {
            return Next::Later;
        }
        let is_full = first.is_closed || self.waiting.len() > 1 || first.attempts > 0;
        let ripe_at = if is_full { first.created_at } else { first.created_at + options.linger };
        let at = first.retry_at.map_or(ripe_at, |retry_at| retry_at.max(ripe_at));
        if at <= now { Next::Now } else { Next::At(at) }
    }

    /// Whether the broker has not taken what was ready for as long as it may take (`partitioner.availability.timeout.ms`).
    pub(super) fn is_slow(&self, now: Instant, options: &Options) -> bool {
        let is_late = |first: &Batch| first.created_at + options.linger + options.availability_timeout <= now;
        !options.availability_timeout.is_zero() && self.waiting.front().is_some_and(is_late)
    }

    /// When the oldest batch that waits is not in time any more.
    pub(super) fn expires_at(&self, options: &Options) -> Option<Instant> {
        Some(self.waiting.front()?.created_at + options.delivery_timeout)
    }

    pub(super) fn front_size_max(&self) -> usize {
        self.waiting.front().map_or(0, Batch::size_max)
    }

    /// Sends the first batch on its way. None if an idempotent producer needs another id for that.
    pub(super) fn take(&mut self, producer: Option<Identity>) -> Option<Batch> {
        let first = self.waiting.front_mut()?;
        if let (Some(producer), None) = (producer, first.numbers) {
            first.numbers = Some(self.sequences.number(producer, first.count())?);
        }
        let mut batch = self.waiting.pop_front()?;
        self.last_size = batch.size_max();
        batch.is_closed = true;
        batch.attempts += 1;
        self.in_flight += 1;
        self.on_their_way.push(batch.outcome());
        Some(batch)
    }

    /// A batch came back from its way.
    pub(super) fn came_back(&mut self, batch: &Batch) {
        self.in_flight -= 1;
        let (outcome, count) = batch.outcome();
        let at = self.on_their_way.iter().position(|(o, c)| Arc::ptr_eq(o, &outcome) && *c == count);
        self.on_their_way.swap_remove(at.expect("it was on its way"));
    }

    /// Has a batch sent again, before all that come after it. If it cannot have been written, it gets new numbers, and so do all
    /// that wait behind it.
    pub(super) fn put_back(&mut self, batch: Batch) {
        let at = self.place_of(&batch);
        self.waiting.insert(at, batch);
        if self.sequences.has_gap() {
            for waiting in &mut self.waiting {
                if let Some(numbers) = waiting.numbers.take() {
                    self.sequences.given_up(&numbers, true);
                }
            }
        }
    }

    /// Puts a batch that was too large back, in two parts.
    pub(super) fn put_back_in_two(&mut self, mut batch: Batch) {
        let mut second = batch.split_off();
        if let Some(numbers) = &batch.numbers {
            second.numbers = Some(self.sequences.split(numbers, batch.count()));
        }
        let at = self.place_of(&batch);
        self.waiting.insert(at, second);
        self.waiting.insert(at, batch);
    }

    fn place_of(&self, batch: &Batch) -> usize {
        self.waiting.partition_point(|waiting| waiting.place() < batch.place())
    }
}
