//! Asks coordinators: the request of each step, and what its answer says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use ottla_wire::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use ottla_wire::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    EndTxnRequest, EndTxnResponse, InitProducerIdRequest, InitProducerIdResponse, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
};
use ottla_wire::{ApiKey, ErrorCode, Request};

use super::super::sequence::Identity;
use super::{Done, Offsets, Step, TransactionVersion};
use crate::client::{Call, Client, Coordinator, Reply};
use crate::error::{Resource, ResponseError};
use crate::{Result, TopicPartition};

/// The first version that takes the id that a producer had, and so fences nobody who came after it.
const INIT_WITH_ID: i16 = 3;
/// The last version that clients use: later ones are among brokers.
const ADD_PARTITIONS_LAST: i16 = 3;
/// The first version that names a member of the group.
const COMMIT_WITH_MEMBER: i16 = 3;
/// The first versions of KIP-890.
const COMMIT_V2: i16 = 5;
const END_V2: i16 = 5;

/// Makes the request of a step once. What an error says about coordinators is taken note of.
pub(in crate::producer) async fn carry_out(
    client: &Client,
    id: &Arc<str>,
    timeout: Duration,
    step: Step,
) -> Result<Done> {
    let asking = Asking { client, id };
    match step {
        Step::Init(identity) => asking.init(identity, timeout).await,
        Step::AddPartitions(identity, partitions) => asking.add_partitions(identity, partitions).await,
        Step::AddGroup(identity, group) => asking.add_group(identity, &group).await,
        Step::CommitOffsets(identity, version, offsets) => {
            asking.commit_offsets(identity, version, &offsets).await
        }
        Step::End { identity, version, is_commit } => asking.end(identity, version, is_commit).await,
    }
}

struct Asking<'a> {
    client: &'a Client,
    id: &'a Arc<str>,
}

impl Asking<'_> {
    async fn init(&self, identity: Option<Identity>, timeout: Duration) -> Result<Done> {
        let request = InitProducerIdRequest {
            transactional_id: Some((&**self.id).into()),
            transaction_timeout_ms: i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX),
            producer_id: identity.map_or(-1, |identity| identity.id),
            producer_epoch: identity.map_or(-1, |identity| identity.epoch),
            ..InitProducerIdRequest::default()
        };
        let call = self.call().versions(if identity.is_some() { INIT_WITH_ID } else { 0 }..=i16::MAX);
        let judge = |reply: &Reply<InitProducerIdResponse>| {
            self.check::<InitProducerIdRequest>(reply, reply.response.error_code)
        };
        let reply = self.ask(&call, &request, judge).await?;
        let version = TransactionVersion::of_cluster(self.client);
        let identity = Identity { id: reply.response.producer_id, epoch: reply.response.producer_epoch };
        Ok(Done::Initialized(identity, version))
    }

    async fn add_partitions(
        &self,
        identity: Identity,
        partitions: impl IntoIterator<Item = TopicPartition>,
    ) -> Result<Done> {
        let topic =
            |(name, partitions): (Arc<str>, _)| AddPartitionsToTxnTopic { name: (&*name).into(), partitions };
        let numbered = partitions.into_iter().map(|partition| (partition.topic, partition.partition));
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: (&**self.id).into(),
            v3_and_below_producer_id: identity.id,
            v3_and_below_producer_epoch: identity.epoch,
            v3_and_below_topics: by_topic(numbered).into_iter().map(topic).collect(),
            ..AddPartitionsToTxnRequest::default()
        };
        let call = self.call().versions(0..=ADD_PARTITIONS_LAST);
        self.ask(&call, &request, |reply| {
            of_partitions(reply, ApiKey::AddPartitionsToTxn, added(&reply.response))
        })
        .await?;
        Ok(Done::Taken)
    }

    async fn add_group(&self, identity: Identity, group: &str) -> Result<Done> {
        let request = AddOffsetsToTxnRequest {
            transactional_id: (&**self.id).into(),
            producer_id: identity.id,
            producer_epoch: identity.epoch,
            group_id: group.into(),
        };
        let about = Resource::Group(group.into());
        let judge = |reply: &Reply<AddOffsetsToTxnResponse>| {
            refusal(ApiKey::AddOffsetsToTxn, reply, reply.response.error_code, about.clone())
        };
        self.ask(&self.call(), &request, judge).await?;
        Ok(Done::Taken)
    }

    async fn commit_offsets(
        &self,
        identity: Identity,
        version: TransactionVersion,
        Offsets { group, offsets }: &Offsets,
    ) -> Result<Done> {
        let partition = |(partition, committed): &(TopicPartition, crate::group::CommittedOffset)| {
            let at = TxnOffsetCommitRequestPartition {
                partition_index: partition.partition,
                committed_offset: committed.offset,
                committed_leader_epoch: committed.leader_epoch.unwrap_or(-1),
                committed_metadata: Some((&*committed.metadata).into()),
            };
            (partition.topic.clone(), at)
        };
        let topic = |(name, partitions): (Arc<str>, _)| TxnOffsetCommitRequestTopic {
            name: (&*name).into(),
            partitions,
        };
        let request = TxnOffsetCommitRequest {
            transactional_id: (&**self.id).into(),
            group_id: (&*group.group_id).into(),
            producer_id: identity.id,
            producer_epoch: identity.epoch,
            generation_id: group.generation,
            member_id: (&*group.member_id).into(),
            group_instance_id: group.instance_id.as_deref().map(Into::into),
            topics: by_topic(offsets.iter().map(partition)).into_iter().map(topic).collect(),
        };
        let is_member = !group.member_id.is_empty() || group.generation >= 0 || group.instance_id.is_some();
        let first = if is_member { COMMIT_WITH_MEMBER } else { 0 };
        let versions = match version {
            TransactionVersion::V1 => first..=(COMMIT_V2 - 1),
            TransactionVersion::V2 => COMMIT_V2..=i16::MAX,
        };
        let call = Call::to(Coordinator::of_group(group.group_id.clone()).into()).versions(versions);
        self.ask(&call, &request, |reply| {
            of_partitions(reply, ApiKey::TxnOffsetCommit, committed(&reply.response))
        })
        .await?;
        Ok(Done::Taken)
    }

    async fn end(&self, identity: Identity, version: TransactionVersion, is_commit: bool) -> Result<Done> {
        let request = EndTxnRequest {
            transactional_id: (&**self.id).into(),
            producer_id: identity.id,
            producer_epoch: identity.epoch,
            committed: is_commit,
        };
        let call = self.call().versions(match version {
            TransactionVersion::V1 => 0..=(END_V2 - 1),
            TransactionVersion::V2 => END_V2..=i16::MAX,
        });
        let judge =
            |reply: &Reply<EndTxnResponse>| self.check::<EndTxnRequest>(reply, reply.response.error_code);
        let response = self.ask(&call, &request, judge).await?.response;
        let next = Identity { id: response.producer_id, epoch: response.producer_epoch };
        Ok(Done::Ended((next.id >= 0).then_some(next)))
    }

    /// To the coordinator of the transactions.
    fn call(&self) -> Call {
        Call::to(Coordinator::of_transactional_id(self.id.clone()).into())
    }

    async fn ask<R: Request>(
        &self,
        call: &Call,
        request: &R,
        judge: impl Fn(&Reply<R::Response>) -> Result<(), ResponseError>,
    ) -> Result<Reply<R::Response>> {
        let outcome = self.client.request(call, request).await;
        let judged = outcome.and_then(|reply| judge(&reply).map(|()| reply).map_err(Into::into));
        judged.inspect_err(|error| self.client.learn_from(call.destination(), error))
    }

    fn check<R: Request>(&self, reply: &Reply<R::Response>, code: i16) -> Result<(), ResponseError> {
        let api = ApiKey::from_code(R::API_KEY).expect("it is one of ours");
        refusal(api, reply, code, Resource::TransactionalId(self.id.clone()))
    }
}

