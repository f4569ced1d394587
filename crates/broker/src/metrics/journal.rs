//! The journal's flushes: how long the device takes, and how many batches share one.
//!
//! The journal knows no clock. A disk that measures stands between it and the real one, and counts what the journal's
//! own thread waits for: files that are prepared ahead, and checkpoints, are the work of others.

use std::{
    cell::Cell,
    io::{self, IoSlice},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

use ottla_log::disk::{DirectoryLock, Disk, Entry, File, Mode, Space};

use super::distribution::Distribution;
use crate::clock;

thread_local! {
    static IS_JOURNAL: Cell<bool> = const { Cell::new(false) };
}

#[derive(Debug, Default)]
pub(crate) struct JournalMetrics {
    /// In microseconds.
    pub(crate) flushes: Distribution,
    pub(crate) batches: Distribution,
    written: AtomicU64,
}

impl JournalMetrics {
    /// Called on the journal's thread, before it does anything.
    pub(crate) fn on_journal_thread() {
        IS_JOURNAL.set(true);
    }

    /// Bytes, with what frames them.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }
}

/// A disk that counts what the journal does to its files.
#[derive(Debug)]
pub(crate) struct MeasuredDisk {
    disk: Arc<dyn Disk>,
    metrics: Arc<JournalMetrics>,
}

#[derive(Debug)]
struct MeasuredFile {
    file: Arc<dyn File>,
    metrics: Arc<JournalMetrics>,
}

impl MeasuredDisk {
    pub(crate) fn new(disk: Arc<dyn Disk>, metrics: Arc<JournalMetrics>) -> MeasuredDisk {
        MeasuredDisk { disk, metrics }
    }
}

impl Disk for MeasuredDisk {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        let file = self.disk.open(path, mode)?;
        Ok(Arc::new(MeasuredFile { file, metrics: Arc::clone(&self.metrics) }))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.disk.exists(path)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        self.disk.len(path)
    }

    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        self.disk.modified(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk.create_dir_all(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn free_space(&self, path: &Path) -> io::Result<Space> {
        self.disk.free_space(path)
    }

    fn lock(&self, path: &Path) -> io::Result<DirectoryLock> {
        self.disk.lock(path)
    }
}

impl File for MeasuredFile {
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        self.file.read_at(buf, position)
    }

    fn read_cached_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        self.file.read_cached_at(buf, position)
    }

    fn will_read(&self, position: u64, len: u64) {
        self.file.will_read(position, len);
    }

    fn write_all_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        if IS_JOURNAL.get() {
            let bytes: usize = parts.iter().map(|part| part.len()).sum();
            self.metrics.written.fetch_add(bytes as u64, Relaxed);
        }
        self.file.write_all_at(parts, position)
    }

    fn write_past_cache(&self) {
        self.file.write_past_cache();
    }

    fn sync_data(&self) -> io::Result<()> {
        let started = clock::now();
        self.file.sync_data()?;
        if IS_JOURNAL.get() {
            self.metrics.flushes.record_time(clock::now() - started);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.file.allocate(len)
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        self.file.reserve(len)
    }

    fn trim(&self) -> io::Result<()> {
        self.file.trim()
    }

    fn as_std(&self) -> Option<Arc<std::fs::File>> {
        self.file.as_std()
    }
}

#[cfg(test)]
mod tests {
    use ottla_log::disk::SimDisk;

    use super::*;

    #[test]
    fn only_what_the_journals_thread_does_is_counted() {
        let metrics = Arc::new(JournalMetrics::default());
        let disk = MeasuredDisk::new(Arc::new(SimDisk::default()), Arc::clone(&metrics));
        disk.create_dir_all(Path::new("/d")).unwrap();
        let file = disk.open(Path::new("/d/f"), Mode::Create).unwrap();
        let write = || {
            file.write_all_at(&[IoSlice::new(b"abc"), IoSlice::new(b"de")], 0).unwrap();
            file.sync_data().unwrap();
        };
        write();
        assert_eq!((metrics.written(), metrics.flushes.counts().total()), (0, 0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                JournalMetrics::on_journal_thread();
                write();
            });
        });
        assert_eq!((metrics.written(), metrics.flushes.counts().total()), (5, 1));
        write();
        assert_eq!((metrics.written(), metrics.flushes.counts().total()), (5, 1));
    }
}
