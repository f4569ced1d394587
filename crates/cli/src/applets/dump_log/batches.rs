//! Segments and snapshots, batch by batch.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use ottla_records::{
    BatchHeader, ControlKey, ControlType, Entry, EntryHeader, LegacyHeader, Limits, NO_SEQUENCE, Offset,
    Record,
};
use serde_json::Value;

use super::contents::Contents;
use super::{Asked, Problems, base_offset};
use crate::commands::log_dump::segment::{Segment, Step};
use crate::internal_records::Schema;

pub(super) fn dump(path: &Path, asked: &Asked, problems: &mut Problems, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{}", heading(path)?)?;
    let mut segment = Segment::open(path)?;
    let mut dump = Dump { asked, last_offset: -1, gaps: Vec::new() };
    let unread = loop {
        match segment.next()? {
            Step::End => break 0,
            Step::Entry(position, entry) => {
                if position + entry.size_in_bytes() as u64 > asked.bytes_max {
                    break 0;
                }
                dump.entry(position, &entry, out)?;
            }
            Step::Zeros(position, _) | Step::Bad(position, _) => {
                break std::fs::metadata(path)?.len() - position;
            }
        }
    };
    if unread > 0 && asked.bytes_max == u64::MAX {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        writeln!(out, "Found {unread} invalid bytes at the end of {name}")?;
    }
    if !dump.gaps.is_empty() {
        problems.0.push(format!("Non-consecutive offsets in {}", std::path::absolute(path)?.display()));
        problems.0.extend(dump.gaps);
    }
    Ok(())
}

fn heading(path: &Path) -> Result<String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name == "bootstrap.checkpoint" {
        return Ok("KRaft bootstrap snapshot".into());
    }
    let Some(stem) = name.strip_suffix(".checkpoint") else {
        return Ok(format!("Log starting offset: {}", base_offset(path)?));
    };
    let parsed = stem
        .split_once('-')
        .and_then(|(offset, epoch)| Some((offset.parse::<Offset>().ok()?, epoch.parse::<i32>().ok()?)));
    let (offset, epoch) = parsed.ok_or_else(|| anyhow!("the name says nothing of offset and epoch"))?;
    Ok(format!("Snapshot end offset: {offset}, epoch: {epoch}"))
}

struct Dump<'a> {
    asked: &'a Asked,
    last_offset: Offset,
    gaps: Vec<String>,
}

impl Dump<'_> {
    fn entry(&mut self, position: u64, entry: &Entry, out: &mut dyn Write) -> Result<()> {
        writeln!(out, "{}", batch_line(position, entry))?;
        if !self.asked.is_deep {
            return Ok(());
        }
        for record in entry.records(&Limits::default())? {
            let record = record?;
            self.check_order(record.offset);
            self.record(entry, &record, out)?;
        }
        Ok(())
    }

    fn check_order(&mut self, offset: Offset) {
        if offset != self.last_offset + 1 {
            self.gaps.push(format!("  {} is followed by {offset}", self.last_offset));
        }
        self.last_offset = offset;
    }

    /// What is known of a record is printed before what is in it is looked at, which may fail.
    fn record(&self, entry: &Entry, record: &Record, out: &mut dyn Write) -> Result<()> {
        let header = entry.header();
        let is_control = matches!(&header, EntryHeader::Batch(header) if header.is_control());
        if self.asked.with_metadata {
            write!(out, "{}", metadata(&header, record))?;
            if is_control {
                write!(out, "{}", control(record)?)?;
            }
        }
        if let Some(contents) = self.asked.contents.filter(|_| !is_control) {
            let prefix = if self.asked.with_metadata { " " } else { "| " };
            write!(out, "{}", shown(contents, record, prefix)?)?;
        }
        Ok(writeln!(out)?)
    }
}

fn shown(contents: Contents, record: &Record, prefix: &str) -> Result<String> {
    Ok(match contents.shown(record)? {
        (Some(key), Some(value)) => format!("{prefix}key: {key} payload: {value}"),
        (Some(key), None) => format!("{prefix}key: {key}"),
        (None, Some(value)) => format!("{prefix}payload: {value}"),
        (None, None) => String::new(),
    })
}

fn batch_line(position: u64, entry: &Entry) -> String {
    let header = entry.header();
    let (numbers, time, crc, compression) = match &header {
        EntryHeader::Batch(batch) => {
            (of_batch(batch), batch.timestamp_type().to_string(), batch.crc, batch.compression())
        }
        EntryHeader::Message(message) => {
            (format!("offset: {}", message.offset), time_of(message), message.crc, message.compression())
        }
    };
    format!(
        "{numbers} position: {position} {time}: {} size: {} magic: {} compresscodec: {} crc: {crc} isvalid: {}",
        entry.max_timestamp(),
        entry.size_in_bytes(),
        entry.magic(),
        compression.map_or_else(|_| "unknown".into(), |known| known.to_string()),
        entry.check_crc().is_ok()
    )
}

