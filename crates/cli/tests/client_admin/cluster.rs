//! Brokers, directories, elections, reassignments, features and the quorum.

use std::collections::BTreeMap;

use ottla_client::admin::ElectionType;
use ottla_client::{ErrorCode, TopicPartition};

use super::{Visit, only, served};

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_tells_its_brokers_and_what_the_client_may_do() {
    let visit = Visit::new().await;
    let cluster = visit.admin.describe_cluster(true).await.unwrap();
    assert_eq!(cluster.brokers.len(), 1);
    assert_eq!(cluster.controller, Some(cluster.brokers[0].id));
    assert_eq!(cluster.brokers[0].port, i32::from(visit.address.port()));
    assert!(!cluster.brokers[0].is_fenced);
    assert_eq!(Some(&*cluster.id), visit.admin.client().cluster().id());
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_tell_what_is_in_them() {
    let visit = Visit::new().await;
    let broker = visit.admin.describe_cluster(false).await.unwrap().brokers[0].id;
    let partition = TopicPartition::new(visit.topic(1).await, 0);
    visit.produce(&partition, 0..3);

    let dirs = only(visit.admin.describe_log_dirs(&[broker]).await.unwrap()).unwrap();
    let (path, dir) = dirs.iter().next().unwrap();
    let dir = dir.as_ref().unwrap();
    assert!(dir.total_bytes >= dir.usable_bytes);
    let replica = dir.replicas.iter().find(|replica| replica.partition == partition).unwrap();
    assert!(replica.size > 0 && !replica.is_future);

    let key = (partition, broker);
    let found = visit.admin.describe_replica_log_dirs(std::slice::from_ref(&key)).await.unwrap();
    let found = only(found).unwrap();
    assert_eq!(found.current.as_ref().map(|(path, _)| path), Some(path));
    assert_eq!(found.future, None);

    let moves = BTreeMap::from([(key, "/no/such/dir".to_owned())]);
    let error = only(visit.admin.alter_replica_log_dirs(&moves).await.unwrap()).unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::LogDirNotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_the_preferred_one_needs_no_election() {
    let visit = Visit::new().await;
    let partition = TopicPartition::new(visit.topic(1).await, 0);
    let elected = visit.admin.elect_leaders(ElectionType::Preferred, Some(&[partition])).await.unwrap();
    assert_eq!(only(elected).unwrap_err().code(), Some(ErrorCode::ElectionNotNeeded));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_cannot_be_moved_to_a_broker_that_is_not_there() {
    let visit = Visit::new().await;
    let partition = TopicPartition::new(visit.topic(1).await, 0);
    let to = |replicas| BTreeMap::from([(partition.clone(), replicas)]);
    let moved = visit.admin.alter_partition_reassignments(&to(Some(vec![4_711])), true).await.unwrap();
    assert_eq!(only(moved).unwrap_err().code(), Some(ErrorCode::InvalidReplicaAssignment));
    let ended = visit.admin.alter_partition_reassignments(&to(None), true).await.unwrap();
    assert_eq!(only(ended).unwrap_err().code(), Some(ErrorCode::NoReassignmentInProgress));
    assert!(visit.admin.list_partition_reassignments(None).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn features_are_told_and_not_lowered_by_accident() {
    let visit = Visit::new().await;
    let features = visit.admin.describe_features(None).await.unwrap();
    let level = features.finalized["metadata.version"];
    let supported = features.supported["metadata.version"];
    assert!(supported.min <= level.max && level.max <= supported.max, "{features:?}");
    assert!(features.finalized_epoch.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quorum_tells_its_leader_and_voters() {
    let visit = Visit::new().await;
    if let Some(quorum) = served(visit.admin.describe_metadata_quorum().await) {
        assert!(quorum.voters.iter().any(|voter| voter.id == quorum.leader), "{quorum:?}");
        assert!(quorum.high_watermark > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_alive_or_unknown_is_not_struck_off() {
    let visit = Visit::new().await;
    let error = visit.admin.unregister_broker(4_711).await.unwrap_err();
    assert!(error.code().is_some(), "{error}");
}
