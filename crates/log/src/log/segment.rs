//! What is kept in memory of each segment: little, because there may be a million of them.

use ottla_records::Offset;

use crate::index::{Growth, TimeEntry};

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base: Offset,
    /// Of the `.log`, written or not.
    pub(super) size: u32,
    /// Entries in the index files.
    pub(super) offset_entries: u32,
    pub(super) time_entries: u32,
    pub(super) aborted_entries: u32,
    /// Whether both an offset and a time index were there when the folder was opened.
    pub(super) has_indexes: bool,
    /// The last entry of the time index, once it is known.
    pub(super) last_time: Option<TimeEntry>,
    /// There while the segment is active or has entries that are in no file.
    pub(super) growth: Option<Box<Growth>>,
}

impl Segment {
    /// A new one, without files.
    pub(super) fn new(base: Offset) -> Segment {
        Segment {
            base,
            size: 0,
            offset_entries: 0,
            time_entries: 0,
            aborted_entries: 0,
            has_indexes: true,
            last_time: None,
            growth: None,
        }
    }

    /// What the indexes will get next. For an opened segment that grows again it starts at its last time entry,
    /// which must be known by then.
    pub(super) fn growth(&mut self) -> &mut Growth {
        let last_time = self.last_time;
        self.growth.get_or_insert_with(|| Box::new(Growth::after(last_time)))
    }

    fn pending(&self, count: impl Fn(&Growth) -> usize) -> u32 {
        let pending = self.growth.as_deref().map_or(0, count);
        u32::try_from(pending).expect("an index has fewer than 2³² entries")
    }

    /// Entries in the file and in memory.
    pub(super) fn offset_entry_count(&self) -> u32 {
        self.offset_entries + self.pending(|growth| growth.offsets.len())
    }

    pub(super) fn time_entry_count(&self) -> u32 {
        self.time_entries + self.pending(|growth| growth.times.len())
    }

    /// Whether an index of `bytes_max` has no room for another entry; the time index keeps one for the close.
    pub(super) fn index_is_full(&self, bytes_max: u32) -> bool {
        self.offset_entry_count() >= bytes_max / 8
            || self.time_entry_count() >= (bytes_max / 12).saturating_sub(1)
    }
}
