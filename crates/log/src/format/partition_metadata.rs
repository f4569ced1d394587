//! `partition.metadata`: which topic a folder belongs to, by ID.

use std::io::{ErrorKind, IoSlice};
use std::path::Path;

use uuid::Uuid;

use super::atomic::read_text;
use super::topic_id::{format_id, parse_id};
use crate::disk::{Disk, Mode};
use crate::error::{Error, Result};
use crate::names::PARTITION_METADATA;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionMetadata {
    pub topic_id: Uuid,
}

impl PartitionMetadata {
    pub fn parse(text: &str) -> Option<PartitionMetadata> {
        let mut version = None;
        let mut topic_id = None;
        for line in text.lines() {
            match line.split_once(": ")? {
                ("version", number) => version = number.parse::<u32>().ok(),
                ("topic_id", id) => topic_id = parse_id(id),
                _ => return None,
            }
        }
        (version == Some(0)).then_some(PartitionMetadata { topic_id: topic_id? })
    }

    pub fn to_text(self) -> String {
        format!("version: 0\ntopic_id: {}", format_id(self.topic_id))
    }

    /// `None` if the file is missing, empty or all zeros: a loss of power between its creation and its sync leaves
    /// that.
    pub fn read(disk: &dyn Disk, partition_dir: &Path) -> Result<Option<PartitionMetadata>> {
        let path = partition_dir.join(PARTITION_METADATA);
        match read_text(disk, &path)? {
            None => Ok(None),
            Some(text) if text.bytes().all(|byte| byte == 0) => Ok(None),
            Some(text) => match PartitionMetadata::parse(&text) {
                Some(metadata) => Ok(Some(metadata)),
                None => Err(Error::malformed(&path, format!("{text:?} names no topic"))),
            },
        }
    }

    /// Not synced, since thousands are created at a time: the log's first sync does it, so that a folder with anything
    /// that must not be lost says whose it is.
    pub fn write(self, disk: &dyn Disk, partition_dir: &Path) -> Result<()> {
        let path = partition_dir.join(PARTITION_METADATA);
        let file = disk.open(&path, Mode::Create).map_err(Error::io("create", &path))?;
        let text = self.to_text();
        file.write_all_at(&[IoSlice::new(text.as_bytes())], 0).map_err(Error::io("write", &path))
    }

    /// Makes the file's bytes durable, if there is one.
    pub(crate) fn sync(disk: &dyn Disk, partition_dir: &Path) -> Result<()> {
        let path = partition_dir.join(PARTITION_METADATA);
        let synced = disk.open(&path, Mode::Write).and_then(|file| file.sync_data());
        match synced {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("sync", &path)(error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimDisk;

    #[test]
    fn kafkas_file_is_read_and_written_alike() {
        let text = "version: 0\ntopic_id: TNidUnmGQ5uoEXPNex744Q";
        let metadata = PartitionMetadata::parse(text).expect("Kafka's file");
        assert_eq!(metadata.to_text(), text);
    }

    #[test]
    fn other_text_is_refused() {
        for text in
            ["", "version: 1\ntopic_id: TNidUnmGQ5uoEXPNex744Q", "version: 0\ntopic_id: x", "version: 0"]
        {
            assert_eq!(PartitionMetadata::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_a_loss_of_power_leaves_of_it_is_nothing() {
        let dir = Path::new("/topic-0");
        let disk = SimDisk::new();
        disk.create_dir_all(dir).expect("a folder");
        for directory in ["/", "/topic-0"] {
            disk.sync_dir(Path::new(directory)).expect("a sync");
        }
        let metadata = PartitionMetadata { topic_id: Uuid::from_u128(7) };
        metadata.write(&disk, dir).expect("room");
        let found = |disk: &SimDisk| PartitionMetadata::read(disk, dir).expect("readable");
        let outcomes: Vec<_> = disk.crashes(100, 0).iter().map(found).collect();
        assert!(outcomes.len() >= 4 && outcomes.contains(&None) && outcomes.contains(&Some(metadata)));
    }
}
