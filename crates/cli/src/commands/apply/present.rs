//! Topics as they are.

use std::collections::BTreeMap;

use anyhow::Result;
use ottla_client::ErrorCode;
use ottla_client::admin::{Admin, ConfigResource, ConfigSource, DescribeConfigs};

use super::plan::Present;

/// Those of these that there are.
pub(crate) async fn present(admin: &Admin, names: &[&str]) -> Result<BTreeMap<String, Present>> {
    let mut found = BTreeMap::new();
    if names.is_empty() {
        return Ok(found);
    }
    for (name, topic) in admin.describe_topics(names).await? {
        let topic = match topic {
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => continue,
            topic => topic?,
        };
        let replicas = topic.partitions.iter().map(|partition| partition.replicas.len()).max();
        let present = Present {
            partitions: i32::try_from(topic.partitions.len())?,
            replicas: i16::try_from(replicas.unwrap_or_default())?,
            configs: BTreeMap::new(),
        };
        found.insert(name.to_string(), present);
    }
    let resources: Vec<ConfigResource> = found.keys().map(|name| ConfigResource::topic(name)).collect();
    for (resource, entries) in admin.describe_configs(&resources, &DescribeConfigs::default()).await? {
        let ConfigResource::Topic(name) = resource else { continue };
        let own = entries?.into_iter().filter(|entry| entry.source == ConfigSource::DynamicTopic);
        if let Some(present) = found.get_mut(&*name) {
            present.configs = own.map(|entry| (entry.name, entry.value)).collect();
        }
    }
    Ok(found)
}

/// All that are not the cluster's own.
pub(crate) async fn all_names(admin: &Admin) -> Result<Vec<String>> {
    let topics = admin.list_topics(false).await?;
    Ok(topics.into_iter().map(|topic| topic.name.to_string()).collect())
}
