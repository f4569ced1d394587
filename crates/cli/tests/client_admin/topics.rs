//! Topics and partitions.

use std::collections::BTreeMap;

use ottla_client::admin::{NewPartitions, NewTopic};
use ottla_client::{ErrorCode, Uuid};

use super::{Visit, eventually, name, only};

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_created_listed_described_and_deleted() {
    let visit = Visit::new().await;
    let name = name("orders");
    let topic = NewTopic::new(&name).partitions(3).replication_factor(1).config("retention.ms", "86400000");

    let validated = only(visit.admin.validate_topics(std::slice::from_ref(&topic)).await.unwrap()).unwrap();
    assert_eq!((validated.partitions, validated.replication_factor), (3, 1));
    let described = visit.admin.describe_topics(&[&name]).await.unwrap();
    assert_eq!(only(described).unwrap_err().code(), Some(ErrorCode::UnknownTopicOrPartition));

    let created = only(visit.admin.create_topics(std::slice::from_ref(&topic)).await.unwrap()).unwrap();
    let id = created.id.expect("it tells the id");
    assert_eq!(created.configs["retention.ms"].as_deref(), Some("86400000"));
    let again = only(visit.admin.create_topics(&[topic]).await.unwrap()).unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::TopicAlreadyExists));

    visit.admin.client().topic(&name).await.unwrap();
    let listed = visit.admin.list_topics(false).await.unwrap();
    assert!(listed.iter().any(|topic| *topic.name == *name && topic.id == Some(id)));

    let described = only(visit.admin.describe_topics(&[&name]).await.unwrap()).unwrap();
    let by_id = only(visit.admin.describe_topics_by_id(&[id]).await.unwrap()).unwrap();
    assert_eq!((described.id, &described.name), (by_id.id, &by_id.name));
    assert_eq!(described.partitions.len(), 3);
    for (number, partition) in (0..).zip(&described.partitions) {
        assert_eq!(partition.leader_epoch, by_id.partitions[usize::try_from(number).unwrap()].leader_epoch);
        assert_eq!(partition.number, number);
        assert_eq!(partition.replicas, partition.in_sync_replicas);
        assert_eq!(partition.leader, partition.replicas.first().copied());
    }

    only(visit.admin.delete_topics(&[&name]).await.unwrap()).unwrap();
    let gone = only(visit.admin.delete_topics_by_id(&[id]).await.unwrap()).unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::UnknownTopicId));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_deleted_by_its_id() {
    let visit = Visit::new().await;
    let name = visit.topic(1).await;
    let id = only(visit.admin.describe_topics(&[&name]).await.unwrap()).unwrap().id.unwrap();
    only(visit.admin.delete_topics_by_id(&[id]).await.unwrap()).unwrap();
    eventually("it is gone", async || {
        let described = only(visit.admin.describe_topics_by_id(&[id]).await.unwrap());
        described.is_err_and(|error| error.code() == Some(ErrorCode::UnknownTopicId))
    });
    let never = only(visit.admin.delete_topics_by_id(&[Uuid::from_u128(7)]).await.unwrap()).unwrap_err();
    assert_eq!(never.code(), Some(ErrorCode::UnknownTopicId));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_topic_of_a_call_has_an_answer_of_its_own() {
    let visit = Visit::new().await;
    let good = name("orders");
    let topics = [NewTopic::new(&good).partitions(1).replication_factor(1), NewTopic::new("no such/name")];
    let created = visit.admin.create_topics(&topics).await.unwrap();
    created[&*good].as_ref().unwrap();
    let error = created["no such/name"].as_ref().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidTopicException));
    assert!(error.to_string().contains("topic no such/name"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_may_be_named_instead_of_counted() {
    let visit = Visit::new().await;
    let broker = visit.admin.describe_cluster(false).await.unwrap().brokers[0].id;
    let name = name("orders");
    let topic = NewTopic::new(&name).replicas(vec![vec![broker], vec![broker]]);
    only(visit.admin.create_topics(&[topic]).await.unwrap()).unwrap();
    visit.admin.client().topic(&name).await.unwrap();
    let described = only(visit.admin.describe_topics(&[&name]).await.unwrap()).unwrap();
    let replicas: Vec<_> = described.partitions.iter().map(|partition| partition.replicas.clone()).collect();
    assert_eq!(replicas, [[broker], [broker]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_given_more_partitions_but_never_fewer() {
    let visit = Visit::new().await;
    let name = visit.topic(2).await;
    let count = async || {
        let described = visit.admin.describe_topics(&[&name]).await.unwrap();
        only(described).unwrap().partitions.len()
    };
    let to = |count| BTreeMap::from([(&*name, NewPartitions::to(count))]);

    only(visit.admin.create_partitions(&to(5), true).await.unwrap()).unwrap();
    assert_eq!(count().await, 2);
    only(visit.admin.create_partitions(&to(5), false).await.unwrap()).unwrap();
    eventually("there are five", async || count().await == 5);
    let error = only(visit.admin.create_partitions(&to(3), false).await.unwrap()).unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidPartitions));
}
