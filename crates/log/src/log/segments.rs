//! The segments, for who asks of single ones.

use std::path::PathBuf;

use ottla_records::Offset;

use super::Log;
use crate::names::FileKind;

/// A segment and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFile {
    pub base: Offset,
    pub path: PathBuf,
    /// Whether all of the segment is in the file.
    pub is_written: bool,
}

impl Log {
    /// In the order of their offsets; at least one.
    pub fn segments(&self) -> Vec<SegmentFile> {
        let file = |(at, segment): (usize, &super::segment::Segment)| SegmentFile {
            base: segment.base,
            path: self.path(segment.base, FileKind::Log),
            is_written: self.segment_end(at) <= self.written_end,
        };
        self.segments.iter().enumerate().map(file).collect()
    }
}
