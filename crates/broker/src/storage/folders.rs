//! Which folder of the data directory is whose. Names tell little: a topic may have been deleted, and another one of its
//! name made, when the power failed. The metadata log says which topics there are, and `partition.metadata` which of
//! them a folder belongs to.
//!
//! | a folder | after a stop that was not clean |
//! |---|---|
//! | of a partition that is wanted | is opened |
//! | of no partition, or of another topic of that name | is renamed to `-stray`, and left to the operator |
//! | that does not say whose it is, without records | is opened |
//! | that does not say whose it is, with records | is stray: had any been synced, it would say |

use std::path::{Path, PathBuf};

use ottla_log::{
    FileKind, FileName, Files, FolderName, FolderState, PARTITION_METADATA, Suffix,
    disk::{Disk, Kind},
    format::{PartitionMetadata, format_id},
    stray_folder,
};
use ottla_quorum as quorum;
use rustc_hash::{FxHashMap, FxHashSet};
use tracing::warn;
use uuid::Uuid;

use super::{checkpoints::Key, opening::Wanted};
use crate::random;

/// The folders of a data directory, and what is expected of them.
pub(super) struct Folders<'a> {
    pub(super) dir: &'a Path,
    pub(super) files: &'a Files,
    /// The last stop was clean: what has the name of a wanted partition is its folder.
    pub(super) is_clean: bool,
    /// Otherwise it is Apache Kafka's, which had the name of a folder's topic on the disk before the first record.
    pub(super) is_ours: bool,
}

impl Folders<'_> {
    /// The partitions that have a folder. What else bears such a name has another one when this returns, for good.
    pub(super) fn claim(&self, wanted: &[Wanted]) -> ottla_log::Result<FxHashSet<Key>> {
        let ids: FxHashMap<Key, Uuid> =
            wanted.iter().map(|w| ((w.topic.name.to_string(), w.index), w.topic.id)).collect();
        let (mut claimed, mut strays) = (FxHashSet::default(), 0_usize);
        for name in self.live()? {
            let folder = self.dir.join(ottla_log::partition_folder(&name.topic, name.partition));
            let key = (name.topic, name.partition);
            let belongs = match ids.get(&key) {
                Some(id) => self.belongs(&folder, *id)?,
                None => false,
            };
            if belongs {
                claimed.insert(key);
            } else {
                self.set_aside(&folder, &key)?;
                strays += 1;
            }
        }
        if strays > 0 {
            self.disk().sync_dir(self.dir).map_err(io("sync", self.dir))?;
        }
        Ok(claimed)
    }

    fn disk(&self) -> &dyn Disk {
        self.files.disk()
    }

    fn live(&self) -> ottla_log::Result<impl Iterator<Item = FolderName>> {
        let entries = self.disk().list(self.dir).map_err(io("list", self.dir))?;
        let folders = entries.into_iter().filter(|entry| entry.kind == Kind::Directory);
        let names = folders.filter(|entry| entry.name != quorum::FOLDER);
        let parsed = names.filter_map(|entry| FolderName::parse(&entry.name));
        Ok(parsed.filter(|name| name.state == FolderState::Live))
    }

    fn belongs(&self, folder: &Path, id: Uuid) -> ottla_log::Result<bool> {
        if self.is_clean {
            return Ok(true);
        }
        if let Some(found) = PartitionMetadata::read(self.disk(), folder)? {
            check_undamaged(folder, found.topic_id, id)?;
            return Ok(found.topic_id == id);
        }
        let belongs = !self.is_ours || !self.has_records(folder)?;
        if belongs {
            PartitionMetadata { topic_id: id }.write(self.disk(), folder)?;
        }
        Ok(belongs)
    }

    fn has_records(&self, folder: &Path) -> ottla_log::Result<bool> {
        let entries = self.disk().list(folder).map_err(io("list", folder))?;
        let is_segment = |name: &FileName| name.kind == FileKind::Log && name.suffix == Suffix::None;
        let mut filled = entries.iter().filter(|entry| entry.len > 0);
        Ok(filled.any(|entry| FileName::parse(&entry.name).is_some_and(|name| is_segment(&name))))
    }

    fn set_aside(&self, folder: &Path, (topic, partition): &Key) -> ottla_log::Result<()> {
        let stray = self.dir.join(stray_folder(topic, *partition, random::uuid()));
        warn!(folder = %folder.display(), renamed = %stray.display(),
              "a folder belongs to no topic that there is; remove it if nothing in it is missed");
        self.disk().rename(folder, &stray).map_err(io("rename", folder))
    }
}

/// Random ids differ in more than one of their characters.
fn check_undamaged(folder: &Path, found: Uuid, wanted: Uuid) -> ottla_log::Result<()> {
    let (found, wanted) = (format_id(found), format_id(wanted));
    if found.bytes().zip(wanted.bytes()).filter(|(a, b)| a != b).count() == 1 {
        let reason = format!("it names topic {found}, which must be a damaged {wanted}");
        return Err(ottla_log::Error::Malformed { path: folder.join(PARTITION_METADATA), reason });
    }
    Ok(())
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ottla_log::Error {
    let path: PathBuf = path.to_owned();
    move |source| ottla_log::Error::Io { action, path, source }
}
