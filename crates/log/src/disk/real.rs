//! The operating system's file system.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::{DirectoryLock, Disk, Entry, File, Kind, Mode, Space, os};

#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

#[derive(Debug)]
pub struct RealFile(Arc<fs::File>);

impl From<Arc<fs::File>> for RealFile {
    fn from(file: Arc<fs::File>) -> RealFile {
        RealFile(file)
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(RealFile(Arc::new(options(mode).open(path)?))))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        fs::exists(path)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        fs::metadata(path)?.modified()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir)? {
            match describe(&entry?) {
                Ok(entry) => entries.push(entry),
                // It was removed meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        fs::File::open(dir)?.sync_all()
    }

    fn free_space(&self, path: &Path) -> io::Result<Space> {
        os::free_space(path)
    }

    fn lock(&self, path: &Path) -> io::Result<DirectoryLock> {
        let file = options(Mode::Create).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(DirectoryLock { _held: Arc::new(Locked(file)) }),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// A file that is locked until this is dropped.
#[derive(Debug)]
struct Locked(fs::File);

impl Drop for Locked {
    /// That it is closed is not enough: a process that is being started has the file, too, until it is what it is to be.
    fn drop(&mut self) {
        // There is nobody to be told; closing the file does the same a little later.
        let _ = self.0.unlock();
    }
}

impl File for RealFile {
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        loop {
            match self.0.read_at(buf, position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn read_cached_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        os::read_cached_at(&self.0, buf, position)
    }

    fn will_read(&self, position: u64, len: u64) {
        os::will_read(&self.0, position, len);
    }

    fn write_all_at(&self, parts: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        os::write_all_at(&self.0, parts, position)
    }

    fn write_past_cache(&self) {
        os::write_past_cache(&self.0);
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        os::allocate(&self.0, len)
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        os::reserve(&self.0, len)
    }

    fn trim(&self) -> io::Result<()> {
        self.0.set_len(self.0.metadata()?.len())
    }

    fn as_std(&self) -> Option<Arc<fs::File>> {
        Some(Arc::clone(&self.0))
    }
}

fn options(mode: Mode) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(mode != Mode::Read);
    options.create(mode == Mode::Create).create_new(mode == Mode::CreateNew);
    options
}

fn describe(entry: &fs::DirEntry) -> io::Result<Entry> {
    let metadata = entry.metadata()?;
    let kind = match metadata.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Directory,
        _ => Kind::Other,
    };
    Ok(Entry { name: entry.file_name().to_string_lossy().into_owned(), kind, len: metadata.len() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn open(dir: &Path, mode: Mode) -> Arc<dyn File> {
        RealDisk.open(&dir.join("a"), mode).unwrap()
    }

    #[test]
    fn more_parts_than_one_call_takes_are_written_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path(), Mode::CreateNew);
        let numbers: Vec<[u8; 2]> = (0..3000_u16).map(u16::to_be_bytes).collect();
        let parts: Vec<_> = numbers.iter().map(|number| IoSlice::new(number)).collect();
        file.write_all_at(&parts, 3).unwrap();
        file.sync_data().unwrap();
        let mut read = vec![0; 6000];
        file.read_exact_at(&mut read, 3).unwrap();
        assert_eq!(read, numbers.concat());
        assert_eq!(file.read_exact_at(&mut read, 4).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn allocated_room_reads_as_zeros_and_never_shortens() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path(), Mode::Create);
        file.write_all_at(&[IoSlice::new(b"x")], 9999).unwrap();
        file.allocate(5000).unwrap();
        assert_eq!(file.len().unwrap(), 10_000);
        file.allocate(20_000).unwrap();
        assert_eq!(RealDisk.len(&dir.path().join("a")).unwrap(), 20_000);
    }

    #[test]
    fn reserved_room_does_not_lengthen_a_file_and_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path(), Mode::Create);
        file.reserve(1 << 20).unwrap();
        assert_eq!(file.len().unwrap(), 0);
        file.write_all_at(&[IoSlice::new(b"abc")], 0).unwrap();
        file.trim().unwrap();
        assert_eq!(file.len().unwrap(), 3);
        let blocks = fs::metadata(dir.path().join("a")).unwrap().blocks();
        assert!(blocks * 512 < 1 << 20, "{blocks} blocks are left");
    }

    #[test]
    fn the_modes_ask_for_a_file_that_is_there_or_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |mode| RealDisk.open(&dir.path().join("a"), mode).unwrap_err().kind();
        assert_eq!(refused(Mode::Read), io::ErrorKind::NotFound);
        assert_eq!(refused(Mode::Write), io::ErrorKind::NotFound);
        open(dir.path(), Mode::CreateNew);
        assert_eq!(refused(Mode::CreateNew), io::ErrorKind::AlreadyExists);
        open(dir.path(), Mode::Create).write_all_at(&[IoSlice::new(b"kept")], 0).unwrap();
        assert_eq!(open(dir.path(), Mode::Create).len().unwrap(), 4);
    }

    #[test]
    fn a_directory_is_listed_by_name() {
        let dir = tempfile::tempdir().unwrap();
        RealDisk.create_dir_all(&dir.path().join("b/c")).unwrap();
        open(dir.path(), Mode::CreateNew).set_len(7).unwrap();
        RealDisk.sync_dir(dir.path()).unwrap();
        let names: Vec<_> =
            RealDisk.list(dir.path()).unwrap().into_iter().map(|entry| (entry.name, entry.kind)).collect();
        assert_eq!(names, [("a".to_owned(), Kind::File), ("b".to_owned(), Kind::Directory)]);
        assert_eq!(RealDisk.list(dir.path()).unwrap()[0].len, 7);
    }

    #[test]
    fn a_lock_ends_with_whom_it_was_given_to_whoever_else_has_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let file = options(Mode::Create).open(&path).unwrap();
        file.try_lock().unwrap();
        let childs = file.try_clone().unwrap();
        drop(Locked(file));
        RealDisk.lock(&path).unwrap();
        drop(childs);
    }

    #[test]
    fn a_lock_is_refused_while_it_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let lock = RealDisk.lock(&path).unwrap();
        assert_eq!(RealDisk.lock(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(lock);
        RealDisk.lock(&path).unwrap();
    }

    #[test]
    fn the_room_of_a_file_system_is_told() {
        let space = RealDisk.free_space(&std::env::temp_dir()).unwrap();
        assert!(0 < space.free && space.free <= space.total);
    }
}
