//! Segments of the old message versions 0 and 1 are opened, recovered and read by offset.

use std::path::Path;
use std::sync::Arc;

use ottla_log::disk::RealDisk;
use ottla_log::{FileKind, FileName, Files, Log, LogConfig, OpenOptions};
use ottla_records::Entries;

use crate::data_dir::{array, number, read_lines};

#[test]
fn old_message_sets_are_segments() {
    let mut opened = 0;
    for vector in read_lines("batches.jsonl.gz") {
        let name = vector["name"].as_str().expect("a name");
        let batches = array(&vector["batches"]);
        let is_good = vector["error"].is_null() && number(&vector["unread"]) == 0;
        if !is_good || !(name.starts_with("v0/") || name.starts_with("v1/")) || batches.is_empty() {
            continue;
        }
        let bytes = from_hex(vector["hex"].as_str().expect("bytes"));
        let lasts: Vec<i64> = batches.iter().map(|batch| number(&batch["lastOffset"])).collect();
        if lasts.is_sorted_by(|one, next| one < next) {
            check(name, &bytes, &lasts);
            opened += 1;
        }
    }
    assert!(opened > 10, "{opened} sets");
}

fn check(name: &str, bytes: &[u8], lasts: &[i64]) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(FileName::new(0, FileKind::Log).path(folder.path()), bytes).expect("a segment");
    for is_clean in [false, true] {
        let mut log = open(folder.path(), is_clean);
        assert_eq!(log.end_offset(), lasts[lasts.len() - 1] + 1, "{name}");
        for offset in 0..log.end_offset() {
            let read = log.read(offset, 1, i64::MAX, true).expect("a fetch").load().expect("the bytes");
            let entry = Entries::new(read).next().expect("an entry").expect("a whole entry");
            let wanted = lasts.iter().find(|last| **last >= offset);
            assert_eq!(Some(&entry.last_offset()), wanted, "{name} at {offset}");
        }
        log.close(Vec::new).expect("a clean stop");
    }
}

fn open(folder: &Path, is_clean: bool) -> Log {
    let options = OpenOptions {
        folder: folder.to_path_buf(),
        config: Arc::new(LogConfig { index_interval_bytes: 100, ..LogConfig::default() }),
        start_offset: 0,
        recovery_point: 0,
        is_clean,
        may_have_gaps: true,
        now_ms: 0,
    };
    Log::open(&Files::new(Arc::new(RealDisk), 8), &options).expect("a log").log
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = |at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(|at| digits(at).expect("hex")).collect()
}
