//! Folders and files that are read as a whole.

use std::{io, path::Path};

use bytes::Bytes;
use ottla_log::disk::{Disk, Entry, Mode};

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
