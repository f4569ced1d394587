//! All that waits to be sent and all that is on its way: what goes into which batch, what is sent next, and what an answer means
//! for it. Pure.

mod transactional;
mod verdict;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ottla_records::Timestamp;
use tokio::time::Instant;

use super::batch::{Batch, Memory};
use super::delivery::{Outcome, Written};
use super::interceptor::Ended;
use super::queue::{Next, Queue};
use super::sequence::Identity;
use super::topics::Topics;
use super::transaction::{Step, TransactionVersion, Transactions};
use super::{Delivery, Options, ProducerRecord};
use crate::cluster::Cluster;
use crate::error::ResponseError;
use crate::metrics::Produced;
use crate::partitioner::Appended;
use crate::{BrokerId, Error, Result, TopicPartition};
use verdict::Verdict;

/// What became of a batch on its way.
#[derive(Debug)]
pub(super) enum Answer {
    Written(Written),
    /// The broker said so of this batch.
    Refused(ResponseError),
    /// There was no answer.
    Lost(Error),
}

/// Batches for one broker, no two of one partition.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) broker: BrokerId,
    pub(super) batches: Vec<(TopicPartition, Batch)>,
    /// How the transaction works that the batches are of, if they are of one.
    pub(super) transaction: Option<TransactionVersion>,
}

/// What is to be done now.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) parcels: Vec<Parcel>,
    /// When to look again at the latest.
    pub(super) wake_at: Option<Instant>,
    /// Something waits for a partition that has no leader, as far as is known.
    pub(super) is_leaderless: bool,
    /// An idempotent producer has no id, or needs another.
    pub(super) needs_identity: bool,
    /// What a coordinator is to be asked for the transaction's sake.
    pub(super) step: Option<Step>,
}

/// Everything that a producer has not delivered yet.
pub(super) struct Accumulator {
    options: Options,
    pub(super) topics: Topics,
    queues: BTreeMap<TopicPartition, Queue>,
    /// Parcels on their way to each broker.
    in_flight: HashMap<BrokerId, usize>,
    identity: Option<Identity>,
    transactions: Option<Transactions>,
    /// Where batches are put once they have ended, if anybody wants to see them then.
    ended: Option<Ended>,
    /// Why nothing is taken any more.
    end: Option<Error>,
    /// Which partition is looked at first, so that none is left behind.
    turn: usize,
    /// What was done since it was last taken.
    produced: Produced,
}

impl Accumulator {
    pub(super) fn new(options: Options, topics: Topics, transactions: Option<Transactions>) -> Accumulator {
        Accumulator {
            options,
            topics,
            queues: BTreeMap::new(),
            in_flight: HashMap::new(),
            identity: None,
            transactions,
            ended: None,
            end: None,
            turn: 0,
            produced: Produced::default(),
        }
    }

    /// Has batches that are begun from now on put there once they have ended.
    pub(super) fn tell_of_ended(&mut self, ended: Option<Ended>) {
        self.ended = ended;
    }

    /// What was done since this was last asked.
    pub(super) fn take_produced(&mut self) -> Produced {
        std::mem::take(&mut self.produced)
    }

    /// Why nothing is taken any more, if that is so.
    pub(super) fn check_open(&self) -> Result<()> {
        self.end.clone().map_or(Ok(()), Err)
    }

