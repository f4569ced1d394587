//! The indexes of a segment: entries of fixed size, and perhaps zeros up to the size that Kafka makes room for.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ottla_log::index::{AbortedTxn, IndexEntry, OffsetEntry, TimeEntry};
use ottla_log::{FileKind, FileName};
use ottla_records::{BATCH_HEADER_SIZE, BatchError, BatchHeader, Frame, Offset};

use super::find::Found;
use super::line::Line;
use super::report::Report;

pub(super) fn dump_offsets<W: Write>(found: &Found, report: &mut Report<W>) -> Result<()> {
    let mut segment = segment_of(&found.path);
    let mut previous: Option<OffsetEntry> = None;
    dump(found, report, |entry: OffsetEntry| {
        let falls =
            previous.is_some_and(|last| entry.offset <= last.offset || entry.position <= last.position);
        previous = Some(entry);
        if falls {
            return Some("the entry does not rise above the one before".into());
        }
        segment.as_mut().and_then(|segment| contradiction(segment, entry))
    })
}

pub(super) fn dump_times<W: Write>(found: &Found, report: &mut Report<W>) -> Result<()> {
    let mut previous: Option<TimeEntry> = None;
    dump(found, report, |entry: TimeEntry| {
        let falls =
            previous.is_some_and(|last| entry.timestamp <= last.timestamp || entry.offset < last.offset);
        previous = Some(entry);
        falls.then(|| "the entry does not rise above the one before".into())
    })
}

pub(super) fn dump_aborted<W: Write>(found: &Found, report: &mut Report<W>) -> Result<()> {
    dump(found, report, |entry: AbortedTxn| {
        (entry.first_offset > entry.last_offset).then(|| "the transaction ends before it begins".into())
    })
}

/// Prints the entries, and the `problem` that each may have.
fn dump<E, W>(
    found: &Found,
    report: &mut Report<W>,
    mut problem: impl FnMut(E) -> Option<String>,
) -> Result<()>
where
    E: IndexEntry + Into<Line>,
    W: Write,
{
    let unreadable = || format!("cannot read {}", found.path.display());
    let mut file = BufReader::new(File::open(&found.path).with_context(unreadable)?);
    let base = found.base_offset.unwrap_or(0);
    let mut position = 0;
    while let Some(bytes) = next_entry(&mut file, E::SIZE).with_context(unreadable)? {
        if is_padding(&bytes, position, found.size_in_bytes) {
            return report_padding(file, position, found, report).with_context(unreadable);
        }
        match decode::<E>(base, &bytes) {
            Ok(entry) => {
                report.line(entry)?;
                if let Some(problem) = problem(entry) {
                    report.damage(position, problem)?;
                }
            }
            Err(reason) => report.damage(position, reason)?,
        }
        position += bytes.len() as u64;
    }
    Ok(())
}

/// Fewer bytes than an entry has at a torn end; `None` after it.
fn next_entry(file: &mut impl Read, size: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(size);
    file.take(size as u64).read_to_end(&mut bytes)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn decode<E: IndexEntry>(base: Offset, bytes: &[u8]) -> Result<E, String> {
    if bytes.len() < E::SIZE {
        return Err(format!("an entry has {} bytes, the file ends after {}", E::SIZE, bytes.len()));
    }
    E::decode(base, bytes).ok_or_else(|| "the bytes are no entry".into())
}

/// An entry of zeros says nothing, but alone in its file it may be one: a time index can begin in 1970.
fn is_padding(bytes: &[u8], position: u64, size_in_bytes: u64) -> bool {
    bytes.iter().all(|byte| *byte == 0) && (position > 0 || size_in_bytes > bytes.len() as u64)
}

fn report_padding<W: Write>(
    mut rest: impl Read,
    position: u64,
    found: &Found,
    report: &mut Report<W>,
) -> io::Result<()> {
    let mut chunk = [0; 4096];
    loop {
        match rest.read(&mut chunk)? {
            0 => {
                return report
                    .line(Line::Padding { position, size: found.size_in_bytes.saturating_sub(position) });
            }
            read if chunk[..read].iter().any(|byte| *byte != 0) => {
                return report.damage(position, "zeros, and entries after them");
            }
            _ => {}
        }
    }
}

/// The segment beside an index, if there is one.
fn segment_of(index: &Path) -> Option<File> {
    let name = FileName::parse(index.file_name()?.to_str()?)?;
    let segment: PathBuf = index.with_file_name(FileName { kind: FileKind::Log, ..name }.to_string());
    File::open(segment).ok()
}

/// What the segment says against the entry: the batch at its position must end at its offset.
fn contradiction(segment: &mut File, entry: OffsetEntry) -> Option<String> {
    let OffsetEntry { offset, position } = entry;
    match last_offset_at(segment, position.into()) {
        Ok(Ok(last)) if last == offset => None,
        Ok(Ok(last)) => Some(format!("the batch at {position} ends at offset {last}, not {offset}")),
        Ok(Err(error)) => Some(format!("no batch is at {position} of the segment: {error}")),
        Err(error) => Some(format!("the segment cannot be read at {position}: {error}")),
    }
}

/// What the batch at a position of a segment ends with.
pub(crate) fn last_offset_at(segment: &mut File, position: u64) -> io::Result<Result<Offset, BatchError>> {
    segment.seek(SeekFrom::Start(position))?;
    // A message of an old version may be shorter than a batch's header; nothing else can.
    let head = next_entry(segment, BATCH_HEADER_SIZE)?.unwrap_or_default();
    Ok(match Frame::parse(&head) {
        Ok(frame) if frame.magic < 2 => Ok(frame.offset),
        _ => BatchHeader::parse(&head).map(|header| header.last_offset()),
    })
}
