//! The open files of all logs in a data directory, bounded in number.
//!
//! A log keeps no descriptor of its own. Whoever got a file here may go on using it after it left the cache, or
//! after its name was changed or removed: it is closed with its last user.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ottla_records::Offset;
use rustc_hash::FxBuildHasher;

use crate::disk::{Disk, File, Mode};
use crate::error::{Error, Result};
use crate::names::{FileKind, FileName};

/// Tells the logs of a process apart, whatever their folders are called at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LogId(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileKey {
    pub(crate) log: LogId,
    pub(crate) base: Offset,
    pub(crate) kind: FileKind,
}

/// A disk and the files that are open on it.
#[derive(Debug)]
pub struct Files {
    disk: Arc<dyn Disk>,
    open: Mutex<Clock>,
    log_ids: AtomicU64,
}

impl Files {
    /// Keeps at most `open_max` files open beside those that somebody uses.
    pub fn new(disk: Arc<dyn Disk>, open_max: usize) -> Arc<Files> {
        Arc::new(Files { disk, open: Mutex::new(Clock::new(open_max.max(1))), log_ids: AtomicU64::new(0) })
    }

    pub fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// How many files the cache holds open.
    pub fn open_count(&self) -> usize {
        self.cache().slots.len()
    }

    pub(crate) fn next_log_id(&self) -> LogId {
        LogId(self.log_ids.fetch_add(1, Ordering::Relaxed))
    }

    /// The file of an existing name, open for reading and writing.
    pub(crate) fn get(&self, key: FileKey, dir: &Path) -> Result<Arc<dyn File>> {
        self.open(key, dir, Mode::Write)
    }

    /// As [`Files::get`]; `None` unless it is open already.
    pub(crate) fn get_open(&self, key: FileKey) -> Option<Arc<dyn File>> {
        self.cache().get(&key)
    }

    /// As [`Files::get`]; `None` if there is no such file.
    pub(crate) fn find(&self, key: FileKey, dir: &Path) -> Result<Option<Arc<dyn File>>> {
        match self.get(key, dir) {
            Ok(file) => Ok(Some(file)),
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`Files::get`], but a missing file is created.
    pub(crate) fn get_or_create(&self, key: FileKey, dir: &Path) -> Result<Arc<dyn File>> {
        self.open(key, dir, Mode::Create)
    }

    fn open(&self, key: FileKey, dir: &Path, mode: Mode) -> Result<Arc<dyn File>> {
        if let Some(file) = self.cache().get(&key) {
            return Ok(file);
        }
        // Two threads may open the same file here. Either descriptor serves.
        let path = FileName::new(key.base, key.kind).path(dir);
        let file = self.disk.open(&path, mode).map_err(Error::io("open", &path))?;
        let evicted = self.cache().insert(key, Arc::clone(&file));
        drop(evicted);
        Ok(file)
    }

    /// Must follow every rename or removal of the file.
    pub(crate) fn forget(&self, key: FileKey) {
        let file = self.cache().remove(&key);
        drop(file);
    }

    pub(crate) fn forget_log(&self, log: LogId) {
        let mut cache = self.cache();
        let keys: Vec<FileKey> =
            cache.slots.iter().map(|slot| slot.key).filter(|key| key.log == log).collect();
        for key in keys {
            cache.remove(&key);
        }
    }

    fn cache(&self) -> MutexGuard<'_, Clock> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces what was not used since the hand last passed: nearly the least recently used, without a list.
#[derive(Debug)]
struct Clock {
    slots: Vec<Slot>,
    places: HashMap<FileKey, usize, FxBuildHasher>,
    hand: usize,
    max: usize,
}

#[derive(Debug)]
struct Slot {
    key: FileKey,
    file: Arc<dyn File>,
    used: bool,
}

impl Clock {
    fn new(max: usize) -> Clock {
        Clock { slots: Vec::new(), places: HashMap::default(), hand: 0, max }
    }

    fn get(&mut self, key: &FileKey) -> Option<Arc<dyn File>> {
        let slot = &mut self.slots[*self.places.get(key)?];
        slot.used = true;
        Some(Arc::clone(&slot.file))
    }

    /// Gives back the file that made room, so that it is closed outside of the lock.
    fn insert(&mut self, key: FileKey, file: Arc<dyn File>) -> Option<Arc<dyn File>> {
        let slot = Slot { key, file, used: false };
        if let Some(place) = self.places.get(&key) {
            return Some(std::mem::replace(&mut self.slots[*place], slot).file);
        }
        if self.slots.len() < self.max {
            self.places.insert(key, self.slots.len());
            self.slots.push(slot);
            return None;
        }
        let place = self.victim();
        let evicted = std::mem::replace(&mut self.slots[place], slot);
        self.places.remove(&evicted.key);
        self.places.insert(key, place);
        Some(evicted.file)
    }

    fn victim(&mut self) -> usize {
        loop {
            let place = self.hand % self.slots.len();
            self.hand = place + 1;
            if !std::mem::replace(&mut self.slots[place].used, false) {
                return place;
            }
        }
    }

    fn remove(&mut self, key: &FileKey) -> Option<Arc<dyn File>> {
        let place = self.places.remove(key)?;
        let slot = self.slots.swap_remove(place);
        if let Some(moved) = self.slots.get(place) {
            self.places.insert(moved.key, place);
        }
        Some(slot.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn the_number_of_open_files_is_bounded_and_used_ones_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::new(Arc::new(RealDisk), 3);
        let log = files.next_log_id();
        let key = |base| FileKey { log, base, kind: FileKind::Log };
        let hot = files.get_or_create(key(0), dir.path()).expect("a file");
        for base in 1..20 {
            files.get_or_create(key(base), dir.path()).expect("a file");
            let again = files.get(key(0), dir.path()).expect("the hot file");
            assert!(Arc::ptr_eq(&hot, &again), "evicted although it was used");
        }
        assert_eq!(files.open_count(), 3);
    }

    #[test]
    fn a_forgotten_file_is_opened_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = Files::new(Arc::new(RealDisk), 3);
        let key = FileKey { log: files.next_log_id(), base: 0, kind: FileKind::Log };
        assert!(files.find(key, dir.path()).expect("no error").is_none());
        let first = files.get_or_create(key, dir.path()).expect("a file");
        files.forget(key);
        assert!(!Arc::ptr_eq(&first, &files.get(key, dir.path()).expect("the file")));
        files.forget_log(key.log);
        assert_eq!(files.open_count(), 0);
    }
}