    /// Puts a record into a batch. Tells whether there is something new to do, too; nothing if the topic is not known.
    pub(super) fn append(
        &mut self,
        record: &ProducerRecord,
        timestamp: Timestamp,
        memory: Memory,
        now: Instant,
    ) -> Result<Option<(Delivery, bool)>> {
        self.check_open()?;
        self.transactions.as_ref().map_or(Ok(()), Transactions::check_open)?;
        let Some(topic) = self.topics.get(&record.topic) else { return Ok(None) };
        let (queues, batch_size) = (&self.queues, self.options.batch_size);
        let opens_batch = |partition| {
            let queue = queues.get(&TopicPartition::new(record.topic.clone(), partition));
            queue.is_none_or(|queue| queue.opens_batch(timestamp, record, batch_size))
        };
        let number = topic.choose(record, now, opens_batch)?;
        let partition = TopicPartition::new(record.topic.clone(), number);
        if let Some(transactions) = &mut self.transactions {
            transactions.add_partition(&partition);
        }
        let ended = &self.ended;
        let new = |partition: &TopicPartition| Queue::new(partition.clone(), ended.clone());
        let queue = self.queues.entry(partition).or_insert_with_key(new);
        let is_new = queue.opens_batch(timestamp, record, batch_size);
        if is_new {
            queue.open(batch_size, now);
        }
        let batch = queue.last().expect("there is one now");
        let bytes = record.size_max();
        let is_full =
            batch.size_max() + bytes >= batch_size || batch.count() + 1 >= self.options.batch_records;
        topic.appended(record, Appended { partition: number, bytes, batch_ready: is_full });
        let delivery = batch.add(timestamp, record, memory).expect("no record is larger than a batch can be");
        batch.is_closed |= is_full;
        Ok(Some((delivery, is_new || is_full)))
    }

    /// Has nothing wait for more records.
    pub(super) fn close_batches(&mut self) {
        self.queues.values_mut().for_each(Queue::close_batches);
    }

    /// As [`Accumulator::close_batches`], and gives what all that wait or are on their way will end in.
    pub(super) fn flush(&mut self) -> Vec<(Arc<Outcome>, usize)> {
        self.close_batches();
        self.queues.values().flat_map(Queue::outcomes).collect()
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.queues.values().all(|queue| queue.is_idle())
    }

    pub(super) fn set_identity(&mut self, identity: Identity) {
        self.identity = Some(identity);
    }

    /// Takes nothing any more, and ends all that waits.
    pub(super) fn end(&mut self, error: &Error) {
        self.end.get_or_insert_with(|| error.clone());
        if let Some(transactions) = &mut self.transactions {
            transactions.over(error);
        }
        for queue in self.queues.values_mut() {
            for batch in queue.take_all() {
                self.produced.records_failed += batch.count() as u64;
                batch.end(Err(error.clone()));
            }
        }
    }

    /// What is to be sent now, to whom; and when to look again.
    pub(super) fn plan(&mut self, now: Instant, cluster: &Arc<Cluster>) -> Plan {
        self.topics.update(cluster);
        self.forget_idle(now);
        self.expire(now);
        let mut plan = Plan::default();
        if self.options.is_idempotent && self.identity.is_none() && self.transactions.is_none() {
            plan.needs_identity = self.queues.values().any(|queue| queue.waiting().next().is_some());
        } else {
            self.fill(now, cluster, &mut plan);
        }
        let expiry = self.queues.values().filter_map(|queue| queue.expires_at(&self.options)).min();
        plan.wake_at = plan.wake_at.into_iter().chain(expiry).min();
        self.plan_transaction(now, &mut plan);
        self.tell_partitioners(now);
        plan
    }

    fn tell_partitioners(&mut self, now: Instant) {
        let (queues, options) = (&self.queues, &self.options);
        self.topics.tell_queues(|topic, partition| {
            let queue = queues.get(&TopicPartition::new(topic.clone(), partition));
            queue.map_or((0, false), |queue| {
                let batches = u32::try_from(queue.waiting().count()).unwrap_or(u32::MAX);
                (batches, queue.is_slow(now, options))
            })
        });
    }

    /// Forgets topics that were not sent to for a while.
    fn forget_idle(&mut self, now: Instant) {
        let queues = &self.queues;
        let is_waited_for = |topic: &str| {
            let is_busy = |(partition, queue): (&TopicPartition, &Queue)| {
                &*partition.topic == topic && !queue.is_idle()
            };
            queues.iter().any(is_busy)
        };
        self.topics.forget_idle(now, self.options.metadata_max_idle, is_waited_for);
    }

