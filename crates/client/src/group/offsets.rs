//! Committing offsets, and asking for those that were committed: the requests, for members, for those outside of groups and for
//! administrators.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_wire::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use ottla_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use ottla_wire::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use ottla_wire::{ApiKey, ErrorCode};

use super::{CommittedOffset, GroupMetadata, coordinator};
use crate::error::{Resource, ResponseError};
use crate::{Call, Client, Coordinator, Error, Result, TopicPartition};

/// The versions that name topics: from 10 on they are told by ids.
pub(crate) const COMMIT_VERSIONS: std::ops::RangeInclusive<i16> = 2..=9;
/// The versions in which a commit tells how long it is to be kept.
const COMMIT_WITH_RETENTION: std::ops::RangeInclusive<i16> = 2..=4;

/// What is to be committed, in the name of a member or of nobody.
pub(crate) fn commit_request(
    member: &GroupMetadata,
    offsets: &BTreeMap<TopicPartition, CommittedOffset>,
) -> OffsetCommitRequest {
    let mut topics: Vec<OffsetCommitRequestTopic> = Vec::new();
    for (partition, committed) in offsets {
        let committed = OffsetCommitRequestPartition {
            partition_index: partition.partition,
            committed_offset: committed.offset,
            committed_leader_epoch: committed.leader_epoch.unwrap_or(-1),
            committed_metadata: Some((&*committed.metadata).into()),
            ..OffsetCommitRequestPartition::default()
        };
        match topics.last_mut().filter(|topic| *topic.name == *partition.topic) {
            Some(topic) => topic.partitions.push(committed),
            None => topics.push(OffsetCommitRequestTopic {
                name: (&*partition.topic).into(),
                partitions: vec![committed],
                ..OffsetCommitRequestTopic::default()
            }),
        }
    }
    OffsetCommitRequest {
        group_id: (&*member.group_id).into(),
        generation_id_or_member_epoch: member.generation,
        member_id: (&*member.member_id).into(),
        group_instance_id: member.instance_id.as_deref().map(Into::into),
        topics,
        ..OffsetCommitRequest::default()
    }
}

/// Commits once. What was refused, and why, by partition.
pub(crate) async fn commit_once(
    client: &Client,
    member: &GroupMetadata,
    offsets: &BTreeMap<TopicPartition, CommittedOffset>,
    retention: Option<Duration>,
) -> Result<Vec<(TopicPartition, Error)>> {
    let destination = Coordinator::of_group(member.group_id.clone()).into();
    let versions = if retention.is_some() { COMMIT_WITH_RETENTION } else { COMMIT_VERSIONS };
    let call = Call::to(destination).versions(versions);
    let retention =
        retention.map_or(-1, |retention| i64::try_from(retention.as_millis()).unwrap_or(i64::MAX));
    let request = OffsetCommitRequest { retention_time_ms: retention, ..commit_request(member, offsets) };
    let response =
        coordinator::ask(client.clone(), call.clone(), request, |_| ErrorCode::None.code()).await?;
    let refused = refused(&response);
    refused.iter().for_each(|(_, error)| client.learn_from(call.destination(), error));
    Ok(refused)
}

fn refused(response: &OffsetCommitResponse) -> Vec<(TopicPartition, Error)> {
    let mut refused = Vec::new();
    for topic in &response.topics {
        for answer in &topic.partitions {
            let partition = TopicPartition::new(&*topic.name, answer.partition_index);
            refused.extend(
                check(ApiKey::OffsetCommit, answer.error_code, &partition).err().map(|e| (partition, e)),
            );
        }
    }
    refused
}

/// One request for all versions: up to 7 the group stands by itself, from 8 on in a list.
pub(crate) fn fetch_request<'a>(
    group: &str,
    partitions: Option<impl IntoIterator<Item = &'a TopicPartition>>,
    require_stable: bool,
) -> OffsetFetchRequest {
    let topics = partitions.map(|partitions| {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for partition in partitions {
            topics.entry(&partition.topic).or_default().push(partition.partition);
        }
        topics
    });
    let alone = topics.iter().flatten().map(|(topic, partitions)| OffsetFetchRequestTopic {
        name: (*topic).into(),
        partition_indexes: partitions.clone(),
    });
    let listed = topics.iter().flatten().map(|(topic, partitions)| OffsetFetchRequestTopics {
        name: (*topic).into(),
        partition_indexes: partitions.clone(),
        ..OffsetFetchRequestTopics::default()
    });
    OffsetFetchRequest {
        group_id: group.into(),
        topics: topics.is_some().then(|| alone.collect()),
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.into(),
            topics: topics.is_some().then(|| listed.collect()),
            ..OffsetFetchRequestGroup::default()
        }],
        require_stable,
    }
}

