//! Reading on a thread of its own: a terminal or a pipe may be silent for hours, and what was read before must go out meanwhile.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};
use ottla_client::producer::ProducerRecord;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// The records of all that is read, some at a time.
#[derive(Debug)]
pub(super) struct Feed(Receiver<Result<Vec<ProducerRecord>>>);

/// So many records are handed over at once, where so many are there.
const BATCH: usize = 512;

const BUFFER: usize = 256 * 1024;

/// A longer line is no record: Kafka's lengths have 31 bits.
const LINE_BYTES_MAX: u64 = 1 << 30;

impl Feed {
    /// Reads these files, or standard input if there are none; `record` makes a record of a line, or of a whole file.
    pub(super) fn start(record: impl Record, files: Vec<PathBuf>, is_whole: bool) -> Feed {
        Feed::reading(move |sender| read_all(&record, &files, is_whole, sender))
    }

    /// Reads standard input, line by line.
    pub(super) fn lines(record: impl Record) -> Feed {
        Feed::reading(move |sender| read_lines(&record, None, io::stdin(), sender))
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
    pub(super) async fn next(&mut self) -> Option<Result<Vec<ProducerRecord>>> {
        self.0.recv().await
    }
}

/// Makes a record of text without the end of its line.
pub(crate) trait Record: Fn(&[u8]) -> Result<ProducerRecord> + Send + 'static {}

impl<F: Fn(&[u8]) -> Result<ProducerRecord> + Send + 'static> Record for F {}

type Records = Sender<Result<Vec<ProducerRecord>>>;

fn read_all(record: &impl Record, files: &[PathBuf], is_whole: bool, sender: &Records) -> Result<()> {
    if files.is_empty() && is_whole {
        let mut text = Vec::new();
        io::stdin().lock().take(LINE_BYTES_MAX).read_to_end(&mut text)?;
        send(sender, vec![record(&text)?]);
        return Ok(());
    }
    if files.is_empty() {
        return read_lines(record, Some("standard input"), io::stdin(), sender);
    }
    for path in files {
        let shown = path.display().to_string();
        if is_whole {
            let text = read_whole(path).with_context(|| format!("cannot read {shown}"))?;
            send(sender, vec![record(&text)?]);
        } else {
            let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
            read_lines(record, Some(&shown), file, sender)?;
        }
    }
    Ok(())
}

fn read_whole(path: &Path) -> Result<Vec<u8>> {
    let size = fs::metadata(path)?.len();
    if size > LINE_BYTES_MAX {
        bail!("{size} bytes are too much for a record");
    }
    Ok(fs::read(path)?)
}

/// With `shown`, a line that is no record is told with its number there.
fn read_lines(record: &impl Record, shown: Option<&str>, input: impl Read, sender: &Records) -> Result<()> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut records = Vec::new();
    let mut line = Vec::new();
    for number in 1_u64.. {
        // What is there goes out before more is waited for.
        let waits = records.len() >= BATCH || !input.buffer().contains(&b'\n');
        if waits && !send(sender, std::mem::take(&mut records)) {
            return Ok(());
        }
        line.clear();
        if input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        match record(&line) {
            Ok(record) => records.push(record),
            Err(error) => {
                send(sender, records);
                return Err(match shown {
                    Some(shown) => error.context(format!("line {number} of {shown}")),
                    None => error,
                });
            }
        }
    }
    send(sender, records);
    Ok(())
}

/// Whether somebody takes them.
fn send(sender: &Records, records: Vec<ProducerRecord>) -> bool {
    records.is_empty() || sender.blocking_send(Ok(records)).is_ok()
}