fn of_batch(batch: &BatchHeader) -> String {
    let horizon = batch.delete_horizon();
    format!(
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} producerEpoch: {} \
         partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: {}",
        batch.base_offset,
        batch.last_offset(),
        batch.record_count,
        batch.base_sequence,
        batch.last_sequence(),
        batch.producer_id,
        batch.producer_epoch,
        batch.leader_epoch,
        batch.is_transactional(),
        batch.is_control(),
        horizon.map_or("OptionalLong.empty".into(), |horizon| format!("OptionalLong[{horizon}]"))
    )
}

/// Messages of version 0 have no time.
fn time_of(message: &LegacyHeader) -> String {
    message.timestamp_type().map_or("NoTimestampType".into(), |kind| kind.to_string())
}

fn metadata(header: &EntryHeader, record: &Record) -> String {
    let size = |bytes: Option<&bytes::Bytes>| bytes.map_or("-1".into(), |bytes| bytes.len().to_string());
    let time = match header {
        EntryHeader::Batch(batch) => batch.timestamp_type().to_string(),
        EntryHeader::Message(message) => time_of(message),
    };
    let line = format!(
        "| offset: {} {time}: {} keySize: {} valueSize: {}",
        record.offset,
        record.timestamp,
        size(record.key.as_ref()),
        size(record.value.as_ref())
    );
    match header {
        EntryHeader::Message(message) => format!("{line} isValid: true crc: {}", message.crc),
        EntryHeader::Batch(batch) => {
            let keys: Vec<String> = record
                .headers
                .iter()
                .map(|header| String::from_utf8_lossy(&header.key).into_owned())
                .collect();
            format!("{line} sequence: {} headerKeys: [{}]", sequence(batch, record.offset), keys.join(","))
        }
    }
}

/// Of one record: they count on, and begin with 0 again behind the last that there is.
fn sequence(batch: &BatchHeader, offset: Offset) -> i32 {
    if batch.base_sequence == NO_SEQUENCE {
        return NO_SEQUENCE;
    }
    let counted = i64::from(batch.base_sequence) + (offset - batch.base_offset);
    i32::try_from(counted.rem_euclid(1 << 31)).unwrap_or(NO_SEQUENCE)
}

fn control(record: &Record) -> Result<String> {
    let Some(key) = &record.key else { bail!("the control record at offset {} has no key", record.offset) };
    let kind = ControlKey::parse(key)?.control_type;
    let decoded = Schema::Control.decode(record.key.as_ref(), record.value.as_ref())?.unwrap_or_default();
    let data = &decoded["data"];
    Ok(match kind {
        ControlType::Abort => end_marker("ABORT", &decoded),
        ControlType::Commit => end_marker("COMMIT", &decoded),
        ControlType::LeaderChange => format!(" LeaderChange: {data}"),
        ControlType::SnapshotHeader => format!(" SnapshotHeader {data}"),
        ControlType::SnapshotFooter => format!(" SnapshotFooter {data}"),
        ControlType::KRaftVersion => format!(" KRaftVersion {data}"),
        ControlType::KRaftVoters => format!(" KRaftVoters {data}"),
        ControlType::Unknown(id) => format!(" controlType: UNKNOWN({id})"),
    })
}

fn end_marker(name: &str, decoded: &Value) -> String {
    format!(" endTxnMarker: {name} coordinatorEpoch: {}", decoded["coordinatorEpoch"])
}

#[cfg(test)]
mod tests {
    use ottla_records::{Batch, BatchBuilder, BatchOptions};

    use super::*;

    #[test]
    fn sequences_begin_anew_behind_the_last() {
        let mut builder = BatchBuilder::new(BatchOptions::default());
        builder.append(0, None, Some(b"v"), &[]).expect("it fits");
        let batch = builder.build().expect("one record");
        let with = |base_sequence| BatchHeader { base_sequence, ..*Batch::header(&batch) };
        assert_eq!(sequence(&with(NO_SEQUENCE), 5), -1);
        assert_eq!(sequence(&with(7), 5), 12);
        assert_eq!(sequence(&with(i32::MAX), 1), 0);
    }

    #[test]
    fn a_files_name_says_where_it_begins() {
        for (name, expected) in [
            ("00000000000000000007.log", "Log starting offset: 7"),
            ("00000000000000000069-0000000001.checkpoint", "Snapshot end offset: 69, epoch: 1"),
            ("bootstrap.checkpoint", "KRaft bootstrap snapshot"),
            ("x.log", "For input string: \"x\""),
        ] {
            let said = heading(Path::new(name)).unwrap_or_else(|error| error.to_string());
            assert_eq!(said, expected, "{name}");
        }
    }
}
