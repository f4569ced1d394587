//! Offsets of partitions.

use std::collections::BTreeMap;

use anyhow::Result;
use ottla_client::admin::{Admin, OffsetSpec};
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};

/// Those that are known: there is none where no record is meant, or nobody to be asked.
pub(crate) async fn offsets_of(
    admin: &Admin,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
    isolation: IsolationLevel,
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let specs = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let listed = admin.list_offsets(&specs, isolation).await?;
    let known = listed.into_iter().filter_map(|(partition, it)| Some((partition, it.ok()?.offset?)));
    Ok(known.collect())
}
