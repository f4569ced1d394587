//! What groups read, and where they are in it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, CommittedOffset, StreamsGroup};

use super::super::java;

pub(super) type Committed = BTreeMap<TopicPartition, CommittedOffset>;

/// A group, with an error as one that has a cause where it cannot be described.
pub(super) async fn described(admin: &Admin, group: &str) -> Result<StreamsGroup> {
    let described = admin.describe_streams_groups(&[group]).await?.into_values().next();
    let described = described.ok_or_else(|| anyhow!("nobody told of the group"))?;
    described.map_err(|error| anyhow!(java::wrapped(&error)))
}

/// All that a group committed.
pub(super) async fn committed(admin: &Admin, group: &str) -> Result<Committed> {
    let listed = admin.list_group_offsets(group, None, false).await;
    let listed = listed.map_err(|error| anyhow!(java::wrapped(&error)))?.into_iter();
    Ok(listed.filter_map(|(partition, offset)| Some((partition, offset.ok()??))).collect())
}

/// Of the topics that its topology reads from others, those that it committed.
pub(super) async fn partitions(admin: &Admin, group: &str) -> Result<Vec<TopicPartition>> {
    let described = described(admin, group).await?;
    let topics: BTreeSet<&str> =
        described.subtopologies.iter().flat_map(|part| &part.source_topics).map(|topic| &**topic).collect();
    let committed = committed(admin, group).await?;
    Ok(committed.into_keys().filter(|partition| topics.contains(&*partition.topic)).collect())
}
