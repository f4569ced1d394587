//! Puts cleaned segments in the place of those that they were made from.

use ottla_records::Offset;

use super::super::segment::Segment;
use super::super::{DeletedFiles, Log};
use super::plan::Source;
use super::rewrite::NewSegment;
use super::run::{Cleaned, Group};
use crate::error::{Error, Result};
use crate::names::{FileKind, FileName, Suffix};

/// What a round came to.
#[derive(Debug)]
pub struct Installed {
    /// For `cleaner-offset-checkpoint`.
    pub cleaned_to: Offset,
    pub bytes_before: u64,
    pub bytes_after: u64,
    pub deleted: DeletedFiles,
}

impl Log {
    /// Replaces the segments of a round by what it made of them. Reads that began before go on.
    ///
    /// The one place where the folder is synced under the partition's lock: the old names must be gone for good
    /// before the new ones are theirs. It takes as long as a round does not take once an hour.
    pub fn install(&mut self, cleaned: Cleaned) -> Result<Installed> {
        let mut deleted = DeletedFiles::none(&self.files);
        let mut bytes_before = 0;
        for group in &cleaned.groups {
            bytes_before += group.replaced.iter().map(|source| u64::from(source.size)).sum::<u64>();
            self.retire(&group.replaced, &mut deleted)?;
        }
        self.files.disk().sync_dir(&self.dir).map_err(Error::io("sync", &self.dir))?;
        for group in &cleaned.groups {
            self.adopt(group)?;
        }
        self.forget_lookups();
        self.folder_changed = true;
        let bytes_after = cleaned.groups.iter().map(|group| u64::from(group.by.size)).sum();
        Ok(Installed { cleaned_to: cleaned.end, bytes_before, bytes_after, deleted })
    }

    /// The old files get the suffix `.deleted`, with the snapshots of those that no segment begins with any more.
    fn retire(&mut self, replaced: &[Source], deleted: &mut DeletedFiles) -> Result<()> {
        for (index, source) in replaced.iter().enumerate() {
            for kind in FileKind::SEGMENT {
                self.mark_deleted(source.base, kind, deleted)?;
            }
            if index > 0
                && let Ok(at) = self.snapshots.binary_search(&source.base)
            {
                self.snapshots.remove(at);
                self.mark_deleted(source.base, FileKind::Snapshot, deleted)?;
            }
        }
        Ok(())
    }

    fn adopt(&mut self, group: &Group) -> Result<()> {
        for kind in &group.by.kinds {
            let name = FileName::new(group.by.base, *kind);
            let (from, to) = (name.with(Suffix::Swap).path(&self.dir), name.path(&self.dir));
            self.files.disk().rename(&from, &to).map_err(Error::io("rename", &from))?;
            self.files.forget(self.key(group.by.base, *kind));
        }
        let first = self.segments.partition_point(|segment| segment.base < group.by.base);
        let segment = segment_of(&group.by);
        self.segments.splice(first..first + group.replaced.len(), [segment]);
        Ok(())
    }
}

fn segment_of(new: &NewSegment) -> Segment {
    Segment {
        size: new.size,
        offset_entries: new.offset_entries,
        time_entries: new.time_entries,
        aborted_entries: new.aborted_entries,
        ..Segment::new(new.base)
    }
}
