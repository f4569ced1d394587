//! Offsets: committed, fetched, deleted.

use ottla_wire::{
    ErrorCode, Uuid,
    messages::{
        OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetFetchRequest,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic},
        offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
    },
};

use crate::{
    membership::stable_member,
    node::{Client, Node},
};

/// A topic by name and id, of which each version takes what it needs, and offsets of its partitions.
pub(crate) type Offsets<'a> = (&'a str, Uuid, &'a [(i32, i64)]);

pub(crate) fn commit(group: &str, topics: &[Offsets<'_>]) -> OffsetCommitRequest {
    let partition = |&(partition_index, committed_offset): &(i32, i64)| OffsetCommitRequestPartition {
        partition_index,
        committed_offset,
        ..Default::default()
    };
    let topic = |(name, topic_id, offsets): &Offsets<'_>| OffsetCommitRequestTopic {
        name: (*name).into(),
        topic_id: *topic_id,
        partitions: offsets.iter().map(partition).collect(),
    };
    OffsetCommitRequest {
        group_id: group.into(),
        topics: topics.iter().map(topic).collect(),
        ..Default::default()
    }
}

/// All offsets of a group.
pub(crate) async fn committed(client: &mut Client, group: &str) -> Vec<(String, i32, i64)> {
    let group = OffsetFetchRequestGroup { group_id: group.into(), topics: None, ..Default::default() };
    let fetch = OffsetFetchRequest { groups: vec![group], ..Default::default() };
    let loading = ErrorCode::CoordinatorLoadInProgress.code();
    let fetched = client.until(9, &fetch, |fetched| fetched.groups[0].error_code != loading).await;
    assert_eq!(fetched.groups[0].error_code, ErrorCode::None.code());
    let topics = fetched.groups[0].topics.iter();
    let mut offsets: Vec<_> = topics
        .flat_map(|t| {
            t.partitions.iter().map(|p| (t.name.to_string(), p.partition_index, p.committed_offset))
        })
        .collect();
    offsets.sort_unstable();
    offsets
}

fn errors(response: &OffsetCommitResponse) -> Vec<(i32, i16)> {
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    let mut errors: Vec<_> = partitions.map(|p| (p.partition_index, p.error_code)).collect();
    errors.sort_unstable();
    errors
}

#[tokio::test]
async fn commits_to_what_there_is_not_are_refused_and_the_others_count() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    let id = client.create_topic("t", 2).await;
    let nowhere = Uuid::from_u128(7);
    for (version, unknown) in [
        (2, ErrorCode::UnknownTopicOrPartition),
        (9, ErrorCode::UnknownTopicOrPartition),
        (10, ErrorCode::UnknownTopicId),
    ] {
        let group = format!("group-{version}");
        let topics: &[Offsets<'_>] = &[("t", id, &[(0, 4), (2, 4)]), ("nowhere", nowhere, &[(9, 4)])];
        let response = client.call(version, &commit(&group, topics)).await;
        let expected = [(0, 0), (2, ErrorCode::UnknownTopicOrPartition.code()), (9, unknown.code())];
        assert_eq!(errors(&response), expected, "version {version}");
        assert_eq!(committed(&mut client, &group).await, [("t".to_string(), 0, 4)]);
    }
}

#[tokio::test]
async fn offsets_are_committed_where_they_are_flushed_and_not_journaled() {
    let node = Node::start_with(&["ottla.log.durability=os", "log.flush.interval.messages=1"]).await;
    let mut client = node.group_client().await;
    let id = client.create_topic("t", 1).await;
    for offset in 1..5 {
        let response = client.call(9, &commit("group", &[("t", id, &[(0, offset)])])).await;
        assert_eq!(errors(&response), [(0, 0)]);
        assert_eq!(committed(&mut client, "group").await, [("t".to_string(), 0, offset)]);
    }
    node.stop().await;
}