fn by_topic<T>(items: impl Iterator<Item = (Arc<str>, T)>) -> BTreeMap<Arc<str>, Vec<T>> {
    let mut topics: BTreeMap<Arc<str>, Vec<T>> = BTreeMap::new();
    for (topic, item) in items {
        topics.entry(topic).or_default().push(item);
    }
    topics
}

fn refusal<T>(api: ApiKey, reply: &Reply<T>, code: i16, about: Resource) -> Result<(), ResponseError> {
    if code == ErrorCode::None.code() {
        return Ok(());
    }
    Err(ResponseError::new(api, code).about(about).with_broker(reply.broker.clone()))
}

/// What is said of each partition.
type Said = Vec<(TopicPartition, i16)>;

fn added(response: &AddPartitionsToTxnResponse) -> Said {
    let partitions =
        |topic: &ottla_wire::messages::add_partitions_to_txn_response::AddPartitionsToTxnTopicResult| {
            let said = topic.results_by_partition.iter();
            let name: Arc<str> = (&*topic.name).into();
            said.map(|of| (TopicPartition::new(name.clone(), of.partition_index), of.partition_error_code))
                .collect::<Said>()
        };
    response.results_by_topic_v3_and_below.iter().flat_map(partitions).collect()
}

fn committed(response: &TxnOffsetCommitResponse) -> Said {
    let partitions =
        |topic: &ottla_wire::messages::txn_offset_commit_response::TxnOffsetCommitResponseTopic| {
            let name: Arc<str> = (&*topic.name).into();
            let said = topic.partitions.iter();
            said.map(|of| (TopicPartition::new(name.clone(), of.partition_index), of.error_code))
                .collect::<Said>()
        };
    response.topics.iter().flat_map(partitions).collect()
}

/// The worst that is said: what will not change comes before what may, and both before what follows from others.
fn of_partitions<T>(reply: &Reply<T>, api: ApiKey, said: Said) -> Result<(), ResponseError> {
    let refused = said.into_iter().filter(|(_, code)| *code != ErrorCode::None.code());
    let told = refused.map(|(partition, code)| {
        let error = ResponseError::new(api, code).about(Resource::TopicPartition(partition));
        error.with_broker(reply.broker.clone())
    });
    let rank = |error: &ResponseError| (error.code == ErrorCode::OperationNotAttempted, error.is_retriable());
    told.min_by_key(rank).map_or(Ok(()), Err)
}
