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

/// Partitions as they are named on the command line: `orders`, all of them, or `orders:0,3`.
pub(crate) async fn named_partitions(admin: &Admin, texts: &[String]) -> Result<Vec<TopicPartition>> {
    let mut named = Vec::new();
    for text in texts {
        let (topic, numbers) = text.split_once(':').unwrap_or((text, ""));
        let numbers = numbers.split(',').filter(|number| !number.is_empty()).map(str::parse);
        let numbers: Result<Vec<i32>, _> = numbers.collect();
        let numbers =
            numbers.map_err(|_not| usage(format!("{text}: name partitions as orders, or orders:0,3")))?;
        named.extend(partitions_of(admin, topic, &numbers).await?);
    }
    Ok(named)
}
