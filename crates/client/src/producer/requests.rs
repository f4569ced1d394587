//! A Produce request out of a parcel, and what its answer says of each batch.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ottla_records::{Codec, Compression};
use ottla_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_wire::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use ottla_wire::messages::{ProduceRequest, ProduceResponse};
use ottla_wire::{ApiKey, ErrorCode, Records, Uuid};

use super::accumulator::{Answer, Parcel};
use super::delivery::Written;
use super::transaction::TransactionVersion;
use crate::cluster::{Cluster, LeaderHint};
use crate::config::Acks;
use crate::error::{Resource, ResponseError};
use crate::{Error, TopicPartition};

/// The last version that names topics; from the next on they have ids.
const LAST_WITH_NAMES: i16 = 12;
/// The first version that says that zstd is allowed.
const FIRST_WITH_ZSTD: i16 = 7;
/// The first version with which brokers themselves add partitions to transactions (KIP-890).
const FIRST_WITH_TRANSACTIONS_V2: i16 = 12;
/// The oldest that carries this batch format.
const OLDEST: i16 = 3;

/// A request and the versions in which it can be made.
pub(super) struct Encoded {
    pub(super) request: ProduceRequest,
    pub(super) versions: RangeInclusive<i16>,
}

/// What an answer says of one batch.
pub(super) struct Said {
    pub(super) answer: Answer,
    /// Who leads the partition now, if the broker told.
    pub(super) leader: Option<LeaderHint>,
}

/// What the requests of a producer have in common.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) acks: Acks,
    pub(super) timeout: Duration,
    pub(super) codec: Codec,
    pub(super) transactional_id: Option<Arc<str>>,
}

impl Shape {
    /// The request for a parcel's batches. A batch that cannot be encoded is told.
    pub(super) fn encode(&self, parcel: &mut Parcel, cluster: &Cluster) -> Result<Encoded, Error> {
        let mut topics: HashMap<Arc<str>, Vec<PartitionProduceData>> = HashMap::new();
        for (partition, batch) in &mut parcel.batches {
            let bytes = batch.encode(self.codec, self.transactional_id.is_some()).map_err(|error| {
                let refusal = ResponseError::new(ApiKey::Produce, ErrorCode::InvalidRecord.code());
                let about = Resource::TopicPartition(partition.clone());
                Error::from(refusal.about(about).with_message(Some(&error.to_string())))
            })?;
            let data =
                PartitionProduceData { index: partition.partition, records: Some(Records::from(bytes)) };
            topics.entry(partition.topic.clone()).or_default().push(data);
        }
        let id = |name: &Arc<str>| cluster.topic(name).and_then(|topic| topic.id);
        let have_ids = topics.keys().all(|name| id(name).is_some());
        let topic = |(name, partition_data): (Arc<str>, _)| TopicProduceData {
            topic_id: id(&name).unwrap_or_default(),
            name: (&*name).into(),
            partition_data,
        };
        let request = ProduceRequest {
            transactional_id: self.transactional_id.as_deref().map(Into::into),
            acks: match self.acks {
                Acks::None => 0,
                Acks::Leader => 1,
                Acks::All => -1,
            },
            timeout_ms: i32::try_from(self.timeout.as_millis()).unwrap_or(i32::MAX),
            topic_data: topics.into_iter().map(topic).collect(),
        };
        let (first, last) = self.versions(parcel.transaction);
        Ok(Encoded { request, versions: first..=if have_ids { last } else { last.min(LAST_WITH_NAMES) } })
    }
    /// The first and last version that can say what is to be said.
    fn versions(&self, transaction: Option<TransactionVersion>) -> (i16, i16) {
        let first = if self.codec.compression == Compression::Zstd { FIRST_WITH_ZSTD } else { OLDEST };
        match transaction {
            None => (first, i16::MAX),
            Some(TransactionVersion::V1) => (first, FIRST_WITH_TRANSACTIONS_V2 - 1),
            Some(TransactionVersion::V2) => (FIRST_WITH_TRANSACTIONS_V2, i16::MAX),
        }
    }
}

/// An answer, to be looked up in.
pub(super) struct Answers {
    by_name: HashMap<(Arc<str>, i32), PartitionProduceResponse>,
    by_id: HashMap<(Uuid, i32), PartitionProduceResponse>,
    broker: Arc<str>,
}

impl Answers {
    pub(super) fn of(response: ProduceResponse, broker: Arc<str>) -> Answers {
        let mut answers = Answers { by_name: HashMap::new(), by_id: HashMap::new(), broker };
        for TopicProduceResponse { name, topic_id, partition_responses } in response.responses {
            let name: Arc<str> = (&*name).into();
            for partition in partition_responses {
                if topic_id.is_nil() {
                    answers.by_name.insert((name.clone(), partition.index), partition);
                } else {
                    answers.by_id.insert((topic_id, partition.index), partition);
                }
            }
        }
        answers
    }

    /// What is said of a partition; it is an error of the broker's to say nothing.
    pub(super) fn take(&mut self, partition: &TopicPartition, id: Option<Uuid>) -> Said {
        let by_name = self.by_name.remove(&(partition.topic.clone(), partition.partition));
        let found = by_name.or_else(|| self.by_id.remove(&(id?, partition.partition)));
        let Some(found) = found else {
            let reason = format!("Produce: nothing is said of {partition}").into();
            let error = Error::Malformed { broker: self.broker.clone(), reason };
            return Said { answer: Answer::Lost(error), leader: None };
        };
        let hint =
            LeaderHint { leader: found.current_leader.leader_id, epoch: found.current_leader.leader_epoch };
        Said { answer: self.answer(partition, &found), leader: (hint.leader >= 0).then_some(hint) }
    }

    fn answer(&self, partition: &TopicPartition, said: &PartitionProduceResponse) -> Answer {
        if said.error_code == ErrorCode::None.code() {
            return Answer::Written(Written {
                base_offset: Some(said.base_offset).filter(|offset| *offset >= 0),
                append_time: Some(said.log_append_time_ms).filter(|time| *time >= 0),
            });
        }
        let records =
            said.record_errors.iter().filter_map(|record| record.batch_index_error_message.as_deref());
        let message = said.error_message.as_deref().or(records.into_iter().next());
        let refusal = ResponseError::new(ApiKey::Produce, said.error_code)
            .about(Resource::TopicPartition(partition.clone()))
            .with_broker(self.broker.clone())
            .with_message(message);
        Answer::Refused(refusal)
    }
}