#[tokio::test]
async fn a_fetch_asks_for_several_groups_and_names_topics_as_its_version_does() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    let id = client.create_topic("t", 2).await;
    for group in ["one", "two"] {
        client.call(9, &commit(group, &[("t", id, &[(1, 5)])])).await;
    }
    let named =
        |topic_id| OffsetFetchRequestTopics { topic_id, partition_indexes: vec![0, 1], ..Default::default() };
    let nowhere = Uuid::from_u128(7);
    let groups = vec![
        OffsetFetchRequestGroup { group_id: "one".into(), topics: None, ..Default::default() },
        OffsetFetchRequestGroup {
            group_id: "two".into(),
            topics: Some(vec![named(id), named(nowhere)]),
            ..Default::default()
        },
        OffsetFetchRequestGroup {
            group_id: "three".into(),
            topics: Some(vec![named(id)]),
            ..Default::default()
        },
    ];
    let fetched =
        client.call(10, &OffsetFetchRequest { groups, require_stable: true, ..Default::default() }).await;
    let seen: Vec<Vec<_>> = fetched
        .groups
        .iter()
        .map(|group| {
            let topics = group.topics.iter();
            topics
                .flat_map(|t| {
                    t.partitions
                        .iter()
                        .map(|p| (t.topic_id, p.partition_index, p.committed_offset, p.error_code))
                })
                .collect()
        })
        .collect();
    let unknown = ErrorCode::UnknownTopicId.code();
    assert_eq!(seen[0], [(id, 1, 5, 0)]);
    assert_eq!(
        seen[1],
        [(id, 0, -1, 0), (id, 1, 5, 0), (nowhere, 0, -1, unknown), (nowhere, 1, -1, unknown)]
    );
    assert_eq!(seen[2], [(id, 0, -1, 0), (id, 1, -1, 0)]);
}

#[tokio::test]
async fn a_deleted_topic_takes_its_offsets_along_and_a_new_one_of_its_name_has_none() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    for topic in ["stays", "goes"] {
        client.create_topic(topic, 1).await;
    }
    let (nil, offsets) = (Uuid::nil(), &[(0, 5)][..]);
    client.call(7, &commit("g", &[("stays", nil, offsets), ("goes", nil, offsets)])).await;
    client.call(7, &commit("h", &[("goes", nil, offsets)])).await;
    client.delete_topic("goes").await;
    assert_eq!(committed(&mut client, "g").await, [("stays".to_string(), 0, 5)]);
    client.create_topic("goes", 1).await;
    assert_eq!(committed(&mut client, "g").await, [("stays".to_string(), 0, 5)]);
    assert_eq!(committed(&mut client, "h").await, []);
    let node = node.restart().await;
    let mut client = node.client().await;
    assert_eq!(committed(&mut client, "g").await, [("stays".to_string(), 0, 5)]);
}

#[tokio::test]
async fn offsets_are_deleted_by_name_unless_members_read_the_topic() {
    let node = Node::start().await;
    let mut client = node.group_client().await;
    client.create_topic("t", 2).await;
    client.call(7, &commit("g", &[("t", Uuid::nil(), &[(0, 5), (1, 6)])])).await;
    let delete = |topic: &str, partitions: &[i32]| {
        let partition = |&partition_index| OffsetDeleteRequestPartition { partition_index };
        let partitions = partitions.iter().map(partition).collect();
        let topic = OffsetDeleteRequestTopic { name: topic.into(), partitions };
        OffsetDeleteRequest { group_id: "g".into(), topics: vec![topic] }
    };
    let deleted = client.call(0, &delete("t", &[0, 5])).await;
    let results: Vec<_> =
        deleted.topics[0].partitions.iter().map(|p| (p.partition_index, p.error_code)).collect();
    assert_eq!(results, [(5, ErrorCode::UnknownTopicOrPartition.code()), (0, 0)]);
    assert_eq!(committed(&mut client, "g").await, [("t".to_string(), 1, 6)]);
    let deleted = client.call(0, &delete("nowhere", &[0])).await;
    assert_eq!(deleted.topics[0].partitions[0].error_code, ErrorCode::UnknownTopicOrPartition.code());
    // What these members read is not known: it may be any topic.
    stable_member(&mut client, "g").await;
    let deleted = client.call(0, &delete("t", &[1])).await;
    let expected = ErrorCode::GroupSubscribedToTopic.code();
    assert_eq!(deleted.topics[0].partitions[0].error_code, expected);
}

#[tokio::test]
async fn with_durability_os_commits_are_answered_too() {
    let node = Node::start_with(&["ottla.log.durability=os"]).await;
    let mut client = node.group_client().await;
    client.create_topic("t", 1).await;
    client.call(7, &commit("g", &[("t", Uuid::nil(), &[(0, 5)])])).await;
    assert_eq!(committed(&mut client, "g").await, [("t".to_string(), 0, 5)]);
}
