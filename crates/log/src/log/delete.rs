//! Deletes a partition: its folder gets another name at once and is removed in the background.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::Log;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::names::{FolderName, deleted_folder};

impl Log {
    /// Renames the folder to `<topic>-<partition>.<unique>-delete`, which no start opens again, and gives back its
    /// new path for [`remove_folder`]. The caller syncs the data directory, once for many. The log is not to be used
    /// after it.
    ///
    /// `Busy` while a [`super::Writes`] or the like is out, which would look for the files under their old name. From the
    /// first call on a [`super::Cleaning`] that is out gives up.
    pub fn mark_folder_deleted(&mut self, unique: Uuid) -> Result<PathBuf> {
        self.in_use.store(true, Ordering::Relaxed);
        self.check_not_in_use()?;
        let name = self.dir.file_name().and_then(|name| name.to_str()).and_then(FolderName::parse);
        let Some(name) = name else {
            return Err(Error::malformed(&self.dir, "not the folder of a partition"));
        };
        let renamed = self.dir.with_file_name(deleted_folder(&name.topic, name.partition, unique));
        self.files.forget_log(self.id);
        self.files.disk().rename(&self.dir, &renamed).map_err(Error::io("rename", &self.dir))?;
        self.dir = renamed.as_path().into();
        Ok(renamed)
    }
}

/// Removes a partition's folder with all that is in it.
pub fn remove_folder(disk: &dyn Disk, folder: &Path) -> Result<()> {
    disk.remove_dir_all(folder).map_err(Error::io("remove", folder))
}
