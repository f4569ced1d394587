//! Segments, and metadata snapshots, which look the same: batches one after another.
//!
//! A segment may be larger than memory: one entry is held at a time, and only after its length was found to fit
//! the file.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use ottla_records::{Batch, BatchError, Entries, Entry, Frame, LegacyMessage, Limits, Offset, Record};

use super::line::{BatchLine, Line, MessageLine, RecordLine};
use super::report::Report;
use crate::internal_records::Schema;

pub(super) fn dump<W: Write>(path: &Path, schema: Schema, report: &mut Report<W>) -> Result<()> {
    let unreadable = || format!("cannot read {}", path.display());
    let mut segment = Segment::open(path).with_context(unreadable)?;
    let mut dump = Dump { schema, report, limits: Limits::default(), last_offset: None };
    loop {
        match segment.next().with_context(unreadable)? {
            Step::Entry(position, entry) => dump.entry(position, &entry)?,
            Step::Bad(position, problem) => {
                dump.report.damage(position, problem)?;
                return Ok(());
            }
            Step::Zeros(position, size) => {
                dump.report.line(Line::Padding { position, size })?;
                return Ok(());
            }
            Step::End => return Ok(()),
        }
    }
}

/// A segment file, read from its start.
pub(crate) struct Segment {
    file: BufReader<File>,
    position: u64,
    /// As long as the file was when it was opened: a broker may append meanwhile.
    len: u64,
}

pub(crate) enum Step {
    Entry(u64, Entry),
    /// Nothing that follows can be found.
    Bad(u64, String),
    /// Room that was never written to, up to the end.
    Zeros(u64, u64),
    End,
}

impl Segment {
    pub(crate) fn open(path: &Path) -> io::Result<Segment> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Segment { file: BufReader::with_capacity(256 * 1024, file), position: 0, len })
    }

    pub(crate) fn next(&mut self) -> io::Result<Step> {
        let remaining = self.len - self.position;
        if remaining == 0 {
            return Ok(Step::End);
        }
        let mut head = [0; Frame::SIZE];
        let head = &mut head[..usize::try_from(remaining).map_or(Frame::SIZE, |left| left.min(Frame::SIZE))];
        self.file.read_exact(head)?;
        let frame = match Frame::parse(head) {
            Ok(frame) => frame,
            Err(error) => return self.unreadable(head, &error, remaining),
        };
        let needed = frame.size_in_bytes;
        match usize::try_from(remaining) {
            Ok(available) if available < needed => {
                Ok(self.bad(&BatchError::Incomplete { needed, available }, remaining))
            }
            _ => {
                let entry = self.read_entry(head, needed)?;
                Ok(self.parse(entry, remaining))
            }
        }
    }

    /// The entry that begins with `head` and is known to lie within the file.
    fn read_entry(&mut self, head: &[u8], size: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; size];
        let (front, rest) = bytes.split_at_mut(head.len());
        front.copy_from_slice(head);
        self.file.read_exact(rest)?;
        Ok(bytes.into())
    }

    /// Takes one entry, whose size is known to be right.
    fn parse(&mut self, bytes: Bytes, remaining: u64) -> Step {
        let size = bytes.len() as u64;
        match Entries::new(bytes).next() {
            Some(Ok(entry)) => {
                let position = self.position;
                self.position += size;
                Step::Entry(position, entry)
            }
            Some(Err(positioned)) => self.bad(&positioned.error, remaining),
            None => Step::End,
        }
    }

    /// Zeros to the end are no damage: some writers make room in advance.
    fn unreadable(&mut self, head: &[u8], error: &BatchError, remaining: u64) -> io::Result<Step> {
        let zeros = head == [0; Frame::SIZE] && only_zeros(&mut self.file)?;
        Ok(if zeros { Step::Zeros(self.position, remaining) } else { self.bad(error, remaining) })
    }

    fn bad(&self, error: &BatchError, remaining: u64) -> Step {
        Step::Bad(self.position, format!("{error}; {remaining} bytes up to the end of the file are not read"))
    }
}

fn only_zeros(rest: &mut impl Read) -> io::Result<bool> {
    let mut chunk = [0; 4096];
    loop {
        match rest.read(&mut chunk)? {
            0 => return Ok(true),
            read if chunk[..read].iter().any(|byte| *byte != 0) => return Ok(false),
            _ => {}
        }
    }
}

struct Dump<'a, W: Write> {
    schema: Schema,
    report: &'a mut Report<W>,
    limits: Limits,
    last_offset: Option<Offset>,
}

impl<W: Write> Dump<'_, W> {
    fn entry(&mut self, position: u64, entry: &Entry) -> io::Result<()> {
        let crc = entry.check_crc();
        let base_offset = entry.base_offset(&self.limits);
        self.report.line(header_line(position, entry, base_offset.as_ref().ok().copied(), crc.is_ok()))?;
        if let Err(error) = &crc {
            self.report.damage(position, error)?;
        }
        if let Ok(base_offset) = base_offset {
            self.check_order(position, base_offset)?;
        }
        self.last_offset = Some(entry.last_offset());
        if !self.report.wants_records() {
            return Ok(());
        }
        match self.records(position, entry)? {
            // Of a batch that is known to be damaged, one report is enough.
            Err(error) if crc.is_ok() => self.report.damage(position, error),
            _ => Ok(()),
        }
    }

    fn check_order(&mut self, position: u64, base_offset: Offset) -> io::Result<()> {
        match self.last_offset {
            Some(last) if base_offset <= last => {
                self.report.damage(position, format!("offset {base_offset} follows offset {last}"))
            }
            _ => Ok(()),
        }
    }

    /// The inner result is that of reading, the outer that of printing.
    fn records(&mut self, position: u64, entry: &Entry) -> io::Result<Result<(), BatchError>> {
        let control = matches!(entry, Entry::Batch(batch) if batch.header().is_control());
        let schema = if control { Schema::Control } else { self.schema };
        let records = match entry.records(&self.limits) {
            Ok(records) => records,
            Err(error) => return Ok(Err(error)),
        };
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(error) => return Ok(Err(error)),
            };
            self.record(position, schema, &record)?;
        }
        Ok(Ok(()))
    }

    fn record(&mut self, position: u64, schema: Schema, record: &Record) -> io::Result<()> {
        match schema.decode(record.key.as_ref(), record.value.as_ref()) {
            Ok(decoded) => self.report.line(Line::Record(RecordLine::new(record, decoded))),
            Err(reason) => {
                self.report.line(Line::Record(RecordLine::new(record, None)))?;
                let problem = format!("the record at offset {} cannot be decoded: {reason}", record.offset);
                self.report.damage(position, problem)
            }
        }
    }
}

fn header_line(position: u64, entry: &Entry, base_offset: Option<Offset>, crc_valid: bool) -> Line {
    match entry {
        Entry::Batch(batch) => Line::Batch(BatchLine::new(Some(position), Batch::header(batch), crc_valid)),
        Entry::Message(message) => {
            let header = LegacyMessage::header(message);
            Line::Message(MessageLine::new(position, header, base_offset, crc_valid))
        }
    }
}