/// The first version that can say what is asked. Version 10 has ids in place of names.
pub(crate) fn fetch_versions(require_stable: bool) -> std::ops::RangeInclusive<i16> {
    // All partitions can be asked for since 2, stable ones alone since 7.
    if require_stable { 7..=9 } else { 2..=9 }
}

/// What the answer says of the group.
pub(crate) fn fetched_code(response: &OffsetFetchResponse) -> i16 {
    response.groups.first().map_or(response.error_code, |group| group.error_code)
}

/// What the answer says of each partition: a code, and what was committed, if something was.
pub(crate) fn fetched(response: &OffsetFetchResponse) -> Vec<(TopicPartition, i16, Option<CommittedOffset>)> {
    let committed = |offset, epoch: i32, metadata: Option<&str>| CommittedOffset {
        leader_epoch: (epoch >= 0).then_some(epoch),
        ..CommittedOffset::new(offset).with_metadata(metadata.unwrap_or_default())
    };
    let mut fetched = Vec::new();
    for topic in response.groups.iter().flat_map(|group| &group.topics) {
        for it in &topic.partitions {
            let offset = committed(it.committed_offset, it.committed_leader_epoch, it.metadata.as_deref());
            let partition = TopicPartition::new(&*topic.name, it.partition_index);
            fetched.push((partition, it.error_code, Some(offset).filter(|it| it.offset >= 0)));
        }
    }
    for topic in &response.topics {
        for it in &topic.partitions {
            let offset = committed(it.committed_offset, it.committed_leader_epoch, it.metadata.as_deref());
            let partition = TopicPartition::new(&*topic.name, it.partition_index);
            fetched.push((partition, it.error_code, Some(offset).filter(|it| it.offset >= 0)));
        }
    }
    fetched
}

/// What was committed of a partition, if something was.
pub(crate) type Fetched = (TopicPartition, Result<Option<CommittedOffset>>);

/// Asks once for what was committed of these partitions; with `require_stable`, not while a transaction is about to commit.
pub(crate) async fn fetch_once(
    client: &Client,
    group: &str,
    partitions: Vec<TopicPartition>,
    require_stable: bool,
) -> Vec<Fetched> {
    let destination = Coordinator::of_group(group).into();
    let call = Call::to(destination).versions(fetch_versions(require_stable));
    let request = fetch_request(group, Some(&partitions), require_stable);
    match coordinator::ask(client.clone(), call, request, fetched_code).await {
        Err(error) => partitions.iter().map(|it| (it.clone(), Err(error.clone()))).collect(),
        Ok(response) => told(&response, &partitions),
    }
}

fn told(response: &OffsetFetchResponse, asked: &[TopicPartition]) -> Vec<Fetched> {
    let mut found = fetched(response);
    let one = |partition: &TopicPartition| {
        let at = found.iter().position(|(found, ..)| found == partition);
        let outcome = match at.map(|at| found.swap_remove(at)) {
            Some((_, code, committed)) => check(ApiKey::OffsetFetch, code, partition).map(|()| committed),
            // Not the same as nothing committed, which the answer says: `auto.offset.reset` is for that alone.
            None => Err(refusal(ApiKey::OffsetFetch, ErrorCode::UnknownServerError.code(), partition)),
        };
        (partition.clone(), outcome)
    };
    asked.iter().map(one).collect()
}

fn check(api: ApiKey, code: i16, partition: &TopicPartition) -> Result<()> {
    if code == ErrorCode::None.code() {
        return Ok(());
    }
    Err(refusal(api, code, partition))
}

fn refusal(api: ApiKey, code: i16, partition: &TopicPartition) -> Error {
    ResponseError::new(api, code).about(Resource::TopicPartition(partition.clone())).into()
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::offset_fetch_response::{
        OffsetFetchResponsePartition, OffsetFetchResponseTopic,
    };

    use super::*;

    #[test]
    fn a_partition_that_is_not_answered_is_not_one_without_an_offset() {
        let partition = OffsetFetchResponsePartition { committed_offset: -1, ..Default::default() };
        let topic = OffsetFetchResponseTopic { name: "t".into(), partitions: vec![partition] };
        let response = OffsetFetchResponse { topics: vec![topic], ..OffsetFetchResponse::default() };
        let asked = [TopicPartition::new("t", 0), TopicPartition::new("t", 1), TopicPartition::new("u", 0)];
        let told = told(&response, &asked);
        assert!(matches!(told[0].1, Ok(None)), "{told:?}");
        for (partition, outcome) in &told[1..] {
            let error = outcome.as_ref().expect_err("nothing was said of it");
            assert_eq!(error.code(), Some(ErrorCode::UnknownServerError));
            assert_eq!(error.topic_partition(), Some(partition));
        }
    }
}
