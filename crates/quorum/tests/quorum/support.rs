//! What the tests of the metadata log share.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use ottla_log::{Files, disk::Disk};
use ottla_metadata::Image;
use ottla_quorum::{Identity, MetadataLog, OpenOptions, Opened, Result, format, read_identity};
use ottla_wire::messages::{MetadataRecord, PartitionRecord, TopicRecord};
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_795_224_222_077;

pub(crate) fn identity() -> Identity {
    Identity::new(Uuid::from_u128(0xC1), 1, Uuid::from_u128(0xD1))
}

/// Formats the directory if it is not formatted, opens it, and commits the new epoch.
pub(crate) fn open(disk: &Arc<dyn Disk>, data_dir: &Path, snapshot_bytes: u64) -> Result<Opened> {
    open_as(disk, data_dir, snapshot_bytes, false)
}

pub(crate) fn open_as(
    disk: &Arc<dyn Disk>,
    data_dir: &Path,
    snapshot_bytes: u64,
    is_clean: bool,
) -> Result<Opened> {
    let mut opened = open_uncommitted(disk, data_dir, snapshot_bytes, is_clean)?;
    opened.log.commit(NOW)?;
    Ok(opened)
}

pub(crate) fn open_uncommitted(
    disk: &Arc<dyn Disk>,
    data_dir: &Path,
    snapshot_bytes: u64,
    is_clean: bool,
) -> Result<Opened> {
    let found = read_identity(&**disk, data_dir, identity().directory_id)?;
    if found.is_none() {
        format(&**disk, data_dir, &identity(), NOW)?;
    }
    let options = OpenOptions {
        data_dir: data_dir.to_path_buf(),
        identity: found.unwrap_or_else(identity),
        is_clean,
        snapshot_bytes,
        min_insync_replicas: 1,
        now_ms: NOW,
    };
    MetadataLog::open(&Files::new(Arc::clone(disk), 100), &options)
}

/// A topic with its partitions: what must come whole or not at all.
pub(crate) fn topic(name: &str, partitions: i32) -> Vec<MetadataRecord> {
    let topic_id = Uuid::from_u128(name.bytes().fold(0, |id, byte| id << 8 | u128::from(byte)));
    let partition = |partition_id| {
        PartitionRecord {
            partition_id,
            topic_id,
            replicas: vec![1],
            isr: vec![1],
            leader: 1,
            leader_epoch: 0,
            partition_epoch: 0,
            directories: vec![identity().directory_id],
            ..Default::default()
        }
        .into()
    };
    let mut records = vec![TopicRecord { name: name.into(), topic_id }.into()];
    records.extend((0..partitions).map(partition));
    records
}

pub(crate) fn create(log: &mut MetadataLog, name: &str, partitions: i32) {
    log.propose(topic(name, partitions)).expect("it fits");
    log.commit(NOW).expect("the disk works");
}

pub(crate) fn names(image: &Image) -> BTreeSet<String> {
    image.topics().iter().map(|topic| topic.name.to_string()).collect()
}
