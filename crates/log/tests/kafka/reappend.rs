//! The files that we write for Kafka's batches are Kafka's, byte for byte.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ottla_log::disk::RealDisk;
use ottla_log::{FileKind, FileName, Files, Log, LogConfig, OpenOptions};
use ottla_records::{AssignedBatch, Batches};
use serde_json::Value;

use crate::data_dir::{DataDir, array, folder_name, number};

#[test]
fn batches_appended_again_give_kafkas_segments_and_indexes() {
    let dir = DataDir::clean();
    let mut compared = 0;
    // Compaction wrote those of the others.
    for (folder, manifest) in dir.live_logs().filter(|(folder, _)| !is_compacted(folder)) {
        let temporary = tempfile::tempdir().expect("a folder");
        let again =
            Again { folder: temporary.path().join(folder), config: dir.config(&folder_name(folder).topic) };
        again.append_all(&dir.path.join(folder), manifest);
        for segment in array(&manifest["segments"]).iter().filter(|segment| number(&segment["size"]) > 0) {
            for kind in [FileKind::Log, FileKind::OffsetIndex, FileKind::TimeIndex] {
                let name = FileName::new(number(&segment["baseOffset"]), kind);
                let read = |dir: &Path| std::fs::read(name.path(dir)).expect("a file of the segment");
                assert_eq!(read(&again.folder), read(&dir.path.join(folder)), "{folder}/{name}");
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared} files");
}

fn is_compacted(folder: &str) -> bool {
    folder.starts_with("compacted-after") || folder.starts_with("compacted-tx")
}

struct Again {
    folder: PathBuf,
    config: LogConfig,
}

impl Again {
    /// Each run of the node ended with a clean stop, and began with a new leader epoch.
    fn append_all(&self, from: &Path, manifest: &Value) {
        std::fs::create_dir(&self.folder).expect("a new folder");
        let segments = array(&manifest["segments"]);
        let start = segments.first().map_or(0, |segment| number(&segment["baseOffset"]));
        let mut log = self.open(start);
        let mut runs: Vec<i64> = array(&manifest["leaderEpochs"])
            .iter()
            .skip(1)
            .map(|entry| number(&entry["startOffset"]))
            .collect();
        for segment in segments {
            let bytes =
                std::fs::read(from.join(segment["file"].as_str().expect("a name"))).expect("a segment");
            for batch in Batches::new(bytes.into()) {
                let batch = AssignedBatch::from(batch.expect("a batch"));
                while runs.first().is_some_and(|run| *run <= batch.header().base_offset) {
                    runs.remove(0);
                    log.close(Vec::new).expect("a clean stop");
                    log = self.open(start);
                }
                log.append(&batch, 0, Vec::new).expect("a place for the batch");
            }
        }
        log.close(Vec::new).expect("a clean stop");
    }

    fn open(&self, start_offset: i64) -> Log {
        let files = Files::new(Arc::new(RealDisk), 8);
        let options = OpenOptions {
            folder: self.folder.clone(),
            config: Arc::new(self.config.clone()),
            start_offset,
            recovery_point: 0,
            is_clean: true,
            may_have_gaps: false,
            now_ms: 0,
        };
        Log::open(&files, &options).expect("a log").log
    }
}
