use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use super::support::{fill, options, small};
use crate::config::LogConfig;
use crate::disk::RealDisk;
use crate::files::Files;
use crate::log::{Log, OpenOptions};
use crate::names::{FileKind, FileName};

const SEGMENT_BYTES: u32 = 1 << 20;

/// The length of a segment, and whether the disk keeps room behind that.
fn segment(folder: &std::path::Path, base: i64) -> (u64, bool) {
    let file = fs::metadata(FileName::new(base, FileKind::Log).path(folder)).expect("a segment");
    (file.len(), file.blocks() * 512 >= u64::from(SEGMENT_BYTES))
}

#[test]
fn the_active_segment_has_room_behind_its_end_and_a_closed_one_has_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = LogConfig { segment_bytes: SEGMENT_BYTES, preallocate: true, ..small() };
    let options = OpenOptions { folder: folder.path().into(), ..options(&config) };
    let files = Files::new(Arc::new(RealDisk), 4);
    let mut log = Log::open(&files, &options).expect("a log").log;
    fill(&mut log, 3);
    log.write_pending().expect("room");
    let size = log.size_in_bytes();
    assert_eq!(segment(folder.path(), 0), (size, true));
    log.roll(0, Vec::new);
    fill(&mut log, 5);
    log.write_pending().expect("room");
    assert_eq!(segment(folder.path(), 0), (size, false));
    assert_eq!(segment(folder.path(), 3), (log.size_in_bytes() - size, true));
    log.close(Vec::new).expect("a clean stop");
    assert_eq!(segment(folder.path(), 3), (log.size_in_bytes() - size, false));
}
