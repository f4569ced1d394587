//! Reading on a thread of its own: a terminal or a pipe may be silent for hours, and what was read before must go out meanwhile.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, Bytes, BytesMut};
use ottla_client::producer::ProducerRecord;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// The records of all that is read, some at a time.
#[derive(Debug)]
pub(crate) struct Feed(Receiver<Result<Vec<ProducerRecord>>>);

/// What is read, and where it is taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Standard input if there are none.
    pub(crate) files: Vec<PathBuf>,
    /// Each of them is one piece.
    pub(crate) is_whole: bool,
    /// What ends a piece elsewhere.
    pub(crate) delimiter: Vec<u8>,
    /// Whether it is told where a piece stood that is no record.
    pub(crate) tells_lines: bool,
}

/// No more records are handed over at once.
pub(super) const BATCH: usize = 4096;

/// What is read at once is handed over at once, as long as lines are not very short: while both threads hold slices of one block they
/// count its holders in turn, and wait for each other.
const BUFFER: usize = 64 * 1024;

/// A longer line is no record: Kafka's lengths have 31 bits.
pub(super) const LINE_BYTES_MAX: usize = 1 << 30;

impl Source {
    /// Lines of standard input, or of these files.
    pub(super) fn lines(files: Vec<PathBuf>) -> Source {
        Source { files, is_whole: false, delimiter: b"\n".to_vec(), tells_lines: true }
    }
}

impl Feed {
    /// `record` makes a record of a piece without what ends it.
    pub(crate) fn start(record: impl Record, source: Source) -> Feed {
        Feed::reading(move |sender| Reading { record, source: &source, sender }.read_all())
    }

    /// Of a record that nobody need read.
    pub(super) fn one(record: ProducerRecord) -> Feed {
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(Ok(vec![record])).expect("there is room for one");
        Feed(receiver)
    }

    /// Of what `read` sends on a thread of its own.
    pub(super) fn reading(read: impl FnOnce(&Records) -> Result<()> + Send + 'static) -> Feed {
        let (sender, receiver) = mpsc::channel(8);
        // It ends with what it reads, or with the process: nobody can interrupt the reading of a terminal.
        thread::spawn(move || {
            if let Err(error) = read(&sender) {
                // Nobody listens if the command has ended.
                let _told = sender.blocking_send(Err(error));
            }
        });
        Feed(receiver)
    }

    /// Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<ProducerRecord>>> {
        self.0.recv().await
    }
}

/// Makes a record of text, if there is to be one. The text is a slice of more, so that nothing need be copied.
pub(crate) trait Record: FnMut(Bytes) -> Result<Option<ProducerRecord>> + Send + 'static {}

impl<F: FnMut(Bytes) -> Result<Option<ProducerRecord>> + Send + 'static> Record for F {}

pub(super) type Records = Sender<Result<Vec<ProducerRecord>>>;

/// The thread's work.
struct Reading<'a, R> {
    record: R,
    source: &'a Source,
    sender: &'a Records,
}

