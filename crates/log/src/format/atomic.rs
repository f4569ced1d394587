//! Reads and replaces files as a whole.

use std::ffi::OsString;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};

use crate::disk::{Disk, Mode};
use crate::error::{Error, Result};

/// Larger than any file that is read at once: a producer snapshot of a million entries has 46 MB.
const WHOLE_BYTES_MAX: u64 = 256 << 20;

/// The name under which a new version of `path` is written before it takes its place.
pub fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".tmp");
    name.into()
}

/// Replaces the file so that a crash at any point leaves the old or the new one, and the new one is durable on return.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    put(disk, path, bytes)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    disk.sync_dir(dir).map_err(Error::io("sync", dir))
}

/// Replaces the file; the caller syncs the folder, once for many files.
pub(crate) fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary(path);
    let write = || -> io::Result<()> {
        let file = disk.open(&temporary, Mode::Create)?;
        file.set_len(0)?;
        file.write_all_at(&[IoSlice::new(bytes)], 0)?;
        file.sync_data()
    };
    write().map_err(Error::io("write", &temporary))?;
    disk.rename(&temporary, path).map_err(Error::io("replace", path))
}

/// The whole file; `None` if there is none.
pub(crate) fn read_whole(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>> {
    let read = || -> io::Result<Vec<u8>> {
        let file = disk.open(path, Mode::Read)?;
        let len = file.len()?;
        if len > WHOLE_BYTES_MAX {
            return Err(io::Error::other(format!("{len} bytes are more than such a file can have")));
        }
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// The whole file as text; `None` if there is none.
pub(super) fn read_text(disk: &dyn Disk, path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read_whole(disk, path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|error| Error::malformed(path, error.to_string()))
}
