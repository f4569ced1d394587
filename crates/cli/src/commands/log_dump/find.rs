//! Which files there are below a path, and what each of them holds: by its name alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ottla_log::{FileKind, FileName, LEADER_EPOCHS, META_PROPERTIES, PARTITION_METADATA};
use ottla_records::Offset;
use serde::Serialize;

use super::journal;

/// A data directory holds partitions, which hold files. Whatever is deeper is none of ours.
const DEPTH_MAX: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) size_in_bytes: u64,
    /// Of files that belong to an offset.
    pub(super) base_offset: Option<Offset>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Content {
    Segment,
    MetadataSnapshot,
    OffsetIndex,
    TimeIndex,
    TransactionIndex,
    ProducerSnapshot,
    LeaderEpochs,
    OffsetCheckpoint,
    PartitionMetadata,
    MetaProperties,
    CleanShutdown,
    QuorumState,
    /// A folder, whose files make sense together alone.
    Journal,
    Lock,
    Unknown,
}

/// The file itself, or the files below the directory, in the order of their names, each directory after the files
/// that lie beside it.
pub(super) fn find(path: &Path) -> Result<Vec<Found>> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut found = Vec::new();
    if metadata.is_dir() {
        walk(path, DEPTH_MAX, &mut found)?;
        return Ok(found);
    }
    let file = recognise(path, metadata.len());
    if file.content == Content::Journal {
        walk(&journal::folder_of(path), 0, &mut found)?;
        return Ok(found);
    }
    if file.content == Content::Unknown {
        bail!("{} is no file that a log has: its name says nothing of what it holds", path.display());
    }
    found.push(file);
    Ok(found)
}

fn walk(dir: &Path, depth: usize, found: &mut Vec<Found>) -> Result<()> {
    let mut directories = Vec::new();
    let mut files = Vec::new();
    let unreadable = || format!("cannot list {}", dir.display());
    for entry in fs::read_dir(dir).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        // Links are not followed, so that nothing is printed twice or for ever.
        let Some(metadata) = metadata_of(&entry)? else { continue };
        if metadata.is_dir() {
            directories.push(entry.path());
        } else if metadata.is_file() {
            files.push(recognise(&entry.path(), metadata.len()));
        }
    }
    if journal::is_journal(files.iter().filter_map(|file| file.path.file_name()?.to_str())) {
        found.push(whole_journal(dir, &files));
        return Ok(());
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    found.append(&mut files);
    directories.sort();
    if depth > 0 {
        directories.iter().try_for_each(|dir| walk(dir, depth - 1, found))?;
    }
    Ok(())
}

fn whole_journal(dir: &Path, files: &[Found]) -> Found {
    let size_in_bytes = files.iter().map(|file| file.size_in_bytes).sum();
    Found { path: dir.to_path_buf(), content: Content::Journal, size_in_bytes, base_offset: None }
}

/// `None` if it went while we looked: a running broker removes files.
fn metadata_of(entry: &fs::DirEntry) -> Result<Option<fs::Metadata>> {
    match entry.metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", entry.path().display())),
    }
}

fn recognise(path: &Path, size_in_bytes: u64) -> Found {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (content, base_offset) = content_of(&name);
    Found { path: path.to_path_buf(), content, size_in_bytes, base_offset }
}

fn content_of(name: &str) -> (Content, Option<Offset>) {
    if let Some(file) = FileName::parse(name) {
        return (content_of_kind(file.kind), Some(file.offset));
    }
    if let Some(end) = snapshot_end(name) {
        return (Content::MetadataSnapshot, Some(end));
    }
    let content = match name {
        LEADER_EPOCHS => Content::LeaderEpochs,
        PARTITION_METADATA => Content::PartitionMetadata,
        META_PROPERTIES => Content::MetaProperties,
        ".kafka_cleanshutdown" => Content::CleanShutdown,
        "quorum-state" => Content::QuorumState,
        "bootstrap.checkpoint" => Content::MetadataSnapshot,
        ".lock" => Content::Lock,
        _ if name.ends_with("-offset-checkpoint") => Content::OffsetCheckpoint,
        _ if name.ends_with(".journal") => Content::Journal,
        // A segment that somebody took aside under another name.
        _ if name.ends_with(".log") => Content::Segment,
        _ => Content::Unknown,
    };
    (content, None)
}

fn content_of_kind(kind: FileKind) -> Content {
    match kind {
        FileKind::Log => Content::Segment,
        FileKind::OffsetIndex => Content::OffsetIndex,
        FileKind::TimeIndex => Content::TimeIndex,
        FileKind::TxnIndex => Content::TransactionIndex,
        FileKind::Snapshot => Content::ProducerSnapshot,
    }
}

/// The end offset in `<end, 20 digits>-<epoch, 10 digits>.checkpoint`.
fn snapshot_end(name: &str) -> Option<Offset> {
    let (end, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(end, 20) && digits(epoch, 10)).then(|| end.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_file_holds() {
        for (name, content, base_offset) in [
            ("00000000000000000007.log", Content::Segment, Some(7)),
            ("00000000000000000007.log.deleted", Content::Segment, Some(7)),
            ("00000000000000000007.txnindex.cleaned", Content::TransactionIndex, Some(7)),
            ("00000000000000000069-0000000001.checkpoint", Content::MetadataSnapshot, Some(69)),
            ("bootstrap.checkpoint", Content::MetadataSnapshot, None),
            ("recovery-point-offset-checkpoint", Content::OffsetCheckpoint, None),
            ("leader-epoch-checkpoint", Content::LeaderEpochs, None),
            ("quorum-state", Content::QuorumState, None),
            ("taken-aside.log", Content::Segment, None),
            ("00000000000000000069-1.checkpoint", Content::Unknown, None),
            ("notes.txt", Content::Unknown, None),
        ] {
            assert_eq!(content_of(name), (content, base_offset), "{name}");
        }
    }
}
