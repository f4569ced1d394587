//! What the coordinator answers.

use ottla_wire::{
    ErrorCode,
    messages::{
        AddOffsetsToTxnRequest, FindCoordinatorRequest, InitProducerIdRequest, ListTransactionsRequest,
        describe_transactions_response::TopicData,
    },
};

use crate::{
    node::{Client, Node},
    writer::{ID, TOPIC, Writer, describe, ends, init, init_request, until_state},
};

/// With a topic of two partitions, and the coordinators' own.
pub(crate) async fn client(node: &Node) -> Client {
    let mut client = node.group_client().await;
    let request = FindCoordinatorRequest { key: ID.into(), key_type: 1, ..Default::default() };
    assert_eq!(client.call(3, &request).await.error_code, 0);
    client.create_topic(TOPIC, 2).await;
    client
}

#[tokio::test]
async fn readers_see_the_end_of_a_transaction_in_every_partition() {
    let node = Node::start().await;
    let mut client = client(&node).await;
    let writer = init(&mut client, 60_000).await;
    for (round, committed) in [(0, true), (1, false), (2, true)] {
        writer.begin(&mut client, round).await;
        let before = i64::from(round) * 2;
        assert_eq!(ends(&mut client, 0).await, (before, before + 1), "what is open holds readers back");
        assert_eq!(describe(&mut client).await.transaction_state, "Ongoing");
        assert_eq!(writer.end_v1(&mut client, committed).await, 0);
        let state = if committed { "CompleteCommit" } else { "CompleteAbort" };
        until_state(&mut client, state).await;
        for partition in 0..2 {
            assert_eq!(ends(&mut client, partition).await, (before + 2, before + 2));
        }
    }
    node.stop().await;
}

#[tokio::test]
async fn partitions_are_added_all_or_none() {
    let node = Node::start().await;
    let mut client = client(&node).await;
    let writer = init(&mut client, 60_000).await;
    let (unknown, not_tried) = (ErrorCode::UnknownTopicOrPartition, ErrorCode::OperationNotAttempted);
    let own = ErrorCode::TopicAuthorizationFailed;
    for (partitions, expected) in [
        (&[(TOPIC, 0), (TOPIC, 2)], [not_tried, unknown]),
        (&[("none", 0), (TOPIC, 0)], [unknown, not_tried]),
        (&[("__transaction_state", 0), (TOPIC, 0)], [own, not_tried]),
    ] {
        assert_eq!(writer.add(&mut client, 3, partitions).await, expected.map(ErrorCode::code));
    }
    assert_eq!(describe(&mut client).await.transaction_state, "Empty");
    node.stop().await;
}

#[tokio::test]
async fn offsets_are_added_as_their_groups_partition() {
    let node = Node::start().await;
    let mut client = client(&node).await;
    let writer = init(&mut client, 60_000).await;
    let request = AddOffsetsToTxnRequest {
        transactional_id: ID.into(),
        producer_id: writer.id,
        producer_epoch: writer.epoch,
        group_id: "a".into(),
    };
    assert_eq!(client.call(3, &request).await.error_code, 0);
    // Java's hash of "a" is 97.
    let topic = TopicData { topic: "__consumer_offsets".into(), partitions: vec![97 % 4] };
    assert_eq!(describe(&mut client).await.topics, [topic]);
    node.stop().await;
}

#[tokio::test]
async fn a_fenced_producer_is_told_what_its_version_knows() {
    let node = Node::start().await;
    let mut client = client(&node).await;
    let old = init(&mut client, 60_000).await;
    let new = init(&mut client, 60_000).await;
    assert_eq!(new, Writer { epoch: old.epoch + 1, ..old });
    let (before, since) = (ErrorCode::InvalidProducerEpoch.code(), ErrorCode::ProducerFenced.code());
    for (version, expected) in [(0, before), (1, before), (2, since), (3, since)] {
        assert_eq!(old.add(&mut client, version, &[(TOPIC, 0)]).await, [expected]);
        assert_eq!(old.end(&mut client, version, true).await.error_code, expected);
    }
    let zombie = Writer { epoch: 17, ..old };
    let init = InitProducerIdRequest {
        producer_id: zombie.id,
        producer_epoch: zombie.epoch,
        ..init_request(60_000)
    };
    for (version, expected) in [(3, before), (4, since)] {
        assert_eq!(client.call(version, &init).await.error_code, expected);
    }
    node.stop().await;
}

#[tokio::test]
async fn what_takes_too_long_is_aborted() {
    let interval = "transaction.abort.timed.out.transaction.cleanup.interval.ms=20";
    let node = Node::start_with(&[interval]).await;
    let mut client = client(&node).await;
    let writer = init(&mut client, 50).await;
    writer.begin(&mut client, 0).await;
    until_state(&mut client, "CompleteAbort").await;
    assert_eq!(ends(&mut client, 1).await, (2, 2));
    assert_eq!(writer.end_v1(&mut client, true).await, ErrorCode::ProducerFenced.code());
    node.stop().await;
}

#[tokio::test]
async fn an_id_that_is_not_used_is_forgotten() {
    let settings =
        ["transactional.id.expiration.ms=1", "transaction.remove.expired.transaction.cleanup.interval.ms=20"];
    let node = Node::start_with(&settings).await;
    let mut client = client(&node).await;
    init(&mut client, 60_000).await;
    let all = ListTransactionsRequest { duration_filter: -1, ..Default::default() };
    client
        .until(1, &all, |response| response.error_code == 0 && response.transaction_states.is_empty())
        .await;
    assert_eq!(describe(&mut client).await.error_code, ErrorCode::TransactionalIdNotFound.code());
    node.stop().await;
}

#[tokio::test]
async fn transactions_are_listed_by_state_producer_and_name() {
    let node = Node::start().await;
    let mut client = client(&node).await;
    let writer = init(&mut client, 60_000).await;
    let list = |states: &[&'static str], producer: Option<i64>, pattern: Option<&'static str>| {
        ListTransactionsRequest {
            state_filters: states.iter().map(|state| (*state).into()).collect(),
            producer_id_filters: producer.into_iter().collect(),
            duration_filter: -1,
            transactional_id_pattern: pattern.map(Into::into),
        }
    };
    for (request, found, unknown) in [
        (list(&[], None, None), 1, 0),
        (list(&["Empty", "Nonsense"], None, None), 1, 1),
        (list(&["Nonsense"], None, None), 0, 1),
        (list(&["Ongoing"], None, None), 0, 0),
        (list(&[], Some(writer.id), Some("t.")), 1, 0),
        (list(&[], Some(writer.id + 1), None), 0, 0),
        (list(&[], None, Some("t")), 0, 0),
    ] {
        let response = client.call(2, &request).await;
        assert_eq!(response.error_code, 0);
        assert_eq!(response.transaction_states.len(), found, "{request:?}");
        assert_eq!(response.unknown_state_filters.len(), unknown, "{request:?}");
    }
    let invalid = client.call(2, &list(&[], None, Some("("))).await;
    assert_eq!(invalid.error_code, ErrorCode::InvalidRegularExpression.code());
    node.stop().await;
}
