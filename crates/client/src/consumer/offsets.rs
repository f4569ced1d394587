//! Offsets by time: where partitions begin and end, and what a timestamp stands for.

use std::collections::{BTreeMap, BTreeSet};

use ottla_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_wire::messages::list_offsets_response::ListOffsetsPartitionResponse;
use ottla_wire::messages::{ListOffsetsRequest, ListOffsetsResponse};
use ottla_wire::{ApiKey, ByteString, ErrorCode};
use tokio::task::JoinSet;

use super::position::Position;
use crate::cluster::Cluster;
use crate::error::{Resource, ResponseError};
use crate::{BrokerId, Call, Client, Destination, Epoch, Error, Offset, Reply, Result, TopicPartition};

/// A record's offset, found by its timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffsetAndTimestamp {
    /// Its offset.
    pub offset: Offset,
    /// Its timestamp. -1 where the beginning or the end was asked for.
    pub timestamp: i64,
    /// The term of the leader that appended it, where that is known.
    pub leader_epoch: Option<Epoch>,
}

impl From<OffsetAndTimestamp> for Position {
    fn from(found: OffsetAndTimestamp) -> Position {
        Position { offset: found.offset, epoch: found.leader_epoch }
    }
}

/// What is asked of a partition, as ListOffsets has it.
pub(super) type Asked = (TopicPartition, i64);
/// None where no record is that young.
pub(super) type Found = (TopicPartition, Result<Option<OffsetAndTimestamp>>);

/// Asks each leader once, all of them at the same time. What is asked for is what comes back, in another order.
pub(super) async fn ask_once(client: &Client, committed_only: bool, asked: Vec<Asked>) -> Vec<Found> {
    let topics: Vec<_> = asked.iter().map(|(partition, _)| partition.topic.clone()).collect();
    let cluster = match client.fresh(&topics).await {
        Ok(cluster) => cluster,
        Err(error) => {
            return asked.into_iter().map(|(partition, _)| (partition, Err(error.clone()))).collect();
        }
    };
    let (by_leader, mut found) = by_leader(&cluster, asked);
    let mut asking = JoinSet::new();
    for (broker, asked) in by_leader {
        let (client, cluster) = (client.clone(), cluster.clone());
        asking.spawn(async move { ask_leader(&client, &cluster, broker, committed_only, &asked).await });
    }
    for answers in asking.join_all().await {
        found.extend(answers);
    }
    for (partition, result) in &found {
        if let Err(error) = result {
            client.learn_from(&Destination::Leader(partition.clone()), error);
        }
    }
    found
}

fn by_leader(cluster: &Cluster, asked: Vec<Asked>) -> (BTreeMap<BrokerId, Vec<Asked>>, Vec<Found>) {
    let (mut by_leader, mut without) = (BTreeMap::<_, Vec<Asked>>::new(), Vec::new());
    for (partition, timestamp) in asked {
        match cluster.partition(&partition).and_then(|known| known.leader) {
            Some(leader) => by_leader.entry(leader).or_default().push((partition, timestamp)),
            None => {
                let code = cluster.topic_error(&partition.topic).unwrap_or(ErrorCode::LeaderNotAvailable);
                let error = refused(code.code(), &partition);
                without.push((partition, Err(error)));
            }
        }
    }
    (by_leader, without)
}

async fn ask_leader(
    client: &Client,
    cluster: &Cluster,
    broker: BrokerId,
    committed_only: bool,
    asked: &[Asked],
) -> Vec<Found> {
    let request = request(client, cluster, committed_only, asked);
    // Version 0 knows no single offset.
    let call = Call::to(Destination::Broker(broker)).versions(1..=i16::MAX);
    match client.request(&call, &request).await {
        Ok(reply) => told(&reply, asked),
        Err(error) => asked.iter().map(|(partition, _)| (partition.clone(), Err(error.clone()))).collect(),
    }
}

