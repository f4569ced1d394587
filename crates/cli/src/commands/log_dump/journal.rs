//! The journal's folder: the batches that a start would put back, since synced segments may not have them.
//!
//! It is read as a start reads it, but nothing is changed: a broker may be running on it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use ottla_log::Error;
use ottla_log::disk::{DirectoryLock, Disk, Entry, File, Mode, RealDisk, Space};
use ottla_log::journal::{Options, Recovered, Recovery};
use ottla_records::{Batch, Limits};

use super::line::{BatchLine, JournalEntryLine, Line, RecordLine};
use super::report::Report;

/// Whether a folder with these names in it is a journal's.
pub(super) fn is_journal<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| name.ends_with(".journal"))
}

pub(super) fn dump<W: Write>(dir: &Path, report: &mut Report<W>) -> Result<()> {
    // The salt is for a directory that is new.
    let recovery = match Recovery::open(Arc::new(ReadOnly), dir, Options::new(0)) {
        Ok(recovery) => recovery,
        Err(error) => return report_error(&error, report),
    };
    report.line(Line::JournalState { released: recovery.released().get() })?;
    for entry in recovery {
        match entry {
            Ok(entry) => dump_entry(entry, report)?,
            Err(error) => return report_error(&error, report),
        }
    }
    Ok(())
}

fn dump_entry<W: Write>(entry: Recovered, report: &mut Report<W>) -> Result<()> {
    report.line(Line::JournalEntry(JournalEntryLine::new(&entry)))?;
    let problem = match Batch::parse(entry.batch) {
        Ok(batch) => {
            report.line(Line::Batch(BatchLine::new(None, batch.header(), batch.crc_is_valid())))?;
            dump_records(&batch, report)?
        }
        Err(error) => Some(error),
    };
    if let Some(problem) = problem {
        report.damage(None, format!("entry {}: {problem}", entry.lsn))?;
    }
    Ok(())
}

/// Gives what is wrong with the records, if anything.
fn dump_records<W: Write>(
    batch: &Batch,
    report: &mut Report<W>,
) -> Result<Option<ottla_records::BatchError>> {
    if !report.wants_records() {
        return Ok(None);
    }
    let records = match batch.records(&Limits::default()) {
        Ok(records) => records,
        Err(error) => return Ok(Some(error)),
    };
    for record in records {
        match record {
            // The journal knows topics by their ids alone, so it cannot be known how to decode them.
            Ok(record) => report.line(Line::Record(RecordLine::new(&record, None)))?,
            Err(error) => return Ok(Some(error)),
        }
    }
    Ok(None)
}

fn report_error<W: Write>(error: &Error, report: &mut Report<W>) -> Result<()> {
    let position = if let Error::Corrupt { position, .. } = error { Some(*position) } else { None };
    Ok(report.damage(position, error)?)
}

/// The operating system's disk, of which nothing is changed. What a start does for good order counts as done.
#[derive(Debug)]
struct ReadOnly;

impl Disk for ReadOnly {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        match mode {
            Mode::Read | Mode::Write => RealDisk.open(path, Mode::Read),
            Mode::Create | Mode::CreateNew => Err(changes_nothing()),
        }
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        RealDisk.len(path)
    }

    fn modified(&self, path: &Path) -> io::Result<SystemTime> {
        RealDisk.modified(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(dir)
    }

    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(changes_nothing())
    }

    fn remove_file(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_dir_all(&self, _: &Path) -> io::Result<()> {
        Err(changes_nothing())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn free_space(&self, path: &Path) -> io::Result<Space> {
        RealDisk.free_space(path)
    }

    fn lock(&self, _: &Path) -> io::Result<DirectoryLock> {
        Err(changes_nothing())
    }
}

fn changes_nothing() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a dump changes nothing")
}

/// The folder of a journal's file, which says nothing alone.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
