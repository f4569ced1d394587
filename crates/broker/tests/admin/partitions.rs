//! Partitions that are added, described page by page, and asked for in odd ways.

use ottla_wire::{
    ErrorCode, Uuid,
    messages::{
        CreatePartitionsRequest, DescribeTopicPartitionsRequest, ListOffsetsRequest, MetadataRequest,
        MetadataResponse,
        create_partitions_request::CreatePartitionsTopic,
        describe_topic_partitions_request::{Cursor, TopicRequest},
        list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
        metadata_request::MetadataRequestTopic,
        metadata_response::MetadataResponseTopic,
    },
};

use crate::{
    node::{Client, Node},
    records::produce,
};

#[tokio::test]
async fn added_partitions_can_be_written_to_at_once() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 1).await;
    assert_eq!(produce(&mut client, "t", 2, b"v").await, ErrorCode::UnknownTopicOrPartition.code());
    let topic = CreatePartitionsTopic { name: "t".into(), count: 3, assignments: None };
    let request = CreatePartitionsRequest { topics: vec![topic], ..Default::default() };
    assert_eq!(client.call(3, &request).await.results[0].error_code, 0);
    assert_eq!(produce(&mut client, "t", 2, b"v").await, 0);
    node.stop().await;
}

#[tokio::test]
async fn pages_of_partitions_lead_from_one_to_the_next() {
    let node = Node::start_with(&["max.request.partition.size.limit=2"]).await;
    let mut client = node.client().await;
    for (topic, partitions) in [("a", 3), ("b", 1), ("c", 2)] {
        client.create_topic(topic, partitions).await;
    }
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let topics = ["c", "a", "b"].map(|name| TopicRequest { name: name.into() });
        let request = DescribeTopicPartitionsRequest { topics: topics.into(), cursor, ..Default::default() };
        let page = client.call(0, &request).await;
        let partitions: Vec<_> = page
            .topics
            .iter()
            .flat_map(|topic| {
                topic
                    .partitions
                    .iter()
                    .map(|partition| (topic.name.clone().expect("a name"), partition.partition_index))
            })
            .collect();
        assert!(partitions.len() <= 2, "{partitions:?}");
        seen.extend(partitions.iter().map(|(name, index)| format!("{name}-{index}")));
        let Some(next) = page.next_cursor else { break };
        cursor = Some(Cursor { topic_name: next.topic_name, partition_index: next.partition_index });
    }
    assert_eq!(seen, ["a-0", "a-1", "a-2", "b-0", "c-0", "c-1"]);
    node.stop().await;
}

async fn metadata(client: &mut Client, version: i16, topics: &[(Option<&str>, Uuid)]) -> MetadataResponse {
    let topic = |(name, topic_id): &(Option<&str>, Uuid)| MetadataRequestTopic {
        name: name.map(Into::into),
        topic_id: *topic_id,
    };
    let request = MetadataRequest {
        topics: Some(topics.iter().map(topic).collect()),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    client.call(version, &request).await
}

fn codes(topics: &[MetadataResponseTopic]) -> Vec<i16> {
    topics.iter().map(|topic| topic.error_code).collect()
}

#[tokio::test]
async fn topics_are_found_by_name_and_by_id_and_each_once() {
    use ErrorCode as E;
    let node = Node::start().await;
    let mut client = node.client().await;
    let id = client.create_topic("t", 1).await;
    let (nil, other) = (Uuid::nil(), Uuid::from_u128(77));
    for (version, asked, expected) in [
        (13, &[(Some("t"), nil), (Some("t"), nil)][..], &[E::None][..]),
        (
            13,
            &[(Some("nope"), nil), (Some("a b"), nil)],
            &[E::UnknownTopicOrPartition, E::InvalidTopicException],
        ),
        (12, &[(None, id), (None, other), (None, id)], &[E::None, E::UnknownTopicId]),
        (12, &[(None, nil)], &[E::InvalidRequest]),
        (11, &[(Some("t"), id)], &[E::InvalidRequest]),
        (10, &[(None, id)], &[E::InvalidRequest]),
    ] {
        let response = metadata(&mut client, version, asked).await;
        let expected: Vec<i16> = expected.iter().map(|code| code.code()).collect();
        assert_eq!(codes(&response.topics), expected, "{version} {asked:?}");
    }
    node.stop().await;
}

#[tokio::test]
async fn a_missing_topic_is_created_only_if_client_and_broker_allow_it() {
    for (setting, client_allows, expected) in [
        ("auto.create.topics.enable=true", true, ErrorCode::None),
        ("auto.create.topics.enable=true", false, ErrorCode::UnknownTopicOrPartition),
        ("auto.create.topics.enable=false", true, ErrorCode::UnknownTopicOrPartition),
    ] {
        let node = Node::start_with(&[setting]).await;
        let mut client = node.client().await;
        let topic = MetadataRequestTopic { name: Some("t".into()), ..Default::default() };
        let request = MetadataRequest {
            topics: Some(vec![topic]),
            allow_auto_topic_creation: client_allows,
            ..Default::default()
        };
        let response = client.call(12, &request).await;
        assert_eq!(codes(&response.topics), [expected.code()], "{setting} {client_allows}");
        node.stop().await;
    }
}

#[tokio::test]
async fn a_partition_that_is_asked_for_with_several_timestamps_is_refused_once() {
    let node = Node::start().await;
    let mut client = node.client().await;
    client.create_topic("t", 2).await;
    let partition = |partition_index, timestamp| ListOffsetsPartition {
        partition_index,
        timestamp,
        current_leader_epoch: -1,
        ..Default::default()
    };
    let partitions = vec![partition(0, -1), partition(1, -1), partition(0, -2)];
    let topic = ListOffsetsTopic { name: "t".into(), partitions };
    let request = ListOffsetsRequest { replica_id: -1, topics: vec![topic], ..Default::default() };
    let response = client.call(7, &request).await;
    let answered: Vec<_> =
        response.topics[0].partitions.iter().map(|one| (one.partition_index, one.error_code)).collect();
    assert_eq!(answered, [(0, ErrorCode::InvalidRequest.code()), (1, 0)]);
    node.stop().await;
}
