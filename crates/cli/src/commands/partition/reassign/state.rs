//! Where partitions are now.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use ottla_client::admin::{Admin, Reassignment};
use ottla_client::{BrokerId, TopicPartition};

use crate::reassignment::Assignment;

/// The replicas of all partitions of these topics, or of all topics if none is named; a topic that is not there is an error.
pub(super) async fn replicas_of(admin: &Admin, topics: &[String]) -> Result<Assignment> {
    let mut names: Vec<String> = topics.to_vec();
    if names.is_empty() {
        names = admin.list_topics(true).await?.iter().map(|topic| topic.name.to_string()).collect();
    }
    let mut assignment = Assignment::new();
    if names.is_empty() {
        return Ok(assignment);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for topic in admin.describe_topics(&names).await?.into_values() {
        let topic = topic?;
        assignment.extend(
            topic
                .partitions
                .iter()
                .map(|it| (TopicPartition::new(topic.name.clone(), it.number), it.replicas.clone())),
        );
    }
    Ok(assignment)
}

/// The replicas that these partitions have; one that is not there is an error.
pub(super) async fn replicas_now(admin: &Admin, partitions: &Assignment) -> Result<Assignment> {
    let mut topics: Vec<String> = partitions.keys().map(|partition| partition.topic.to_string()).collect();
    topics.dedup();
    let mut now = replicas_of(admin, &topics).await?;
    if let Some(missing) = partitions.keys().find(|partition| !now.contains_key(*partition)) {
        bail!("partition {missing} is not there");
    }
    now.retain(|partition, _| partitions.contains_key(partition));
    Ok(now)
}

/// Those that had it before the move that is under way.
pub(super) fn settled(now: &Assignment, moving: &BTreeMap<TopicPartition, Reassignment>) -> Assignment {
    let one = |(partition, replicas): (&TopicPartition, &Vec<BrokerId>)| {
        let adding = moving.get(partition).map(|it| it.adding.as_slice()).unwrap_or_default();
        let settled = replicas.iter().filter(|broker| !adding.contains(broker)).copied().collect();
        (partition.clone(), settled)
    };
    now.iter().map(one).collect()
}

/// The sizes of replicas, as far as brokers tell.
pub(super) async fn sizes(admin: &Admin) -> Result<BTreeMap<(TopicPartition, BrokerId), i64>> {
    let brokers: Vec<BrokerId> =
        admin.describe_cluster(false).await?.brokers.iter().map(|it| it.id).collect();
    let mut sizes = BTreeMap::new();
    for (broker, dirs) in admin.describe_log_dirs(&brokers).await? {
        for dir in dirs.into_iter().flat_map(BTreeMap::into_values).flatten() {
            let replicas = dir.replicas.into_iter().filter(|replica| !replica.is_future);
            sizes.extend(replicas.map(|replica| ((replica.partition, broker), replica.size)));
        }
    }
    Ok(sizes)
}
