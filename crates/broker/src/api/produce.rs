//! Produce: batches are checked without a lock, placed under the partition's, and answered once they are durable.

mod verification;

use std::{cell::RefCell, sync::Arc};

use bytes::Bytes;
use ottla_metadata::names;
use ottla_records::Timestamp;
use ottla_replica::{
    Acks, AppendError, Converted, Origin, Refusal, Rules, Scratch, Validated, VerificationGuard, validate,
    validate_any_version,
};
use ottla_wire::{
    ErrorCode, Message,
    frame::RequestFrame,
    messages::{
        ProduceRequest, ProduceResponse,
        produce_request::{PartitionProduceData, TopicProduceData},
        produce_response::{BatchIndexAndErrorMessage, PartitionProduceResponse, TopicProduceResponse},
    },
};

use super::{Context, Refused, errors, legacy};
use crate::{
    clock,
    durable::Until,
    partition::{AppendRefused, Partition, Produced as Appended},
    topics::Topic,
};
use verification::Verdict;

/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
/// Who calls itself so may write to the coordinators' topics, as with Apache Kafka.
const ADMIN_CLIENT: &str = "__admin_client";
/// The first version whose clients know zstd.
const ZSTD_FROM: i16 = 7;
/// The first version that has batches; those before it are taken whatever they have in them.
const BATCHES_FROM: i16 = 3;

/// A request whose batches have their places.
pub(crate) struct Produced {
    /// None: the client asked for no answer.
    pub(crate) response: Option<ProduceResponse>,
    /// The answer waits for this.
    pub(crate) until: Until,
}

thread_local! {
    /// Compressed batches are unpacked here to be checked.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Appends what the request has for each partition.
pub(crate) async fn start(context: &Context<'_>, mut frame: RequestFrame) -> Result<Produced, Refused> {
    legacy::check_version(context)?;
    let request = ProduceRequest::decode(&mut frame.body, frame.version)
        .map_err(|error| Refused::Malformed { api: frame.api, version: frame.version, error })?;
    let verdicts =
        verification::verify(context, request.transactional_id.as_deref(), &request.topic_data).await;
    let mut until = Until::default();
    let responses = match Acks::try_from(request.acks) {
        Ok(acks) => {
            let verdicts = verdicts.into_iter();
            let produce = Produce { context, acks, verdicts, until: &mut until };
            produce.topics(request.topic_data, request.transactional_id.is_some())
        }
        Err(_invalid) => refuse_all(request.topic_data, ErrorCode::InvalidRequiredAcks),
    };
    let response = ProduceResponse { responses, ..Default::default() };
    errors::count(context, &response);
    if request.acks == 0 {
        return unanswered(&response.responses);
    }
    Ok(Produced { response: Some(response), until })
}

/// With acks 0 the only way to tell of an error is to close the connection.
fn unanswered(responses: &[TopicProduceResponse]) -> Result<Produced, Refused> {
    let failed = responses.iter().flat_map(|t| &t.partition_responses).find(|p| p.error_code != 0);
    match failed.and_then(|partition| ErrorCode::from_code(partition.error_code)) {
        Some(error) => Err(Refused::Unanswerable(error)),
        None => Ok(Produced { response: None, until: Until::default() }),
    }
}

fn find(context: &Context<'_>, topic: &TopicProduceData) -> Result<Arc<Topic>, ErrorCode> {
    let topics = &context.broker.topics;
    match context.version >= TOPIC_IDS_FROM {
        true => topics.by_id(topic.topic_id).ok_or(ErrorCode::UnknownTopicId),
        false => topics.by_name(&topic.name).ok_or(ErrorCode::UnknownTopicOrPartition),
    }
}

fn refuse_all(topics: Vec<TopicProduceData>, error: ErrorCode) -> Vec<TopicProduceResponse> {
    topics
        .into_iter()
        .map(|topic| TopicProduceResponse {
            partition_responses: topic.partition_data.iter().map(|p| refused(p.index, error)).collect(),
            name: topic.name,
            topic_id: topic.topic_id,
        })
        .collect()
}

fn refused(index: i32, error: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { index, error_code: error.code(), base_offset: -1, ..Default::default() }
}

struct Produce<'a> {
    context: &'a Context<'a>,
    acks: Acks,
    /// Of the partitions that follow; none if the request has no transactional id.
    verdicts: std::vec::IntoIter<Verdict>,
    until: &'a mut Until,
}

