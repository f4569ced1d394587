//! What a look-up lacks in memory. The look-up gives up, lets go of its lock, and is tried again once somebody who may
//! wait for the disk has loaded it.

use std::path::Path;
use std::sync::Arc;

use crate::disk::{self, File};
use crate::error::{Error, Result};
use crate::files::{FileKey, Files};
use crate::names::FileName;

/// Loads begin and end at multiples of this: what is near is wanted next.
const UNIT: u64 = 64 * 1024;

/// A part of a file that is not in memory, or a file that is not open.
#[derive(Debug, Clone)]
pub struct Cold {
    place: Place,
    position: u64,
    len: u64,
}

#[derive(Debug, Clone)]
enum Place {
    Named { files: Arc<Files>, key: FileKey, dir: Arc<Path> },
    Open(Arc<dyn File>),
}

impl Cold {
    /// A range of an open file.
    pub fn range(file: Arc<dyn File>, position: u64, len: u64) -> Cold {
        Cold { place: Place::Open(file), position, len }
    }

    /// A range of a file that is yet to be opened.
    pub(crate) fn named(files: &Arc<Files>, key: FileKey, dir: &Arc<Path>, position: u64, len: u64) -> Cold {
        let place = Place::Named { files: Arc::clone(files), key, dir: Arc::clone(dir) };
        Cold { place, position, len }
    }

    /// In bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Waits until it is in memory. It may leave again at any time.
    pub fn load(&self) -> Result<()> {
        let loaded = match &self.place {
            Place::Named { files, key, dir } => self.load_from(&*files.get(*key, dir)?),
            Place::Open(file) => self.load_from(&**file),
        };
        loaded.map_err(|source| match &self.place {
            Place::Named { key, dir, .. } => {
                Error::io("read", &FileName::new(key.base, key.kind).path(dir))(source)
            }
            Place::Open(_) => Error::Unreadable(source),
        })
    }

    fn load_from(&self, file: &dyn File) -> std::io::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let from = self.position / UNIT * UNIT;
        let end = self.position.saturating_add(self.len).div_ceil(UNIT).saturating_mul(UNIT);
        disk::load(file, from, end - from)
    }
}
