//! Lines as people read them: a heading for each file, what it holds indented below.

use std::fmt::{self, Display};
use std::io::{self, Write};

use ottla_records::NO_PRODUCER_ID;
use serde_json::Value;

use super::find::Content;
use super::line::{BatchLine, FileLine, JournalEntryLine, Line, MessageLine, ProducerLine, RecordLine};
use crate::payload::Payload;
use crate::style::Style;
use crate::timestamp::Iso;

pub(super) fn write(out: &mut impl Write, style: Style, file: &str, line: &Line) -> io::Result<()> {
    match line {
        Line::File(line) => writeln!(out, "{} {}", style.heading(file), style.faint(Heading(line))),
        Line::Batch(line) => writeln!(out, "  {}", Batch(line)),
        Line::Message(line) => writeln!(out, "  {}", Message(line)),
        Line::Record(line) => writeln!(out, "    {}", Record(line)),
        Line::ProducerState(line) => writeln!(out, "  {}", Producer(line)),
        Line::Damage { position, problem } => {
            let place = position.map(|position| format!(" at byte {position}")).unwrap_or_default();
            writeln!(out, "  {}", style.bad(format!("damage in {file}{place}: {problem}")))
        }
        Line::OffsetIndexEntry { offset, position } => writeln!(out, "  offset {offset} at {position}"),
        Line::TimeIndexEntry { timestamp, offset } => {
            writeln!(out, "  {} at offset {offset}", Iso(*timestamp))
        }
        Line::AbortedTransaction { producer_id, first_offset, last_offset, last_stable_offset } => writeln!(
            out,
            "  producer {producer_id} aborted offsets {first_offset}..{last_offset}, \
             last stable offset {last_stable_offset}"
        ),
        Line::LeaderEpoch { epoch, start_offset } => {
            writeln!(out, "  epoch {epoch} from offset {start_offset}")
        }
        Line::PartitionOffset { topic, partition, offset } => {
            writeln!(out, "  {topic}-{partition}: {offset}")
        }
        Line::PartitionMetadata { topic_id } => writeln!(out, "  topic {topic_id}"),
        Line::MetaProperties { cluster_id, node_id, directory_id } => {
            let directory = directory_id.as_deref().unwrap_or("without an id");
            writeln!(out, "  cluster {cluster_id}, node {node_id}, directory {directory}")
        }
        Line::CleanShutdown { broker_epoch } => writeln!(out, "  broker epoch {broker_epoch}"),
        Line::QuorumState { data } => writeln!(out, "  {data}"),
        Line::JournalState { released } => writeln!(out, "  entries up to {released} are in synced segments"),
        Line::JournalEntry(JournalEntryLine { lsn, topic_id, partition }) => {
            writeln!(out, "  entry {lsn}: topic {topic_id}, partition {partition}")
        }
        Line::Padding { position, size } => {
            writeln!(out, "  {size} bytes of zeros from {position}, not used")
        }
    }
}

struct Heading<'a>(&'a FileLine);

impl Display for Heading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {} bytes)", name(self.0.content), self.0.size)
    }
}

fn name(content: Content) -> &'static str {
    match content {
        Content::Segment => "segment",
        Content::MetadataSnapshot => "metadata snapshot",
        Content::OffsetIndex => "offset index",
        Content::TimeIndex => "time index",
        Content::TransactionIndex => "transaction index",
        Content::ProducerSnapshot => "producer snapshot",
        Content::LeaderEpochs => "leader epochs",
        Content::OffsetCheckpoint => "offset checkpoint",
        Content::PartitionMetadata => "partition metadata",
        Content::MetaProperties => "identity of the data directory",
        Content::CleanShutdown => "mark of a clean stop",
        Content::QuorumState => "quorum state",
        Content::Journal => "journal",
        Content::Lock => "lock",
        Content::Unknown => "unknown",
    }
}

struct Batch<'a>(&'a BatchLine);

impl Display for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batch = self.0;
        f.write_str("batch")?;
        batch.position.map_or(Ok(()), |position| write!(f, " at {position}"))?;
        write!(
            f,
            ": offsets {}..{}, {} {}, {} bytes, {}, epoch {}, {} {}",
            batch.base_offset,
            batch.last_offset,
            batch.count,
            if batch.count == 1 { "record" } else { "records" },
            batch.size,
            batch.compression,
            batch.partition_leader_epoch,
            batch.timestamp_type,
            Iso(batch.max_timestamp)
        )?;
        if batch.producer_id != NO_PRODUCER_ID {
            write!(f, ", producer {} epoch {}", batch.producer_id, batch.producer_epoch)?;
        }
        if batch.base_sequence >= 0 {
            write!(f, ", sequence {}..{}", batch.base_sequence, batch.last_sequence)?;
        }
        if let Some(horizon) = batch.delete_horizon_ms {
            write!(f, ", delete horizon {}", Iso(horizon))?;
        }
        flag(f, batch.transactional, ", transactional")?;
        flag(f, batch.control, ", control")
    }
}

fn flag(f: &mut fmt::Formatter<'_>, set: bool, text: &str) -> fmt::Result {
    if set { f.write_str(text) } else { Ok(()) }
}

struct Message<'a>(&'a MessageLine);

impl Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0;
        write!(f, "message of version {} at {}: ", message.magic, message.position)?;
        match message.base_offset {
            Some(base) => write!(f, "offsets {base}..{}", message.last_offset)?,
            None => write!(f, "offsets ?..{}", message.last_offset)?,
        }
        write!(f, ", {} bytes, {}", message.size, message.compression)?;
        match &message.timestamp_type {
            Some(kind) => write!(f, ", {kind} {}", Iso(message.max_timestamp)),
            None => Ok(()),
        }
    }
}

struct Record<'a>(&'a RecordLine);

impl Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0;
        write!(f, "{} {}", record.offset, Iso(record.timestamp))?;
        match &record.decoded {
            Some(decoded) => write_decoded(f, decoded)?,
            None => {
                write!(f, " key={} value={}", Nullable(record.key.as_ref()), Nullable(record.value.as_ref()))?
            }
        }
        for (name, value) in &record.headers {
            write!(f, " header {name}={}", Nullable(value.as_ref()))?;
        }
        Ok(())
    }
}

/// The type of the record in front, then its fields.
fn write_decoded(f: &mut fmt::Formatter<'_>, decoded: &Value) -> fmt::Result {
    let Some(fields) = decoded.as_object() else { return write!(f, " {decoded}") };
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("type", Value::String(kind)) => write!(f, " {kind}")?,
            ("data", data) => write!(f, " {data}")?,
            _ => write!(f, " {name}={value}")?,
        }
    }
    Ok(())
}

struct Nullable<'a>(Option<&'a Payload>);

impl Display for Nullable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(payload) => payload.fmt(f),
            None => f.write_str("null"),
        }
    }
}

struct Producer<'a>(&'a ProducerLine);

impl Display for Producer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let producer = self.0;
        write!(
            f,
            "producer {} epoch {}: last sequence {} at offset {} ({} more before it), {}, coordinator epoch {}",
            producer.producer_id,
            producer.epoch,
            producer.last_sequence,
            producer.last_offset,
            producer.offset_delta,
            Iso(producer.timestamp),
            producer.coordinator_epoch
        )?;
        if producer.current_txn_first_offset >= 0 {
            write!(f, ", transaction open since offset {}", producer.current_txn_first_offset)?;
        }
        Ok(())
    }
}