impl Produce<'_> {
    fn topics(mut self, topics: Vec<TopicProduceData>, transactional: bool) -> Vec<TopicProduceResponse> {
        topics.into_iter().map(|topic| self.topic(topic, transactional)).collect()
    }

    fn topic(&mut self, data: TopicProduceData, transactional: bool) -> TopicProduceResponse {
        let topic = find(self.context, &data);
        let partition_responses = data
            .partition_data
            .into_iter()
            .map(|data| {
                let verdict = self.verdicts.next().unwrap_or_default();
                match (&topic, verdict.guard()) {
                    (Ok(topic), Ok(guard)) => self.partition(topic, data, transactional, guard),
                    (Err(missing), _) => refused(data.index, *missing),
                    (Ok(_), Err(error)) => refused(data.index, error),
                }
            })
            .collect();
        TopicProduceResponse { name: data.name, topic_id: data.topic_id, partition_responses }
    }

    fn partition(
        &mut self,
        topic: &Topic,
        data: PartitionProduceData,
        transactional: bool,
        guard: Option<VerificationGuard>,
    ) -> PartitionProduceResponse {
        let Some(partition) = topic.partition(data.index) else {
            return refused(data.index, ErrorCode::UnknownTopicOrPartition);
        };
        if names::is_internal(&topic.identity.name) && &*self.context.client_id != ADMIN_CLIENT {
            return refused(data.index, ErrorCode::InvalidTopicException);
        }
        let records = data.records.and_then(|records| records.as_bytes()).unwrap_or_default();
        let now = clock::wall_ms();
        let rules = Rules {
            transactional,
            zstd: !(BATCHES_FROM..ZSTD_FROM).contains(&self.context.version),
            ..partition.lock().settings.rules
        };
        let validated = match self.validate(topic, &records, &rules, now) {
            Ok(Some(validated)) => validated,
            Ok(None) => return refused(data.index, ErrorCode::None),
            Err(refusal) => {
                topic.traffic.refused(refusal_error(&refusal), records.len());
                return invalid(&partition, &refusal);
            }
        };
        let (bytes, count) = (validated.batch.size_in_bytes(), validated.header().record_count);
        match partition.append(&self.context.broker.storage, validated, self.acks, Origin::Client, guard) {
            Ok(appended) => {
                topic.traffic.appended(bytes, count);
                *self.until = self.until.and(appended.until);
                accepted(data.index, &appended)
            }
            Err(error) => {
                let error = append_error(&error);
                topic.traffic.refused(error, bytes);
                refused(data.index, error)
            }
        }
    }
}

impl Produce<'_> {
    /// What is to be stored. Nothing if an old client sent no whole message, which is no error.
    fn validate(
        &self,
        topic: &Topic,
        records: &Bytes,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Option<Validated>, Refusal> {
        if self.context.version >= BATCHES_FROM {
            return SCRATCH.with_borrow_mut(|scratch| validate(records, rules, now, scratch)).map(Some);
        }
        let started = clock::now();
        let converted = SCRATCH.with_borrow_mut(|scratch| validate_any_version(records, rules, now, scratch));
        let Some(Converted { validated, is_converted }) = converted? else { return Ok(None) };
        if is_converted {
            let bytes = validated.batch.size_in_bytes();
            self.context.broker.metrics.produce_conversions.converted(clock::now() - started, bytes);
            topic.traffic.converted_in(validated.header().record_count);
        }
        Ok(Some(validated))
    }
}

fn accepted(index: i32, appended: &Appended) -> PartitionProduceResponse {
    PartitionProduceResponse {
        index,
        base_offset: appended.base_offset,
        log_append_time_ms: appended.log_append_time,
        log_start_offset: appended.log_start,
        ..Default::default()
    }
}

fn invalid(partition: &Partition, refusal: &Refusal) -> PartitionProduceResponse {
    let name = format!("{}-{}", partition.topic.name, partition.index);
    let record_errors = refusal
        .record_errors()
        .iter()
        .map(|error| BatchIndexAndErrorMessage {
            batch_index: error.batch_index,
            batch_index_error_message: Some(error.message(&name).into()),
        })
        .collect();
    let log_start = if refusal.tells_log_start() { partition.lock().replica.log_start_offset() } else { -1 };
    PartitionProduceResponse {
        record_errors,
        error_message: refusal.message(&name).map(Into::into),
        log_start_offset: log_start,
        ..refused(partition.index, refusal_error(refusal))
    }
}

fn refusal_error(refusal: &Refusal) -> ErrorCode {
    match refusal {
        Refusal::CorruptFrame(_) | Refusal::Corrupt(_) => ErrorCode::CorruptMessage,
        Refusal::Invalid(_) | Refusal::InvalidRecords(_) => ErrorCode::InvalidRecord,
        Refusal::InvalidTimestamps(_) => ErrorCode::InvalidTimestamp,
        Refusal::TooLarge { .. } | Refusal::UnpackedTooLarge(_) => ErrorCode::MessageTooLarge,
        Refusal::LargerThanSegment { .. } => ErrorCode::RecordListTooLarge,
        Refusal::UnknownCompression(_) | Refusal::ZstdTooNew => ErrorCode::UnsupportedCompressionType,
        Refusal::TransactionalIdMissing => ErrorCode::TransactionalIdAuthorizationFailed,
    }
}

pub(crate) fn append_error(refused: &AppendRefused) -> ErrorCode {
    match refused {
        AppendRefused::ByReplica(error) => match error {
            AppendError::NotLeader => ErrorCode::NotLeaderOrFollower,
            AppendError::NotEnoughReplicas { .. } => ErrorCode::NotEnoughReplicas,
            AppendError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
            AppendError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
            AppendError::InvalidTransactionState { .. } => ErrorCode::InvalidTxnState,
            AppendError::TransactionCoordinatorFenced { .. } => ErrorCode::TransactionCoordinatorFenced,
            AppendError::OffsetsExhausted { .. } => ErrorCode::KafkaStorageError,
        },
        AppendRefused::Deleted => ErrorCode::UnknownTopicOrPartition,
        AppendRefused::LargerThanSegment { .. } => ErrorCode::RecordListTooLarge,
        AppendRefused::NoSpace | AppendRefused::Storage(_) => ErrorCode::KafkaStorageError,
    }
}
