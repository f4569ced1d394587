//! A data directory of Kafka's, unpacked, and what its manifest says is in it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use flate2::read::GzDecoder;
use ottla_log::disk::RealDisk;
use ottla_log::format::{PartitionOffset, read_offset_checkpoint};
use ottla_log::{
    Files, FolderName, FolderState, LOG_STARTS, Log, LogConfig, OpenOptions, Opened, RECOVERY_POINTS,
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct DataDir {
    _temporary: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) manifest: Value,
    pub(crate) files: Arc<Files>,
    is_clean: bool,
    recovery_points: Vec<PartitionOffset>,
    log_starts: Vec<PartitionOffset>,
}

impl DataDir {
    pub(crate) fn clean() -> DataDir {
        DataDir::unpack("data-dir-clean", true)
    }

    pub(crate) fn killed() -> DataDir {
        DataDir::unpack("data-dir-killed", false)
    }

    fn unpack(name: &str, is_clean: bool) -> DataDir {
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
        let temporary = tempfile::tempdir().expect("a folder");
        let status = Command::new("tar")
            .arg("xzf")
            .arg(testdata.join(format!("{name}.tar.gz")))
            .arg("-C")
            .arg(temporary.path())
            .status()
            .expect("the tar program runs");
        assert!(status.success(), "tar cannot unpack {name}");
        let path = temporary.path().join("data");
        let files = Files::new(Arc::new(RealDisk), 16);
        let checkpoint =
            |name: &str| read_offset_checkpoint(files.disk(), &path.join(name)).expect("a checkpoint");
        DataDir {
            manifest: read_json(&testdata.join(format!("{name}.json.gz"))),
            is_clean,
            recovery_points: checkpoint(RECOVERY_POINTS),
            log_starts: checkpoint(LOG_STARTS),
            files,
            path,
            _temporary: temporary,
        }
    }

    /// The folders of the logs with what the manifest says of each.
    pub(crate) fn logs(&self) -> impl Iterator<Item = (&str, &Value)> {
        let logs = self.manifest["logs"].as_object().expect("logs");
        logs.iter().map(|(folder, log)| (folder.as_str(), log))
    }

    pub(crate) fn live_logs(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.logs().filter(|(folder, _)| folder_name(folder).state == FolderState::Live)
    }

    pub(crate) fn open(&self, folder: &str) -> Opened {
        let name = folder_name(folder);
        let find = |entries: &[PartitionOffset]| {
            let mut found =
                entries.iter().filter(|entry| entry.topic == name.topic && entry.partition == name.partition);
            found.next().map_or(0, |entry| entry.offset)
        };
        let options = OpenOptions {
            folder: self.path.join(folder),
            config: Arc::new(self.config(&name.topic)),
            start_offset: find(&self.log_starts),
            recovery_point: find(&self.recovery_points),
            is_clean: self.is_clean,
            may_have_gaps: true,
            now_ms: 0,
        };
        Log::open(&self.files, &options).unwrap_or_else(|error| panic!("{folder}: {error}"))
    }

    /// The settings that the topic had, as far as they matter to the indexes.
    pub(crate) fn config(&self, topic: &str) -> LogConfig {
        let state = if self.is_clean { "state" } else { "stateBefore" };
        let configs = &self.manifest[state]["configs"]["TOPIC"][topic];
        let set = |key: &str| configs[key].as_str().map(|value| value.parse::<i64>().expect("a number"));
        let mut config = LogConfig::default();
        if let Some(bytes) = set("index.interval.bytes") {
            config.index_interval_bytes = u32::try_from(bytes).expect("a size");
        }
        if let Some(ms) = set("segment.ms") {
            config.segment_ms = ms;
        }
        config
    }
}

pub(crate) fn folder_name(folder: &str) -> FolderName {
    FolderName::parse(folder).expect("the folder of a partition")
}

pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

pub(crate) fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

/// The JSON documents of a file in `testdata`, one on each line.
pub(crate) fn read_lines(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    unpacked(&path).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&unpacked(path)).expect("JSON")
}

fn unpacked(path: &Path) -> String {
    let file = std::fs::File::open(path).expect("the file");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    text
}
