//! What Kafka calls its files and folders.
//!
//! ```text
//! <topic>-<partition>/                     a partition
//! <topic>-<partition>.<uuid>-delete/       deleted, to be removed
//! <topic>-<partition>.<uuid>-future/       a replica that moves here from another data directory
//! <topic>-<partition>.<uuid>-stray/        no longer assigned to this broker
//! <base offset, 20 digits>.log             and .index, .timeindex, .txnindex, .snapshot
//! <file>.deleted | .cleaned | .swap        on its way out; being written; complete, to replace others
//! ```

use std::path::{Path, PathBuf};

use ottla_records::Offset;
use uuid::Uuid;

pub const LEADER_EPOCHS: &str = "leader-epoch-checkpoint";
pub const PARTITION_METADATA: &str = "partition.metadata";
pub const META_PROPERTIES: &str = "meta.properties";
pub(crate) const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
pub const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
pub const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
pub const LOG_STARTS: &str = "log-start-offset-checkpoint";
pub const CLEANER_OFFSETS: &str = "cleaner-offset-checkpoint";

/// The kinds of files whose name is an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    Log,
    OffsetIndex,
    TimeIndex,
    TxnIndex,
    Snapshot,
}

impl FileKind {
    /// What a segment may consist of.
    pub const SEGMENT: [FileKind; 4] =
        [FileKind::Log, FileKind::OffsetIndex, FileKind::TimeIndex, FileKind::TxnIndex];

    pub fn extension(self) -> &'static str {
        match self {
            FileKind::Log => "log",
            FileKind::OffsetIndex => "index",
            FileKind::TimeIndex => "timeindex",
            FileKind::TxnIndex => "txnindex",
            FileKind::Snapshot => "snapshot",
        }
    }

    fn of_extension(extension: &str) -> Option<FileKind> {
        match extension {
            "log" => Some(FileKind::Log),
            "index" => Some(FileKind::OffsetIndex),
            "timeindex" => Some(FileKind::TimeIndex),
            "txnindex" => Some(FileKind::TxnIndex),
            "snapshot" => Some(FileKind::Snapshot),
            _ => None,
        }
    }
}

/// What is appended to the name of a file that is not in use as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    None,
    Deleted,
    Cleaned,
    Swap,
}

impl Suffix {
    fn text(self) -> &'static str {
        match self {
            Suffix::None => "",
            Suffix::Deleted => ".deleted",
            Suffix::Cleaned => ".cleaned",
            Suffix::Swap => ".swap",
        }
    }
}

/// The name of a file that belongs to an offset, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName {
    pub offset: Offset,
    pub kind: FileKind,
    pub suffix: Suffix,
}

impl FileName {
    pub fn new(offset: Offset, kind: FileKind) -> FileName {
        FileName { offset, kind, suffix: Suffix::None }
    }

    pub fn with(self, suffix: Suffix) -> FileName {
        FileName { suffix, ..self }
    }

    pub fn parse(name: &str) -> Option<FileName> {
        let (name, suffix) = [Suffix::Deleted, Suffix::Cleaned, Suffix::Swap]
            .into_iter()
            .find_map(|suffix| name.strip_suffix(suffix.text()).map(|rest| (rest, suffix)))
            .unwrap_or((name, Suffix::None));
        let (digits, extension) = name.split_once('.')?;
        if digits.len() != 20 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        Some(FileName { offset: digits.parse().ok()?, kind: FileKind::of_extension(extension)?, suffix })
    }

    pub fn path(self, dir: &Path) -> PathBuf {
        dir.join(self.to_string())
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:020}.{}{}", self.offset, self.kind.extension(), self.suffix.text())
    }
}

/// What a partition's folder is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderState {
    Live,
    Deleted,
    Future,
    Stray,
}

/// The name of a partition's folder, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderName {
    pub topic: String,
    pub partition: i32,
    pub state: FolderState,
}

