//! Setting and taking away what keeps moves slow.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use ottla_client::BrokerId;
use ottla_client::admin::{Admin, AlterConfig, ConfigResource};

use crate::reassignment::{Assignment, BROKER_THROTTLES, Moves, RATE_THROTTLES, TOPIC_THROTTLES};

/// Has these moves take no more than so many bytes a second at each broker that is alive to hear of it.
pub(super) async fn throttle(admin: &Admin, moves: &Moves, rate: u64) -> Result<()> {
    let rate = rate.to_string();
    let rates = RATE_THROTTLES.map(|option| AlterConfig::set(option, &rate));
    let topics = moves.of_topics().into_iter().map(|(topic, replicas)| {
        let options = TOPIC_THROTTLES.iter().zip(&replicas);
        let options = options.map(|(option, replicas)| AlterConfig::set(option, replicas)).collect();
        (ConfigResource::topic(&topic), options)
    });
    let alive = admin.describe_cluster(false).await?.brokers.into_iter().map(|broker| broker.id);
    let involved = moves.brokers();
    let brokers = of_brokers(alive.filter(|id| involved.contains(id)), &rates);
    alter(admin, topics.chain(brokers).collect()).await
}

/// Takes it away again, of the topics, and of all brokers if nothing else is on the move.
pub(super) async fn unthrottle(admin: &Admin, partitions: &Assignment) -> Result<()> {
    let topics: BTreeSet<&str> = partitions.keys().map(|partition| &*partition.topic).collect();
    let options = TOPIC_THROTTLES.map(AlterConfig::delete);
    let topics = topics.into_iter().map(|topic| (ConfigResource::topic(topic), options.to_vec()));
    alter(admin, topics.collect()).await?;
    if admin.list_partition_reassignments(None).await?.is_empty() {
        let brokers = admin.describe_cluster(false).await?.brokers.into_iter().map(|broker| broker.id);
        alter(admin, of_brokers(brokers, &BROKER_THROTTLES.map(AlterConfig::delete)).collect()).await?;
    }
    Ok(())
}

fn of_brokers(
    brokers: impl IntoIterator<Item = BrokerId>,
    options: &[AlterConfig],
) -> impl Iterator<Item = (ConfigResource, Vec<AlterConfig>)> {
    brokers.into_iter().map(|id| (ConfigResource::Broker(Some(id)), options.to_vec()))
}

async fn alter(admin: &Admin, changes: BTreeMap<ConfigResource, Vec<AlterConfig>>) -> Result<()> {
    for result in admin.alter_configs(&changes, false).await?.into_values() {
        result?;
    }
    Ok(())
}