fn request(client: &Client, cluster: &Cluster, committed_only: bool, asked: &[Asked]) -> ListOffsetsRequest {
    let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
    for (partition, timestamp) in asked {
        let leader_epoch = cluster.partition(partition).and_then(|known| known.leader_epoch);
        topics.entry(&partition.topic).or_default().push(ListOffsetsPartition {
            partition_index: partition.partition,
            current_leader_epoch: leader_epoch.unwrap_or(-1),
            timestamp: *timestamp,
            ..ListOffsetsPartition::default()
        });
    }
    let topic = |(name, partitions)| ListOffsetsTopic { name: ByteString::from(name), partitions };
    ListOffsetsRequest {
        replica_id: -1,
        isolation_level: i8::from(committed_only),
        topics: topics.into_iter().map(topic).collect(),
        timeout_ms: i32::try_from(client.config().request_timeout.as_millis()).unwrap_or(i32::MAX),
    }
}

fn told(reply: &Reply<ListOffsetsResponse>, asked: &[Asked]) -> Vec<Found> {
    let answer = |partition: &TopicPartition| {
        let topic = reply.response.topics.iter().find(|topic| *topic.name == *partition.topic)?;
        topic.partitions.iter().find(|answer| answer.partition_index == partition.partition)
    };
    let one = |(partition, _): &Asked| {
        let found = match answer(partition) {
            Some(answer) => offset(answer, partition),
            None => Err(refused(ErrorCode::UnknownServerError.code(), partition)),
        };
        (partition.clone(), found)
    };
    asked.iter().map(one).collect()
}

fn offset(
    answer: &ListOffsetsPartitionResponse,
    partition: &TopicPartition,
) -> Result<Option<OffsetAndTimestamp>> {
    if answer.error_code != ErrorCode::None.code() {
        return Err(refused(answer.error_code, partition));
    }
    let found = OffsetAndTimestamp {
        offset: answer.offset,
        timestamp: answer.timestamp,
        leader_epoch: (answer.leader_epoch >= 0).then_some(answer.leader_epoch),
    };
    Ok((answer.offset >= 0).then_some(found))
}

fn refused(code: i16, partition: &TopicPartition) -> Error {
    ResponseError::new(ApiKey::ListOffsets, code).about(Resource::TopicPartition(partition.clone())).into()
}

/// Asks until all is told, no longer than `default.api.timeout.ms`.
pub(super) async fn ask(
    client: &Client,
    committed_only: bool,
    asked: Vec<Asked>,
) -> Result<BTreeMap<TopicPartition, Option<OffsetAndTimestamp>>> {
    let timestamps: BTreeMap<TopicPartition, i64> = asked.into_iter().collect();
    until_all_told(client, "finding offsets", timestamps.keys().cloned().collect(), |partitions| {
        let asked = partitions.iter().map(|partition| (partition.clone(), timestamps[partition])).collect();
        ask_once(client, committed_only, asked)
    })
    .await
}

/// Asks about partitions until all is told, no longer than `default.api.timeout.ms`.
pub(super) async fn until_all_told<T, F>(
    client: &Client,
    what: &str,
    mut left: BTreeSet<TopicPartition>,
    ask: impl Fn(Vec<TopicPartition>) -> F,
) -> Result<BTreeMap<TopicPartition, T>>
where
    F: Future<Output = Vec<(TopicPartition, Result<T>)>>,
{
    let mut retrying = client.retrying(what, client.config().default_api_timeout);
    let mut found = BTreeMap::new();
    loop {
        let asked = left.iter().cloned().collect();
        let answers = retrying.in_time(async { Ok(ask(asked).await) }).await?;
        let mut failure = None;
        for (partition, result) in answers {
            match result {
                Ok(told) => {
                    left.remove(&partition);
                    found.insert(partition, told);
                }
                // One that cannot be helped counts more than one that can.
                Err(error) if failure.as_ref().is_none_or(Error::is_retriable) => failure = Some(error),
                Err(_) => {}
            }
        }
        match failure {
            None => return Ok(found),
            Some(error) => retrying.pause_after(client, &Destination::Any, error).await?,
        }
    }
}