impl<R: Record> Reading<'_, R> {
    fn read_all(mut self) -> Result<()> {
        let source = self.source;
        if source.files.is_empty() && source.is_whole {
            let mut text = Vec::new();
            io::stdin().lock().take(LINE_BYTES_MAX as u64).read_to_end(&mut text)?;
            return self.send_whole(text);
        }
        if source.files.is_empty() {
            return self.read_pieces("standard input", io::stdin());
        }
        for path in &source.files {
            let shown = path.display().to_string();
            if source.is_whole {
                let text = read_whole(path).with_context(|| format!("cannot read {shown}"))?;
                self.send_whole(text)?;
            } else {
                let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
                self.read_pieces(&shown, file)?;
            }
        }
        Ok(())
    }

    fn send_whole(&mut self, text: Vec<u8>) -> Result<()> {
        let record = (self.record)(text.into())?;
        self.send(record.into_iter().collect());
        Ok(())
    }

    fn read_pieces(&mut self, shown: &str, mut input: impl Read) -> Result<()> {
        let mut block = BytesMut::new();
        let mut number = 0;
        // Up to here there is no delimiter.
        let mut searched = 0;
        loop {
            let read = read_some(&mut input, &mut block)?;
            let mut records = Vec::new();
            while let Some(end) = find(&block[searched..], &self.source.delimiter) {
                let piece = block.split_to(searched + end).freeze();
                // The delimiter.
                block.advance(self.source.delimiter.len());
                searched = 0;
                number += 1;
                self.take(piece, &mut records, number, shown)?;
                if records.len() >= BATCH && !self.send(std::mem::take(&mut records)) {
                    return Ok(());
                }
            }
            searched = block.len().saturating_sub(self.source.delimiter.len().saturating_sub(1));
            if read == 0 || block.len() >= LINE_BYTES_MAX {
                number += 1;
                let rest = block.split().freeze();
                searched = 0;
                if !rest.is_empty() {
                    self.take(rest, &mut records, number, shown)?;
                }
            }
            // What is there goes out before more is waited for.
            if !self.send(records) || read == 0 {
                return Ok(());
            }
        }
    }

    /// What came before a piece that is no record goes out.
    fn take(
        &mut self,
        piece: Bytes,
        records: &mut Vec<ProducerRecord>,
        number: u64,
        shown: &str,
    ) -> Result<()> {
        match (self.record)(piece) {
            Ok(record) => records.extend(record),
            Err(error) => {
                self.send(std::mem::take(records));
                let told = self.source.tells_lines;
                return Err(if told { error.context(format!("line {number} of {shown}")) } else { error });
            }
        }
        Ok(())
    }

    /// Whether somebody takes them.
    fn send(&self, records: Vec<ProducerRecord>) -> bool {
        records.is_empty() || self.sender.blocking_send(Ok(records)).is_ok()
    }
}

fn read_whole(path: &Path) -> Result<Vec<u8>> {
    let size = fs::metadata(path)?.len();
    if size > LINE_BYTES_MAX as u64 {
        bail!("{size} bytes are too much for a record");
    }
    Ok(fs::read(path)?)
}

/// Behind what is in the block; 0 at the end.
pub(super) fn read_some(input: &mut impl Read, block: &mut BytesMut) -> io::Result<usize> {
    let filled = block.len();
    block.resize(filled + BUFFER, 0);
    let read = loop {
        match input.read(&mut block[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    block.truncate(filled + read.as_ref().copied().unwrap_or_default());
    read
}

/// Where a delimiter begins; an empty one is nowhere.
pub(crate) fn find(text: &[u8], delimiter: &[u8]) -> Option<usize> {
    let (first, rest) = delimiter.split_first()?;
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(*first, &text[from..])?;
        if text[at + 1..].starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            let (given, rest) = self.0.split_at(count);
            buffer[..count].copy_from_slice(given);
            self.0 = rest;
            Ok(count)
        }
    }

    #[test]
    fn input_is_taken_apart_at_delimiters_however_it_comes() {
        for (text, delimiter, expected) in [
            (&b"one\n\nthree"[..], &b"\n"[..], &["one", "", "three"][..]),
            (b"one\n", b"\n", &["one"]),
            (b"", b"\n", &[]),
            (b"a::b:c::::d:", b"::", &["a", "b:c", "", "d:"]),
            (b"aab", b"ab", &["a"]),
        ] {
            for size in [1, 2, 3, 100] {
                let (sender, mut receiver) = mpsc::channel(100);
                let source = Source { delimiter: delimiter.to_vec(), ..Source::lines(Vec::new()) };
                let record = |piece: Bytes| Ok(Some(ProducerRecord::new("t").value(piece)));
                let mut reading = Reading { record, source: &source, sender: &sender };
                reading.read_pieces("somewhere", Slow(text, size)).expect("it is read");
                drop(sender);
                let mut found = Vec::new();
                while let Some(records) = receiver.blocking_recv() {
                    let values = records.expect("no failure").into_iter().filter_map(|record| record.value);
                    found.extend(values.map(|value| String::from_utf8_lossy(&value).into_owned()));
                }
                assert_eq!(found, expected, "{size} bytes at a time");
            }
        }
    }
}