    fn expire(&mut self, now: Instant) {
        let mut expired = Vec::new();
        for (partition, queue) in &mut self.queues {
            let batches = queue.take_expired(now, &self.options);
            expired.extend(batches.into_iter().map(|batch| (partition.clone(), batch)));
        }
        for (partition, batch) in expired {
            let error = Error::Timeout {
                what: format!("delivering to {partition}").into(),
                after: self.options.delivery_timeout,
                last: batch.last_error.clone(),
            };
            self.fail(&partition, batch, &error, false);
        }
    }

    /// Parcels for every broker that takes one more, until nothing is left that could go.
    fn fill(&mut self, now: Instant, cluster: &Cluster, plan: &mut Plan) {
        loop {
            let ready = self.ready(now, cluster, plan);
            let mut is_anything = false;
            for (broker, partitions) in ready {
                let in_flight = self.in_flight.entry(broker).or_default();
                if *in_flight >= self.options.max_in_flight {
                    continue;
                }
                let batches = pack(&mut self.queues, &partitions, self.identity, &self.options);
                if batches.is_empty() {
                    plan.needs_identity = true;
                    continue;
                }
                *in_flight += 1;
                is_anything = true;
                let transaction = self.transactions.as_ref().map(Transactions::version);
                plan.parcels.push(Parcel { broker, batches, transaction });
            }
            self.turn = self.turn.wrapping_add(1);
            if !is_anything {
                return;
            }
        }
    }

    /// The partitions whose next batch can go, by their leaders, beginning with another one each time.
    fn ready(
        &self,
        now: Instant,
        cluster: &Cluster,
        plan: &mut Plan,
    ) -> BTreeMap<BrokerId, Vec<TopicPartition>> {
        let mut ready: BTreeMap<BrokerId, Vec<TopicPartition>> = BTreeMap::new();
        let mut wake_at: Option<Instant> = None;
        for (partition, queue) in self.queues.iter().filter(|(partition, _)| self.may_send_to(partition)) {
            match queue.next(now, &self.options) {
                Next::Now => match cluster.leader(partition) {
                    Some(leader) => ready.entry(leader.id).or_default().push(partition.clone()),
                    None => plan.is_leaderless = true,
                },
                Next::At(at) => wake_at = Some(wake_at.map_or(at, |earlier| earlier.min(at))),
                Next::Later => {}
            }
        }
        plan.wake_at = wake_at;
        for partitions in ready.values_mut() {
            let first = self.turn % partitions.len();
            partitions.rotate_left(first);
        }
        ready
    }

    /// A parcel came back, whatever became of its batches.
    pub(super) fn came_back(&mut self, broker: BrokerId) {
        if let Some(in_flight) = self.in_flight.get_mut(&broker) {
            *in_flight = in_flight.saturating_sub(1);
        }
    }

    /// Decides what a batch does that came back. `has_leader` says that the answer told who leads the partition now, so that
    /// there is nothing to wait for; `random` is at least 0 and less than 1.
    pub(super) fn answered(
        &mut self,
        partition: &TopicPartition,
        batch: Batch,
        answer: Answer,
        (has_leader, random): (bool, f64),
        now: Instant,
    ) {
        let refusal = self.refusal();
        let queue = self.queues.get_mut(partition).expect("the batch came from there");
        queue.came_back(&batch);
        if let Some(error) = refusal
            && !matches!(answer, Answer::Written(_))
        {
            return self.fail(partition, batch, &error, false);
        }
        match answer {
            Answer::Written(written) => {
                count_written(&mut self.produced, &batch);
                ended_well(queue, batch, written);
            }
            Answer::Refused(refusal) => match Verdict::of(&refusal, &batch) {
                // The epochs of a transactional producer are its coordinator's to give.
                Verdict::OutOfOrder
                    if self.transactions.is_some()
                        && batch.numbers.is_some_and(|numbers| queue.sequences.is_hopeless(&numbers)) =>
                {
                    self.fail(partition, batch, &refusal.into(), true);
                }
                Verdict::WrittenBefore => {
                    count_written(&mut self.produced, &batch);
                    ended_well(queue, batch, Written { base_offset: None, append_time: None });
                }
                Verdict::InTwo => queue.put_back_in_two(batch),
                Verdict::OutOfOrder => {
                    self.produced.retries += 1;
                    out_of_order(queue, batch, refusal.into(), &self.options, random, now);
                }
                Verdict::Again if may_go_again(&batch, &self.options, now) => {
                    self.produced.retries += 1;
                    let random = if has_leader { None } else { Some(random) };
                    again(queue, batch, refusal.into(), &self.options, random, now);
                }
                Verdict::Again => self.fail(partition, batch, &refusal.into(), false),
                Verdict::Never => self.fail(partition, batch, &refusal.into(), true),
            },
            Answer::Lost(error) if error.is_retriable() && may_go_again(&batch, &self.options, now) => {
                self.produced.retries += 1;
                again(queue, batch, error, &self.options, Some(random), now);
            }
            Answer::Lost(error) => self.fail(partition, batch, &error, false),
        }
    }

