//! Folders of deleted topics: renamed at once, removed later and in the background.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use ottla_log::{DeletedFiles, Files, FolderName, FolderState};
use tracing::warn;
use uuid::Uuid;

use crate::{clock, partition::Partition};

/// How often a folder that is written to is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Folders that wait for their removal, and since when.
#[derive(Debug)]
pub(crate) struct Deletions {
    files: Arc<Files>,
    waiting: Mutex<Vec<Waiting>>,
    /// Segment files of logs that live on, and until when they stay.
    segments: Mutex<Vec<(Instant, DeletedFiles)>>,
}

#[derive(Debug)]
struct Waiting {
    folder: PathBuf,
    since: Instant,
}

impl Deletions {
    /// Finds what an earlier process did not come to remove.
    pub(crate) fn new(dir: &std::path::Path, files: &Arc<Files>) -> std::io::Result<Deletions> {
        let entries = files.disk().list(dir)?;
        let left = entries.into_iter().filter(|entry| {
            FolderName::parse(&entry.name).is_some_and(|folder| folder.state == FolderState::Deleted)
        });
        let since = clock::now();
        let waiting = left.map(|entry| Waiting { folder: dir.join(entry.name), since }).collect();
        Ok(Deletions { files: Arc::clone(files), waiting: Mutex::new(waiting), segments: Mutex::default() })
    }

    /// Takes the folder's name away from the partition, so that a topic of the same name can be made. Waits for a write
    /// to segments that is under way.
    pub(crate) fn rename(&self, partition: &Partition, unique: Uuid) -> ottla_log::Result<()> {
        let folder = loop {
            // Not in the scrutinee, which would keep the lock: whoever is writing needs it to say that it is done.
            let renamed = partition.lock().log.mark_folder_deleted(unique);
            match renamed {
                Err(ottla_log::Error::Busy { .. }) => std::thread::park_timeout(LOOK_AGAIN),
                result => break result?,
            }
        };
        self.lock().push(Waiting { folder, since: clock::now() });
        Ok(())
    }

    /// Segment files that nobody reads any more but who began before; they go after `delay`.
    pub(crate) fn remove_files_after(&self, delay: Duration, files: DeletedFiles) {
        if !files.is_empty() {
            self.segments().push((clock::now() + delay, files));
        }
    }

    /// Removes the segment files whose time has come.
    pub(crate) fn remove_due_files(&self) {
        let now = clock::now();
        let due: Vec<_> = {
            let mut segments = self.segments();
            let (due, rest) = segments.drain(..).partition(|(at, _)| *at <= now);
            *segments = rest;
            due
        };
        for (_, files) in due {
            if let Err(error) = files.remove() {
                warn!(%error, "cannot remove a deleted segment");
            }
        }
    }

    fn segments(&self) -> std::sync::MutexGuard<'_, Vec<(Instant, DeletedFiles)>> {
        self.segments.lock().expect("nobody panics with the lock held")
    }

    /// Removes folders that have waited for `delay`.
    pub(crate) fn remove_due(&self, delay: Duration) {
        let due: Vec<Waiting> = {
            let mut waiting = self.lock();
            let (due, rest) = waiting.drain(..).partition(|one| one.since.elapsed() >= delay);
            *waiting = rest;
            due
        };
        for one in due {
            if let Err(error) = ottla_log::remove_folder(self.files.disk(), &one.folder) {
                warn!(folder = %one.folder.display(), %error, "cannot remove the folder of a deleted topic");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().expect("nobody panics with the lock held")
    }
}
