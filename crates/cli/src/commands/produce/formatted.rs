//! Input into records, as a format string says.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use ottla_client::producer::ProducerRecord;

use super::feeding::{BATCH, Feed, Records};
use super::format::{Format, Input};
use super::lines::Reader;

/// The records of these files, or of standard input if there are none.
pub(super) fn feed(format: Format, reader: Reader, files: Vec<PathBuf>) -> Feed {
    Feed::reading(move |sender| {
        let reading = Reading { format: &format, reader: &reader, sender };
        if files.is_empty() {
            return reading.read("standard input", io::stdin());
        }
        files.iter().try_for_each(|path| {
            let shown = path.display().to_string();
            let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
            reading.read(&shown, file)
        })
    })
}

struct Reading<'a> {
    format: &'a Format,
    reader: &'a Reader,
    sender: &'a Records,
}

impl Reading<'_> {
    fn read(&self, shown: &str, source: impl Read) -> Result<()> {
        let mut input = Input::new(Outgoing { source, sender: self.sender, records: Vec::new() });
        for number in 1_u64.. {
            match self.record(&mut input) {
                Ok(Some(record)) => input.source_mut().take(record)?,
                Ok(None) => break,
                Err(error) => {
                    input.source_mut().send()?;
                    let at = input.taken();
                    return Err(error.context(format!("record {number} of {shown}, at byte {at}")));
                }
            }
        }
        Ok(input.source_mut().send()?)
    }

    fn record(&self, input: &mut Input<impl Read>) -> Result<Option<ProducerRecord>> {
        self.format.read(input)?.map(|parts| self.reader.record_of(parts)).transpose()
    }
}

/// What is read, and the records that were: they go out before more is waited for.
struct Outgoing<'a, R> {
    source: R,
    sender: &'a Records,
    records: Vec<ProducerRecord>,
}

impl<R> Outgoing<'_, R> {
    fn take(&mut self, record: ProducerRecord) -> io::Result<()> {
        self.records.push(record);
        if self.records.len() < BATCH { Ok(()) } else { self.send() }
    }

    /// Fails if nobody takes them any more.
    fn send(&mut self) -> io::Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.records);
        self.sender.blocking_send(Ok(records)).map_err(|_closed| io::ErrorKind::BrokenPipe.into())
    }
}

impl<R: Read> Read for Outgoing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.send()?;
        self.source.read(buffer)
    }
}
