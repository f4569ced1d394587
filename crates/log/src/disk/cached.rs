//! What of a file is in memory, and how it gets there.

use std::io;

use super::File;

/// Pages come into memory, and leave it, in runs of about this size: one byte stands for as many.
const STRIDE: usize = 256 * 1024;
/// Times its length a load lets the system read, beyond what it waits for.
const AHEAD: u64 = 2;
/// What a load reads at once.
const SCRATCH_BYTES: usize = 64 * 1024;

/// Whether a range of a file can be read without waiting for the disk. A hole between the places that are looked at
/// goes unnoticed, and costs whoever reads it one short wait.
pub fn is_cached(file: &dyn File, position: u64, len: u64) -> io::Result<bool> {
    let Some(last) = len.checked_sub(1) else { return Ok(true) };
    let mut byte = [0];
    for distance in (0..last).step_by(STRIDE).chain([last]) {
        match file.read_cached_at(&mut byte, position + distance) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// As [`File::read_exact_at`], but `WouldBlock` unless all of it is in memory.
pub(crate) fn read_exact_cached_at(file: &dyn File, mut buf: &mut [u8], mut position: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match file.read_cached_at(buf, position)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buf = &mut buf[read..];
                position += read as u64;
            }
        }
    }
    Ok(())
}

/// Waits until what the file has of a range is in memory. What lies behind it is hinted at: readers go on.
pub(crate) fn load(file: &dyn File, mut position: u64, len: u64) -> io::Result<()> {
    file.will_read(position, len.saturating_mul(AHEAD));
    let end = position.saturating_add(len);
    let mut scratch = vec![0; SCRATCH_BYTES];
    while position < end {
        let wanted = usize::try_from(end - position).unwrap_or(usize::MAX).min(SCRATCH_BYTES);
        match file.read_at(&mut scratch[..wanted], position)? {
            0 => break,
            read => position += read as u64,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::disk::{Disk, Mode, RealDisk, SimDisk};

    const LEN: usize = 200_000;

    fn written(disk: &dyn Disk, path: &Path) -> Arc<dyn File> {
        let file = disk.open(path, Mode::CreateNew).unwrap();
        file.write_all_at(&[IoSlice::new(&[7; LEN])], 0).unwrap();
        file
    }

    #[test]
    fn what_was_dropped_from_memory_is_cold_until_it_is_loaded() {
        let disk = SimDisk::new();
        let file = written(&disk, "/a".as_ref());
        assert!(is_cached(&*file, 0, LEN as u64).unwrap());
        disk.drop_caches();
        let check = |position, len, expected| {
            assert_eq!(is_cached(&*file, position, len).unwrap(), expected, "{position} {len}");
        };
        check(0, 0, true);
        check(0, 1, false);
        load(&*file, 70_000, 10_000).unwrap();
        check(70_000, 10_000, true);
        check(69_000, 2_000, false);
        check(79_000, 2_000, false);
        let mut buf = [0; 2_000];
        let error = read_exact_cached_at(&*file, &mut buf, 79_000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        read_exact_cached_at(&*file, &mut buf, 78_000).unwrap();
        assert_eq!(buf, [7; 2_000]);
    }

    #[test]
    fn a_load_ends_where_the_file_ends() {
        let disk = SimDisk::new();
        let file = written(&disk, "/a".as_ref());
        disk.drop_caches();
        load(&*file, 0, u64::MAX).unwrap();
        assert!(is_cached(&*file, 0, LEN as u64).unwrap());
        let mut buf = [0; 2];
        let error = read_exact_cached_at(&*file, &mut buf, LEN as u64 - 1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn the_operating_system_is_asked_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let file = written(&RealDisk, &dir.path().join("a"));
        assert!(is_cached(&*file, 0, LEN as u64).unwrap());
        let mut buf = [0; 3];
        read_exact_cached_at(&*file, &mut buf, LEN as u64 - 3).unwrap();
        assert_eq!(buf, [7; 3]);
        load(&*file, 0, 1 << 20).unwrap();
    }
}
