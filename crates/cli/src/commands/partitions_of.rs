//! Which partitions of a topic are meant.

use anyhow::{Context as _, Result};
use ottla_client::TopicPartition;
use ottla_client::admin::Admin;

use crate::exit::usage;

/// Those that are named, or all; one that is not there is an error.
pub(crate) async fn partitions_of(admin: &Admin, topic: &str, named: &[i32]) -> Result<Vec<TopicPartition>> {
    let described = admin.describe_topics(&[topic]).await?.into_values().next();
    let described = described.context("the broker said nothing of the topic")??;
    let there: Vec<i32> = described.partitions.iter().map(|partition| partition.number).collect();
    if let Some(missing) = named.iter().find(|number| !there.contains(number)) {
        return Err(usage(format!("{topic} has no partition {missing}: it has {}", there.len())));
    }
    let wanted = if named.is_empty() { &there } else { named };
    Ok(wanted.iter().map(|number| TopicPartition::new(described.name.clone(), *number)).collect())
}
