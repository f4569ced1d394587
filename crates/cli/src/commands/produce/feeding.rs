//! Reading on a thread of its own: a terminal or a pipe may be silent for hours, and what was read before must go out meanwhile.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};
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

/// So many records are handed over at once, where so many are there.
const BATCH: usize = 512;

const BUFFER: usize = 256 * 1024;

/// A longer line is no record: Kafka's lengths have 31 bits.
const LINE_BYTES_MAX: u64 = 1 << 30;

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

    fn reading(read: impl FnOnce(&Records) -> Result<()> + Send + 'static) -> Feed {
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

/// Makes a record of text, if there is to be one.
pub(crate) trait Record: FnMut(&[u8]) -> Result<Option<ProducerRecord>> + Send + 'static {}

impl<F: FnMut(&[u8]) -> Result<Option<ProducerRecord>> + Send + 'static> Record for F {}

type Records = Sender<Result<Vec<ProducerRecord>>>;

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
            io::stdin().lock().take(LINE_BYTES_MAX).read_to_end(&mut text)?;
            return self.send_whole(&text);
        }
        if source.files.is_empty() {
            return self.read_pieces("standard input", io::stdin());
        }
        for path in &source.files {
            let shown = path.display().to_string();
            if source.is_whole {
                let text = read_whole(path).with_context(|| format!("cannot read {shown}"))?;
                self.send_whole(&text)?;
            } else {
                let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
                self.read_pieces(&shown, file)?;
            }
        }
        Ok(())
    }

    fn send_whole(&mut self, text: &[u8]) -> Result<()> {
        let record = (self.record)(text)?;
        self.send(record.into_iter().collect());
        Ok(())
    }

    fn read_pieces(&mut self, shown: &str, input: impl Read) -> Result<()> {
        let mut input = BufReader::with_capacity(BUFFER, input);
        let (mut records, mut piece) = (Vec::new(), Vec::new());
        let last = self.source.delimiter.last().copied().unwrap_or(b'\n');
        for number in 1_u64.. {
            // What is there goes out before more is waited for.
            let waits = records.len() >= BATCH || !input.buffer().contains(&last);
            if waits && !self.send(std::mem::take(&mut records)) {
                return Ok(());
            }
            piece.clear();
            if !self.read_piece(&mut input, &mut piece)? {
                break;
            }
            match (self.record)(&piece) {
                Ok(record) => records.extend(record),
                Err(error) => {
                    self.send(records);
                    let told = self.source.tells_lines;
                    return Err(if told {
                        error.context(format!("line {number} of {shown}"))
                    } else {
                        error
                    });
                }
            }
        }
        self.send(records);
        Ok(())
    }

    /// Up to the delimiter, which is taken off, or to the end; whether there was something.
    fn read_piece(&self, input: &mut impl BufRead, piece: &mut Vec<u8>) -> Result<bool> {
        let last = self.source.delimiter.last().copied().unwrap_or(b'\n');
        let mut input = input.take(LINE_BYTES_MAX);
        loop {
            if input.read_until(last, piece)? == 0 {
                return Ok(!piece.is_empty());
            }
            if piece.ends_with(&self.source.delimiter) {
                piece.truncate(piece.len() - self.source.delimiter.len());
                return Ok(true);
            }
        }
    }

    /// Whether somebody takes them.
    fn send(&self, records: Vec<ProducerRecord>) -> bool {
        records.is_empty() || self.sender.blocking_send(Ok(records)).is_ok()
    }
}

fn read_whole(path: &Path) -> Result<Vec<u8>> {
    let size = fs::metadata(path)?.len();
    if size > LINE_BYTES_MAX {
        bail!("{size} bytes are too much for a record");
    }
    Ok(fs::read(path)?)
}
