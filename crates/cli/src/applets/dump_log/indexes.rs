//! The files beside a segment: its indexes, and what is known of its producers.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use ottla_log::format::decode_producer_snapshot;
use ottla_log::index::{AbortedTxn, IndexEntry, OffsetEntry, TimeEntry};
use ottla_records::Offset;

use super::{IndexCheck, Problems, base_offset, read};
use crate::commands::log_dump::index::last_offset_at;

pub(super) fn dump_offsets(
    path: &Path,
    check: IndexCheck,
    problems: &mut Problems,
    out: &mut dyn Write,
) -> Result<()> {
    let (base, bytes) = (base_offset(path)?, read(path)?);
    let mut segment = File::open(path.with_extension("log"))?;
    if bytes.len() < OffsetEntry::SIZE {
        return Ok(writeln!(out, "{} is empty.", path.display())?);
    }
    if check == IndexCheck::SanityOnly {
        return Ok(writeln!(out, "{} passed sanity check.", path.display())?);
    }
    let mut mismatches = Vec::new();
    for entry in entries::<OffsetEntry>(base, &bytes, |entry| entry.offset) {
        let last = last_offset_at(&mut segment, entry.position.into())?.unwrap_or(-1);
        if last != entry.offset {
            mismatches.push(format!("  Index offset: {}, log offset: {last}", entry.offset));
        }
        if check == IndexCheck::Print {
            writeln!(out, "offset: {} position: {}", entry.offset, entry.position)?;
        }
    }
    // The last first, as the script has them.
    problems.add(
        &format!("Mismatches in :{}", std::path::absolute(path)?.display()),
        mismatches.into_iter().rev(),
    );
    Ok(())
}

pub(super) fn dump_times(
    path: &Path,
    check: IndexCheck,
    problems: &mut Problems,
    out: &mut dyn Write,
) -> Result<()> {
    let (base, bytes) = (base_offset(path)?, read(path)?);
    if check == IndexCheck::SanityOnly {
        return Ok(writeln!(out, "{} passed sanity check.", path.display())?);
    }
    let mut falling = Vec::new();
    let mut previous = -1;
    for entry in entries::<TimeEntry>(base, &bytes, |entry| entry.offset) {
        if previous >= entry.timestamp {
            falling.push(format!(
                "  Index timestamp: {}, Previously indexed timestamp: {previous}",
                entry.timestamp
            ));
        }
        previous = entry.timestamp;
        if check == IndexCheck::Print {
            writeln!(out, "timestamp: {} offset: {}", entry.timestamp, entry.offset)?;
        }
    }
    let heading = format!("Found out of order timestamp in :{}", std::path::absolute(path)?.display());
    problems.add(&heading, falling);
    Ok(())
}

pub(super) fn dump_aborted(path: &Path, out: &mut dyn Write) -> Result<()> {
    for entry in read(path)?.chunks_exact(AbortedTxn::SIZE).filter_map(|bytes| AbortedTxn::decode(0, bytes)) {
        let AbortedTxn { producer_id, first_offset, last_offset, last_stable_offset } = entry;
        writeln!(
            out,
            "version: 0 producerId: {producer_id} firstOffset: {first_offset} lastOffset: {last_offset} \
             lastStableOffset: {last_stable_offset}"
        )?;
    }
    Ok(())
}

pub(super) fn dump_producers(path: &Path, out: &mut dyn Write) -> Result<()> {
    let entries = match decode_producer_snapshot(&read(path)?) {
        Ok(entries) => entries,
        Err(reason) => {
            sayln!("{reason}");
            return Ok(());
        }
    };
    for entry in entries {
        // What is kept of the last batch is told twice: of the producer, and of the batch.
        let (time, first) = (entry.timestamp, entry.last_sequence.wrapping_sub(entry.offset_delta));
        write!(
            out,
            "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {} lastTimestamp: {time}",
            entry.producer_id,
            entry.epoch,
            entry.coordinator_epoch,
            open_transaction(entry.current_txn_first_offset)
        )?;
        if entry.last_offset >= 0 {
            write!(
                out,
                " firstSequence: {first} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {time}",
                entry.last_sequence, entry.last_offset, entry.offset_delta
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn open_transaction(first_offset: Offset) -> String {
    if first_offset < 0 { "OptionalLong.empty".into() } else { format!("OptionalLong[{first_offset}]") }
}

/// Up to the zeros that Kafka fills an index up with.
fn entries<E: IndexEntry>(
    base: Offset,
    bytes: &[u8],
    offset: impl Fn(&E) -> Offset,
) -> impl Iterator<Item = E> {
    let decoded = bytes.chunks_exact(E::SIZE).map_while(move |bytes| E::decode(base, bytes));
    decoded
        .enumerate()
        .take_while(move |(at, entry)| *at == 0 || offset(entry) != base)
        .map(|(_, entry)| entry)
}

impl Problems {
    fn add(&mut self, heading: &str, lines: impl IntoIterator<Item = String>) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_some() {
            self.0.push(heading.to_owned());
            self.0.extend(lines);
        }
    }
}