    fn fail(&mut self, partition: &TopicPartition, batch: Batch, error: &Error, is_unwritten: bool) {
        let queue = self.queues.get_mut(partition).expect("the batch came from there");
        if let Some(numbers) = &batch.numbers {
            queue.sequences.given_up(numbers, is_unwritten);
        }
        self.produced.records_failed += batch.count() as u64;
        let told = self.batch_failed(error, batch.numbers.is_some());
        batch.end(Err(told));
        if self.transactions.is_some() {
            self.heed_transaction();
        } else if error.is_fatal() {
            self.end(error);
        }
    }
}

fn count_written(produced: &mut Produced, batch: &Batch) {
    let (bytes, uncompressed_bytes) = batch.sizes();
    produced.records += batch.count() as u64;
    produced.batches += 1;
    produced.bytes += bytes as u64;
    produced.uncompressed_bytes += uncompressed_bytes as u64;
}

fn ended_well(queue: &mut Queue, batch: Batch, written: Written) {
    if let Some(numbers) = &batch.numbers {
        queue.sequences.written(numbers);
    }
    batch.end(Ok(written));
}

/// With its numbers the batch will be written once those before it are, or never: then it gets others.
fn out_of_order(
    queue: &mut Queue,
    mut batch: Batch,
    error: Error,
    options: &Options,
    random: f64,
    now: Instant,
) {
    if let Some(numbers) = &batch.numbers
        && queue.sequences.out_of_order(numbers)
    {
        batch.numbers = None;
    }
    again(queue, batch, error, options, Some(random), now);
}

fn may_go_again(batch: &Batch, options: &Options, now: Instant) -> bool {
    batch.attempts <= options.retries && now < batch.created_at + options.delivery_timeout
}

/// Has a batch sent again; after a pause, if there is a random number for it.
fn again(
    queue: &mut Queue,
    mut batch: Batch,
    error: Error,
    options: &Options,
    random: Option<f64>,
    now: Instant,
) {
    batch.retry_at = random.map(|random| now + options.backoff.pause(batch.attempts, random));
    batch.last_error = Some(Arc::new(error));
    queue.put_back(batch);
}

/// The first batch of each partition, as far as they fit into one request. Empty if the producer needs another id first.
fn pack(
    queues: &mut BTreeMap<TopicPartition, Queue>,
    partitions: &[TopicPartition],
    identity: Option<Identity>,
    options: &Options,
) -> Vec<(TopicPartition, Batch)> {
    let (mut batches, mut size) = (Vec::new(), 0);
    for partition in partitions {
        let queue = queues.get_mut(partition).expect("it was found ready");
        size += queue.front_size_max();
        if !batches.is_empty() && size > options.max_request_size {
            break;
        }
        batches.extend(queue.take(identity).map(|batch| (partition.clone(), batch)));
    }
    batches
}

#[cfg(test)]
#[path = "accumulator_tests.rs"]
mod tests;
