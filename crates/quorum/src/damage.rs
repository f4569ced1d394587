//! Tells a torn write from damage.
//!
//! Each batch is synced before the next is written. So after a kill or a loss of power at most the last batch may be
//! incomplete, and whole batches behind one that cannot be read mean that the medium lost what was durable once. That
//! must be reported: cutting the log there would undo what was acknowledged.

use std::path::Path;

use bytes::Bytes;
use ottla_log::{FileKind, FileName, Suffix, disk::Disk};
use ottla_records::{BATCH_HEADER_SIZE, Batch, BatchHeader, Batches, Offset};

use crate::{
    Error, Result,
    files::{list, read_whole},
};

/// Byte of a batch that holds the version of its format.
const MAGIC_AT: usize = 16;
const MAGIC: u8 = 2;

/// The base offsets of the segments of a folder, rising. None where there is no folder.
pub(crate) fn segments(disk: &dyn Disk, folder: &Path) -> Result<Vec<Offset>> {
    let entries = list(disk, folder)?;
    let names = entries.iter().filter_map(|entry| FileName::parse(&entry.name));
    let mut bases: Vec<_> = names
        .filter(|name| name.kind == FileKind::Log && name.suffix == Suffix::None)
        .map(|name| name.offset)
        .collect();
    bases.sort_unstable();
    Ok(bases)
}

/// Refuses a log that has whole batches behind damaged ones, from the segment on that holds `from`.
pub(crate) fn check_damage(disk: &dyn Disk, folder: &Path, from: Offset) -> Result<()> {
    let segments = segments(disk, folder)?;
    let first = segments.partition_point(|base| *base <= from).saturating_sub(1);
    for (at, base) in segments.iter().enumerate().skip(first) {
        let path = FileName::new(*base, FileKind::Log).path(folder);
        let bytes = read_whole(disk, &path)?.unwrap_or_default();
        let Some((position, reason)) = first_bad(&bytes) else { continue };
        let follows = at + 1 < segments.len() || has_batch(&bytes.slice(position..), *base);
        if follows {
            return Err(Error::Corrupt { path, position: position as u64, reason });
        }
    }
    Ok(())
}

/// Where the first batch lies that cannot be read, and why not.
fn first_bad(bytes: &Bytes) -> Option<(usize, String)> {
    let mut batches = Batches::new(bytes.clone());
    loop {
        let position = batches.position();
        match batches.next()? {
            Err(error) => return Some((position, error.to_string())),
            Ok(batch) => {
                if let Err(error) = batch.check_crc() {
                    return Some((position, error.to_string()));
                }
            }
        }
    }
}

/// Whether a whole batch lies anywhere behind the first byte.
fn has_batch(bytes: &Bytes, base: Offset) -> bool {
    (1..bytes.len())
        .any(|at| bytes.get(at + MAGIC_AT) == Some(&MAGIC) && whole_batch(&bytes.slice(at..), base).is_some())
}

fn whole_batch(bytes: &Bytes, base: Offset) -> Option<()> {
    if bytes.len() < BATCH_HEADER_SIZE {
        return None;
    }
    let header = BatchHeader::parse(bytes).ok()?;
    let fits = header.base_offset >= base && header.size_in_bytes() <= bytes.len();
    let batch = fits.then(|| Batch::parse(bytes.slice(..header.size_in_bytes())))?.ok()?;
    batch.check_crc().ok()
}
