//! The data directory before anything in it is opened: made if need be, locked, and looked at for its size.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ottla_config::{LogsConfig, NodeConfig};
use ottla_log::{
    disk::{DirectoryLock, Disk, RealDisk},
    journal::Options,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

use super::StartError;
use crate::{
    foundation::Ground,
    metrics::{JournalMetrics, MeasuredDisk},
    random,
};

/// As the option that asks for a size has it.
const JOURNAL_FILE_BYTES_MIN: u64 = 1 << 20;
const JOURNAL: &str = "ottla-journal";
/// As Apache Kafka calls it, so that neither starts on a directory that the other uses.
const LOCK: &str = ".lock";
const OPEN_FILES_MIN: usize = 16;

/// Nobody else uses it while this lives.
pub(super) struct DataDirectory {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    journal_dir: PathBuf,
    _lock: DirectoryLock,
}

impl DataDirectory {
    pub(super) fn open(node: &NodeConfig) -> Result<DataDirectory, StartError> {
        let [dir] = node.log_dirs.as_slice() else {
            return Err(StartError::SeveralDirectories { dirs: node.log_dirs.join(", ") });
        };
        let at = |source| StartError::Io { path: dir.into(), source };
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        disk.create_dir_all(Path::new(dir)).map_err(at)?;
        let dir = std::path::absolute(dir).map_err(at)?;
        let lock = lock(&*disk, &dir)?;
        let journal_dir = node.journal_dir.as_ref().map_or_else(|| dir.join(JOURNAL), PathBuf::from);
        Ok(DataDirectory { disk, dir, journal_dir, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.dir
    }

    pub(super) fn journal(&self) -> &Path {
        &self.journal_dir
    }

    pub(super) fn ground(&self, logs: &LogsConfig, metrics: &Arc<JournalMetrics>) -> Ground<'_> {
        Ground {
            disk: Arc::clone(&self.disk),
            dir: &self.dir,
            open_files_max: open_files_max(logs.open_files_max),
            journal_disk: Arc::new(MeasuredDisk::new(Arc::clone(&self.disk), Arc::clone(metrics))),
            journal_dir: &self.journal_dir,
            journal_options: self.journal_options(logs),
        }
    }

    fn journal_options(&self, logs: &LogsConfig) -> Options {
        let options = Options { file_bytes: logs.journal_file_bytes, ..Options::new(random::u64()) };
        match self.disk.free_space(&self.dir) {
            Ok(space) => fitting(options, space.total),
            Err(_unknown) => options,
        }
    }
}

fn lock(disk: &dyn Disk, dir: &Path) -> Result<DirectoryLock, StartError> {
    disk.lock(&dir.join(LOCK)).map_err(|source| {
        let dir = dir.to_owned();
        if source.kind() == io::ErrorKind::WouldBlock {
            return StartError::DirectoryInUse { dir };
        }
        StartError::Io { path: dir, source }
    })
}

/// On a small disk the journal makes do with less: the reserve, a twentieth, must be enough for new files of it.
fn fitting(options: Options, disk_bytes: u64) -> Options {
    let file_bytes_max = (disk_bytes / 64).max(JOURNAL_FILE_BYTES_MIN);
    Options {
        file_bytes: options.file_bytes.min(file_bytes_max),
        first_file_bytes: options.first_file_bytes.min(file_bytes_max),
        total_bytes_max: options.total_bytes_max.min(disk_bytes / 4),
        ..options
    }
}

/// Takes as many descriptors as the system allows. Half of them are for segments, the rest for connections.
fn open_files_max(configured: u32) -> usize {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        debug!(%error, "cannot raise the limit of open files");
    }
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    (configured as usize).min(usize::try_from(limit / 2).unwrap_or(usize::MAX)).max(OPEN_FILES_MIN)
}
