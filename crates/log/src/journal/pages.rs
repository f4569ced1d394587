//! Bytes on their way into a journal file: whole pages, at addresses of pages.
//!
//! So the device takes them from where they lie. Through the page cache the system would copy them, keep book of the pages
//! and go looking for them at the sync, which costs several times the processor time, and nobody reads them there.

use std::fmt;
use std::io::IoSlice;

use super::file::JournalFile;
use super::frame::PAGE;
use crate::error::{Error, Result};

/// The most that one write takes: larger ones are no faster.
const CAPACITY: usize = 1024 * 1024;

/// Memory for one write.
pub(super) struct Pages {
    bytes: Vec<u8>,
    /// Where the first page begins.
    start: usize,
    filled: usize,
}

impl Pages {
    /// Takes memory only as it is filled for the first time.
    pub(super) fn new() -> Pages {
        let bytes = vec![0; CAPACITY + PAGE];
        // Elsewhere than on a page, bytes go through the page cache and arrive as well.
        let start = bytes.as_ptr().align_offset(PAGE).min(PAGE);
        Pages { bytes, start, filled: 0 }
    }

    /// Takes what fits, and returns the rest.
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (now, later) = bytes.split_at(bytes.len().min(CAPACITY - self.filled));
        let from = self.start + self.filled;
        self.bytes[from..from + now.len()].copy_from_slice(now);
        self.filled += now.len();
        later
    }

    /// Zeros up to the end of the page.
    fn pad(&mut self) {
        let end = self.filled.next_multiple_of(PAGE);
        self.bytes[self.start + self.filled..self.start + end].fill(0);
        self.filled = end;
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.filled]
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("filled", &self.filled).finish_non_exhaustive()
    }
}

/// Writes to a file from one position on, as many pages at once as there is memory for.
#[derive(Debug)]
pub(super) struct PageWriter<'a> {
    pages: &'a mut Pages,
    file: &'a JournalFile,
    position: u64,
}

impl<'a> PageWriter<'a> {
    /// `position` is that of a page.
    pub(super) fn new(pages: &'a mut Pages, file: &'a JournalFile, position: u64) -> PageWriter<'a> {
        pages.filled = 0;
        PageWriter { pages, file, position }
    }

    pub(super) fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            bytes = self.pages.fill(bytes);
            if self.pages.filled == CAPACITY {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Fills the last page with zeros. Returns the position behind it.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.pages.pad();
        if self.pages.filled > 0 {
            self.write()?;
        }
        Ok(self.position)
    }

    fn write(&mut self) -> Result<()> {
        let written = self.file.file.write_all_at(&[IoSlice::new(self.pages.filled())], self.position);
        written.map_err(Error::io("write", &self.file.path))?;
        self.position += self.pages.filled as u64;
        self.pages.filled = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::disk::{Disk, Mode, RealDisk, SimDisk};

    fn check(disk: &dyn Disk, path: &Path, parts: &[usize]) {
        let file = disk.open(path, Mode::Create).unwrap();
        let file = JournalFile { file, path: path.to_owned(), len: 0 };
        file.file.write_past_cache();
        let bytes: Vec<u8> = (0..parts.iter().sum()).map(|at: usize| at.to_le_bytes()[1]).collect();
        let mut pages = Pages::new();
        let mut rest = bytes.as_slice();
        let mut writer = PageWriter::new(&mut pages, &file, PAGE as u64);
        for part in parts {
            let (now, later) = rest.split_at(*part);
            writer.put(now).unwrap();
            rest = later;
        }
        let end = usize::try_from(writer.finish().unwrap()).unwrap();
        assert_eq!(end, PAGE + bytes.len().next_multiple_of(PAGE), "{parts:?}");
        let mut read = vec![1; end - PAGE];
        disk.open(path, Mode::Read).unwrap().read_exact_at(&mut read, PAGE as u64).unwrap();
        assert_eq!(read[..bytes.len()], bytes, "{parts:?}");
        assert!(read[bytes.len()..].iter().all(|byte| *byte == 0), "{parts:?}");
    }

    #[test]
    fn what_is_put_arrives_and_is_padded_to_a_page() {
        let all: &[&[usize]] =
            &[&[1], &[PAGE], &[100, 5000], &[CAPACITY], &[CAPACITY - 1, 1, 1], &[3 * CAPACITY + 17, 9]];
        let dir = tempfile::tempdir().unwrap();
        let simulated = SimDisk::new();
        simulated.create_dir_all(dir.path()).unwrap();
        for (number, parts) in all.iter().enumerate() {
            let path = dir.path().join(number.to_string());
            check(&simulated, &path, parts);
            check(&RealDisk, &path, parts);
        }
    }
}
