//! What lies in a partition's folder, and what an interrupted change has left there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ottla_records::Offset;

use super::scan::{Scanned, Scanner};
use crate::disk::{Disk, Kind, Mode};
use crate::error::{Error, Result};
use crate::names::{FileKind, FileName, Suffix};

/// The lengths of a segment's files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SegmentFiles {
    pub(super) log: u64,
    pub(super) offset_index: Option<u64>,
    pub(super) time_index: Option<u64>,
    pub(super) txn_index: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) segments: BTreeMap<Offset, SegmentFiles>,
    pub(super) snapshots: Vec<Offset>,
}

impl Layout {
    /// Finishes or undoes what was interrupted, then lists what is there.
    pub(super) fn read(disk: &dyn Disk, dir: &Path) -> Result<Layout> {
        let mut names = list(disk, dir)?;
        if names.iter().any(|(name, _)| name.suffix != Suffix::None) {
            tidy(disk, dir, &names)?;
            names = list(disk, dir)?;
        }
        let layout = Layout::of(&names);
        layout.remove_orphans(disk, dir, &names)?;
        Ok(layout)
    }

    fn of(names: &[(FileName, u64)]) -> Layout {
        let mut layout = Layout::default();
        for (name, len) in names.iter().filter(|(name, _)| name.kind == FileKind::Log) {
            layout.segments.entry(name.offset).or_default().log = *len;
        }
        for (name, len) in names {
            let segment = layout.segments.get_mut(&name.offset);
            match (name.kind, segment) {
                (FileKind::Snapshot, _) => layout.snapshots.push(name.offset),
                (FileKind::OffsetIndex, Some(segment)) => segment.offset_index = Some(*len),
                (FileKind::TimeIndex, Some(segment)) => segment.time_index = Some(*len),
                (FileKind::TxnIndex, Some(segment)) => segment.txn_index = Some(*len),
                (FileKind::Log, _) | (_, None) => {}
            }
        }
        layout.snapshots.sort_unstable();
        layout
    }

    /// Indexes without their segment.
    fn remove_orphans(&self, disk: &dyn Disk, dir: &Path, names: &[(FileName, u64)]) -> Result<()> {
        let orphans = names
            .iter()
            .filter(|(name, _)| name.kind != FileKind::Snapshot && !self.segments.contains_key(&name.offset));
        orphans.map(|(name, _)| *name).try_for_each(|name| remove(disk, dir, name))
    }
}

fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<(FileName, u64)>> {
    let entries = disk.list(dir).map_err(Error::io("list", dir))?;
    let files = entries.into_iter().filter(|entry| entry.kind == Kind::File);
    Ok(files.filter_map(|entry| Some((FileName::parse(&entry.name)?, entry.len))).collect())
}

/// As Kafka does: what was being written is dropped, and with it what belongs to it; what was complete takes the
/// place of what it replaces; what was on its way out goes.
fn tidy(disk: &dyn Disk, dir: &Path, names: &[(FileName, u64)]) -> Result<()> {
    let with = |suffix| names.iter().filter(move |(name, _)| name.suffix == suffix);
    let unfinished = with(Suffix::Cleaned).map(|(name, _)| name.offset).min();
    let is_unfinished = |name: &FileName| unfinished.is_some_and(|first| name.offset >= first);
    let (broken, complete): (Vec<_>, Vec<_>) =
        with(Suffix::Swap).copied().partition(|(name, _)| is_unfinished(name));
    finish_swap(disk, dir, names, &complete)?;
    for (name, _) in with(Suffix::Cleaned).chain(with(Suffix::Deleted)).chain(&broken) {
        remove(disk, dir, *name)?;
    }
    disk.sync_dir(dir).map_err(Error::io("sync", dir))
}

fn finish_swap(
    disk: &dyn Disk,
    dir: &Path,
    names: &[(FileName, u64)],
    complete: &[(FileName, u64)],
) -> Result<()> {
    let mut replaced = BTreeSet::new();
    for (log, len) in complete.iter().filter(|(name, _)| name.kind == FileKind::Log) {
        let end = end_of(disk, dir, *log, *len)?;
        let covered = |name: &FileName| {
            name.suffix == Suffix::None
                && name.kind != FileKind::Snapshot
                && (log.offset..end).contains(&name.offset)
        };
        replaced
            .extend(names.iter().map(|(name, _)| *name).filter(covered).map(|name| (name.offset, name.kind)));
    }
    for (offset, kind) in replaced {
        remove(disk, dir, FileName::new(offset, kind))?;
    }
    disk.sync_dir(dir).map_err(Error::io("sync", dir))?;
    // The log comes last: until then a second attempt knows what it covers.
    let (logs, indexes): (Vec<_>, Vec<_>) = complete.iter().partition(|(name, _)| name.kind == FileKind::Log);
    for (name, _) in indexes.into_iter().chain(logs) {
        let (from, to) = (name.path(dir), name.with(Suffix::None).path(dir));
        disk.rename(&from, &to).map_err(Error::io("rename", &from))?;
    }
    Ok(())
}

/// The offset behind the last batch of a complete segment, or behind its base if it is empty.
fn end_of(disk: &dyn Disk, dir: &Path, name: FileName, len: u64) -> Result<Offset> {
    let path = name.path(dir);
    let file = disk.open(&path, Mode::Read).map_err(Error::io("open", &path))?;
    let mut scanner = Scanner::new(file, &path, 0, u32::try_from(len).unwrap_or(u32::MAX));
    let mut end = name.offset + 1;
    loop {
        match scanner.next()? {
            Scanned::Batch(span, _) => end = span.last_offset + 1,
            Scanned::End => return Ok(end),
            Scanned::Bad { position, reason } => {
                return Err(Error::Corrupt { path, position: position.into(), reason: reason.to_string() });
            }
        }
    }
}

fn remove(disk: &dyn Disk, dir: &Path, name: FileName) -> Result<()> {
    let path = name.path(dir);
    disk.remove_file(&path).map_err(Error::io("remove", &path))
}
