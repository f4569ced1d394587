//! Folders and files that are read and replaced as a whole.

use std::{
    io::{self, IoSlice},
    path::Path,
};

use bytes::Bytes;
use ottla_log::{
    disk::{Disk, Entry, Mode},
    format::temporary,
};

use crate::{Error, Result};

/// A full segment, which is more than the snapshot of a million partitions.
const BYTES_MAX: u64 = 1 << 30;

/// `None` if there is none.
pub(crate) fn read_whole(disk: &dyn Disk, path: &Path) -> Result<Option<Bytes>> {
    let read = || -> io::Result<Bytes> {
        let file = disk.open(path, Mode::Read)?;
        let len = file.len()?;
        if len > BYTES_MAX {
            return Err(io::Error::other(format!("{len} bytes are more than such a file can have")));
        }
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes.into())
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { path: path.to_path_buf(), source }),
    }
}

/// What a folder holds; nothing where there is none.
pub(crate) fn list(disk: &dyn Disk, folder: &Path) -> Result<Vec<Entry>> {
    match disk.list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(|source| Error::Io { path: folder.to_path_buf(), source }),
    }
}

/// Replaces a file: a crash leaves the old one or the new one, whole. Which one is only certain once the folder is synced.
pub(crate) fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary(path);
    let write = || -> io::Result<()> {
        let file = disk.open(&temporary, Mode::Create)?;
        file.set_len(0)?;
        file.write_all_at(&[IoSlice::new(bytes)], 0)?;
        file.sync_data()?;
        disk.rename(&temporary, path)
    };
    write().map_err(|source| Error::Io { path: path.to_path_buf(), source })
}
