//! Whether the transactions that a produce request writes in are known to their coordinator (KIP-890): asked once for each
//! partition and transaction, before anything is appended.

use std::sync::Arc;

use ottla_coordinator::{TopicPartition, TransactionalProducer};
use ottla_records::BatchHeader;
use ottla_replica::{Unverified, VerificationGuard};
use ottla_wire::{
    ErrorCode,
    messages::produce_request::{PartitionProduceData, TopicProduceData},
};

use super::find;
use crate::{
    api::{Context, admission},
    clock,
    partition::Partition,
    transactions::Admission,
};

/// The first version whose clients leave it to the broker to add partitions to their transactions.
const ADDS_FROM: i16 = 12;
/// The first version whose clients know TRANSACTION_ABORTABLE.
const ABORTABLE_FROM: i16 = 11;

/// What was found out for a partition of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing was to be asked: no transaction begins there with this request.
    #[default]
    NotAsked,
    Verified(VerificationGuard),
    Refused(ErrorCode),
}

impl Verdict {
    /// What the append shows.
    pub(super) fn guard(self) -> Result<Option<VerificationGuard>, ErrorCode> {
        match self {
            Verdict::NotAsked => Ok(None),
            Verdict::Verified(guard) => Ok(Some(guard)),
            Verdict::Refused(error) => Err(error),
        }
    }
}

/// A partition that a transaction may begin in.
struct Asking {
    /// Its place among all partitions of the request.
    at: usize,
    partition: Arc<Partition>,
    guard: VerificationGuard,
}

/// A verdict for each partition of the request, in their order. Without a transactional id there is none.
pub(super) async fn verify(
    context: &Context<'_>,
    transactional_id: Option<&str>,
    topics: &[TopicProduceData],
) -> Vec<Verdict> {
    let Some(transactional_id) = transactional_id else { return Vec::new() };
    let batches = first_batches(topics);
    let mut verdicts = vec![Verdict::NotAsked; batches.len()];
    let Some(producer) = the_producer(&batches) else {
        refuse_several(&batches, &mut verdicts);
        return verdicts;
    };
    let asked = begin(context, topics, &batches);
    if asked.is_empty() {
        return verdicts;
    }
    let applicant = admission::Applicant {
        transactional_id,
        producer,
        admission: if context.version >= ADDS_FROM { Admission::Add } else { Admission::Verify },
        knows_abortable: context.version >= ABORTABLE_FROM,
    };
    let partitions: Vec<TopicPartition> = asked.iter().map(Asking::name).collect();
    let codes = Box::pin(admission::ask(context, &applicant, &partitions)).await;
    for (asking, code) in asked.into_iter().zip(codes) {
        verdicts[asking.at] = asking.verdict(producer, code);
    }
    verdicts
}

/// The header of the first batch of each partition, if it is of a transaction.
fn first_batches(topics: &[TopicProduceData]) -> Vec<Option<BatchHeader>> {
    let partitions = topics.iter().flat_map(|topic| &topic.partition_data);
    let header = |data: &PartitionProduceData| {
        let header = BatchHeader::parse(&data.records.as_ref()?.as_bytes()?).ok()?;
        (header.is_transactional() && header.producer_id >= 0).then_some(header)
    };
    partitions.map(header).collect()
}

/// Who writes, if it is one at most.
fn the_producer(batches: &[Option<BatchHeader>]) -> Option<TransactionalProducer> {
    let mut batches = batches.iter().flatten();
    let Some(first) = batches.next() else { return Some(TransactionalProducer { id: -1, epoch: -1 }) };
    let is_alone = batches.all(|batch| batch.producer_id == first.producer_id);
    is_alone.then_some(TransactionalProducer { id: first.producer_id, epoch: first.producer_epoch })
}

fn refuse_several(batches: &[Option<BatchHeader>], verdicts: &mut [Verdict]) {
    for (batch, verdict) in batches.iter().zip(verdicts) {
        if batch.is_some() {
            *verdict = Verdict::Refused(ErrorCode::InvalidProducerIdMapping);
        }
    }
}

/// The partitions to which the producer has not written in its transaction.
fn begin(context: &Context<'_>, topics: &[TopicProduceData], batches: &[Option<BatchHeader>]) -> Vec<Asking> {
    let now = clock::wall_ms();
    let places = topics.iter().flat_map(|topic| {
        let found = find(context, topic);
        topic.partition_data.iter().map(move |data| found.as_ref().ok()?.partition(data.index))
    });
    let mut asked = Vec::new();
    for (at, (partition, batch)) in places.zip(batches).enumerate() {
        let (Some(partition), Some(batch)) = (partition, batch) else { continue };
        let unverified = Unverified {
            producer_id: batch.producer_id,
            producer_epoch: batch.producer_epoch,
            base_sequence: batch.base_sequence,
            bumps_epoch: context.version >= ADDS_FROM,
        };
        let guard = partition.lock().replica.begin_verification(now, &unverified);
        asked.extend(guard.map(|guard| Asking { at, partition, guard }));
    }
    asked
}

impl Asking {
    fn name(&self) -> TopicPartition {
        TopicPartition { topic: self.partition.topic.name.clone(), partition: self.partition.index }
    }

    fn verdict(&self, producer: TransactionalProducer, code: ErrorCode) -> Verdict {
        if code == ErrorCode::None {
            return Verdict::Verified(self.guard);
        }
        if admission::is_retriable(code) {
            // Of the codes that old clients try again, the one that makes them look for no other leader.
            return Verdict::Refused(ErrorCode::NotEnoughReplicas);
        }
        self.partition.lock().replica.end_verification(producer.id, self.guard);
        Verdict::Refused(code)
    }
}
