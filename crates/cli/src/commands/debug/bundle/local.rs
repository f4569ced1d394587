//! What is on this machine: the machine, a data directory, the options of a broker, and the end of a log. No record is read.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result};
use ottla_log::{LEADER_EPOCHS, META_PROPERTIES, PARTITION_METADATA};
use rustix::fs::{Mode, OFlags};
use serde_json::json;

use super::archive::Spool;
use super::redaction::redact_file;
use crate::payload::printable;
use crate::timestamp::Iso;

/// What the system tells of itself.
pub(super) const MACHINE: &[(&str, &str, &str)] = &[
    ("machine/kernel.txt", "The kernel", "/proc/version"),
    ("machine/cpus.txt", "Processors", "/proc/cpuinfo"),
    ("machine/memory.txt", "Memory", "/proc/meminfo"),
    ("machine/load.txt", "Load", "/proc/loadavg"),
    ("machine/pressure-io.txt", "Time that was lost waiting for disks", "/proc/pressure/io"),
    ("machine/disks.txt", "What disks have done", "/proc/diskstats"),
    ("machine/limits.txt", "Limits, of this command", "/proc/self/limits"),
    ("machine/cgroup.txt", "The control group, of this command", "/proc/self/cgroup"),
    ("machine/huge-pages.txt", "Transparent huge pages", "/sys/kernel/mm/transparent_hugepage/enabled"),
    ("machine/map-count.txt", "Mappings that a process may have", "/proc/sys/vm/max_map_count"),
    ("machine/swappiness.txt", "How readily memory is swapped out", "/proc/sys/vm/swappiness"),
];

/// No file that is copied whole is larger.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Of a log, so much at its end.
const TAIL_BYTES: u64 = 1 << 20;

pub(super) fn copy_text(path: &Path, out: &mut Spool) -> Result<()> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    io::copy(&mut file.take(FILE_BYTES_MAX), out).with_context(|| path.display().to_string())?;
    Ok(())
}

/// The end of a log, from the beginning of a line on, or all of a file that is shorter, without its secrets.
pub(super) fn copy_tail(path: &Path, out: &mut Spool) -> Result<()> {
    let shown = || path.display().to_string();
    let mut file = File::open(path).with_context(shown)?;
    let length = file.metadata().with_context(shown)?.len();
    let from = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(from)).with_context(shown)?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes).with_context(shown)?;
    let text = redact_file(&String::from_utf8_lossy(&bytes));
    // What it began within is not whole.
    let whole = if from > 0 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    Ok(out.write_all(whole.as_bytes())?)
}

/// How much room there is where this is.
pub(super) fn tell_disk(path: &Path, out: &mut Spool) -> Result<()> {
    let told = rustix::fs::statvfs(path).with_context(|| path.display().to_string())?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    let disk = json!({
        "path": path, "totalBytes": bytes(told.f_blocks), "freeBytes": bytes(told.f_bfree),
        "usableBytes": bytes(told.f_bavail), "files": told.f_files, "freeFiles": told.f_ffree,
    });
    Ok(writeln!(out, "{disk}")?)
}

/// Every file with its size and when it was changed, by name. What cannot be read is told, and passed over.
pub(super) fn list_files(data_dir: &Path, out: &mut Spool) -> Result<()> {
    walk(data_dir, |path, told| {
        let modified = told.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| i64::try_from(since.as_millis()).ok());
        let row = json!({
            "path": path.strip_prefix(data_dir).unwrap_or(path), "bytes": told.len(),
            "modified": modified.map(|ms| Iso(ms).to_string()),
        });
        Ok(writeln!(out, "{row}")?)
    })
}

/// The small files of text in which a data directory keeps what it knows of itself, one below the other.
pub(super) fn copy_small_files(data_dir: &Path, out: &mut Spool) -> Result<()> {
    walk(data_dir, |path, told| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !told.is_file() || !is_small_text(name) || told.len() > FILE_BYTES_MAX {
            return Ok(());
        }
        writeln!(out, "== {} ==", path.strip_prefix(data_dir).unwrap_or(path).display())?;
        match read_small(path) {
            Ok(bytes) => writeln!(out, "{}", redact_file(&text_of(&bytes)).trim_end())?,
            Err(error) => writeln!(out, "({error})")?,
        }
        Ok(())
    })
}

/// Not through a link, should it have become one.
fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::from(rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?);
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// By its whole name: snapshots of metadata end in `.checkpoint` too, and hold the credentials of users; and what clients cannot guess
/// of the journal is in its `checkpoint`.
fn is_small_text(name: &str) -> bool {
    let names = [META_PROPERTIES, "quorum-state", PARTITION_METADATA, LEADER_EPOCHS, ".kafka_cleanshutdown"];
    names.contains(&name) || name.ends_with("-offset-checkpoint")
}

/// A damaged file may hold anything: what is no text is escaped.
fn text_of(bytes: &[u8]) -> String {
    bytes.split(|byte| *byte == b'\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Links are not followed.
fn walk(data_dir: &Path, mut visit: impl FnMut(&Path, &fs::Metadata) -> Result<()>) -> Result<()> {
    let mut waiting: Vec<PathBuf> = vec![data_dir.into()];
    let mut unreadable = None;
    while let Some(path) = waiting.pop() {
        let told = match fs::symlink_metadata(&path) {
            Ok(told) => told,
            // It was deleted meanwhile, as segments are.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path != data_dir => continue,
            Err(error) if path == data_dir => return Err(error).with_context(|| path.display().to_string()),
            Err(error) => {
                unreadable = Some(anyhow::Error::from(error).context(path.display().to_string()));
                continue;
            }
        };
        if !told.is_dir() {
            visit(&path, &told)?;
            continue;
        }
        match fs::read_dir(&path) {
            Ok(entries) => {
                let mut inside: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
                inside.sort_by(|a, b| b.cmp(a));
                waiting.extend(inside);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && path != data_dir => {}
            Err(error) => unreadable = Some(anyhow::Error::from(error).context(path.display().to_string())),
        }
    }
    unreadable.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_known_by_their_names() {
        for (name, expected) in [
            ("meta.properties", true),
            ("leader-epoch-checkpoint", true),
            ("recovery-point-offset-checkpoint", true),
            ("quorum-state", true),
            ("00000000000000000069-0000000001.checkpoint", false),
            ("bootstrap.checkpoint", false),
            ("checkpoint", false),
            ("00000000000000000000.log", false),
        ] {
            assert_eq!(is_small_text(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_text_is_escaped() {
        assert_eq!(text_of(b"0\n1\nt 0 5\n"), "0\n1\nt 0 5\n");
        assert_eq!(text_of(b"a\x1b[2J\n\xff\0"), "a\\u{1b}[2J\n\\xff\\u{0}");
    }

    #[test]
    fn the_end_of_a_long_file_begins_with_a_whole_line() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("log");
        let length = usize::try_from(TAIL_BYTES).expect("it fits");
        for (text, expected) in [
            ("one\ntwo".to_owned(), "one\ntwo".to_owned()),
            (format!("{}\nlast\n", "x".repeat(length)), "last\n".to_owned()),
        ] {
            fs::write(&path, text).expect("it is written");
            assert_eq!(copied(&path), expected);
        }
    }

    fn copied(path: &Path) -> String {
        let mut out = Spool::new().expect("a temporary file");
        copy_tail(path, &mut out).expect("it can be read");
        out.into_text()
    }
}