impl FolderName {
    pub fn parse(name: &str) -> Option<FolderName> {
        let (rest, state) = [
            ("-delete", FolderState::Deleted),
            ("-future", FolderState::Future),
            ("-stray", FolderState::Stray),
        ]
        .into_iter()
        .find_map(|(suffix, state)| without_unique(name.strip_suffix(suffix)?).map(|rest| (rest, state)))
        .unwrap_or((name, FolderState::Live));
        let (topic, partition) = rest.rsplit_once('-')?;
        let digits = !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
        if topic.is_empty() || !digits {
            return None;
        }
        Some(FolderName { topic: topic.to_owned(), partition: partition.parse().ok()?, state })
    }
}

/// The folder of a live partition.
pub fn partition_folder(topic: &str, partition: i32) -> String {
    format!("{topic}-{partition}")
}

/// The folder of a deleted partition; Kafka shortens the topic to keep the name within 255 bytes.
pub fn deleted_folder(topic: &str, partition: i32, unique: Uuid) -> String {
    folder_aside(topic, partition, unique, "delete")
}

/// The folder of a partition that no topic has.
pub fn stray_folder(topic: &str, partition: i32, unique: Uuid) -> String {
    folder_aside(topic, partition, unique, "stray")
}

fn folder_aside(topic: &str, partition: i32, unique: Uuid, why: &str) -> String {
    let tail = format!("-{partition}.{}-{why}", unique.simple());
    let kept = topic.len().min(255 - tail.len());
    format!("{}{tail}", topic.get(..kept).unwrap_or(topic))
}

/// `orders-3.<32 hex digits>` without what follows the point.
fn without_unique(name: &str) -> Option<&str> {
    let (rest, unique) = name.rsplit_once('.')?;
    (unique.len() == 32 && unique.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_come_apart_and_back_together() {
        for (text, offset, kind, suffix) in [
            ("00000000000000000000.log", 0, FileKind::Log, Suffix::None),
            ("00000000000000000021.timeindex", 21, FileKind::TimeIndex, Suffix::None),
            ("09223372036854775807.index.swap", i64::MAX, FileKind::OffsetIndex, Suffix::Swap),
            ("00000000000000000007.txnindex.cleaned", 7, FileKind::TxnIndex, Suffix::Cleaned),
            ("00000000000000000007.snapshot.deleted", 7, FileKind::Snapshot, Suffix::Deleted),
        ] {
            let name = FileName { offset, kind, suffix };
            assert_eq!(FileName::parse(text), Some(name));
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn other_names_are_no_segment_files() {
        for text in [
            "leader-epoch-checkpoint",
            "0.log",
            "00000000000000000000.tmp",
            "-0000000000000000001.log",
            "é.log",
        ] {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn folder_names_come_apart() {
        for (text, topic, partition, state) in [
            ("with.dots_and-dashes-0", "with.dots_and-dashes", 0, FolderState::Live),
            ("a-b-delete-7", "a-b-delete", 7, FolderState::Live),
            ("late-0.693952bd8b5c412eb1eaa53089e8370e-delete", "late", 0, FolderState::Deleted),
            ("x-1.693952bd8b5c412eb1eaa53089e8370e-future", "x", 1, FolderState::Future),
            ("x-1.693952bd8b5c412eb1eaa53089e8370e-stray", "x", 1, FolderState::Stray),
        ] {
            let expected = FolderName { topic: topic.into(), partition, state };
            assert_eq!(FolderName::parse(text), Some(expected));
        }
        for text in ["lost+found", "journal", "-1", "x-", "x-delete", "x-99999999999"] {
            assert_eq!(FolderName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_folder_of_a_deleted_partition_is_recognised() {
        let name = deleted_folder(&"t".repeat(249), 12, Uuid::from_u128(7));
        assert_eq!(name.len(), 255);
        let parsed = FolderName::parse(&name).expect("a folder name");
        assert_eq!((parsed.partition, parsed.state), (12, FolderState::Deleted));
    }
}
