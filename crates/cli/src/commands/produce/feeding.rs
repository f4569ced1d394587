//! Reading on a thread of its own: a terminal or a pipe may be silent for hours, and what was read before must go out meanwhile.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};
use ottla_client::producer::ProducerRecord;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::lines::Reader;

/// The records of all that is read, some at a time.
#[derive(Debug)]
pub(super) struct Feed(Receiver<Result<Vec<ProducerRecord>>>);

/// So many records are handed over at once, where so many are there.
const BATCH: usize = 512;

const BUFFER: usize = 256 * 1024;

/// A longer line is no record: Kafka's lengths have 31 bits.
const LINE_BYTES_MAX: u64 = 1 << 30;

impl Feed {
    /// Reads these files, or standard input if there are none.
    pub(super) fn start(reader: Reader, files: Vec<PathBuf>, is_whole: bool) -> Feed {
        let (sender, receiver) = mpsc::channel(8);
        // It ends with what it reads, or with the process: nobody can interrupt the reading of a terminal.
        thread::spawn(move || {
            if let Err(error) = read_all(&reader, &files, is_whole, &sender) {
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

type Records = Sender<Result<Vec<ProducerRecord>>>;

fn read_all(reader: &Reader, files: &[PathBuf], is_whole: bool, sender: &Records) -> Result<()> {
    if files.is_empty() && is_whole {
        let mut text = Vec::new();
        io::stdin().lock().take(LINE_BYTES_MAX).read_to_end(&mut text)?;
        send(sender, vec![reader.record(&text)?]);
        return Ok(());
    }
    if files.is_empty() {
        return read_lines(reader, "standard input", io::stdin(), sender);
    }
    for path in files {
        let shown = path.display().to_string();
        if is_whole {
            let text = read_whole(path).with_context(|| format!("cannot read {shown}"))?;
            send(sender, vec![reader.record(&text)?]);
        } else {
            let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
            read_lines(reader, &shown, file, sender)?;
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

fn read_lines(reader: &Reader, shown: &str, input: impl Read, sender: &Records) -> Result<()> {
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
        match reader.record(&line) {
            Ok(record) => records.push(record),
            Err(error) => {
                send(sender, records);
                return Err(error.context(format!("line {number} of {shown}")));
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
