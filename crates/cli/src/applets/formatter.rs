//! Records as the console consumers print them.

use std::io::{self, Write};

use anyhow::{Result, anyhow, bail};
use bytes::Bytes;
use ottla_client::Offset;
use ottla_client::consumer::ConsumerRecord;
use ottla_client::share::ShareRecord;
use ottla_records::{Headers, TimestampType};
use serde_json::json;

use super::connection::Properties;
use super::deserializer::Deserializer;
use crate::internal_records::{CoordinatorRecord, Schema};

/// What formatters know of a record, whoever consumed it.
#[derive(Debug)]
pub(super) struct Printable<'a> {
    partition: i32,
    offset: Offset,
    timestamp: i64,
    timestamp_type: TimestampType,
    key: Option<&'a Bytes>,
    value: Option<&'a Bytes>,
    headers: &'a Headers,
    /// How often it was delivered; of share groups alone.
    delivery_count: Option<u16>,
}

impl<'a> From<&'a ConsumerRecord> for Printable<'a> {
    fn from(record: &'a ConsumerRecord) -> Printable<'a> {
        Printable {
            partition: record.partition.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            timestamp_type: record.timestamp_type,
            key: record.key.as_ref(),
            value: record.value.as_ref(),
            headers: &record.headers,
            delivery_count: None,
        }
    }
}

impl<'a> From<&'a ShareRecord> for Printable<'a> {
    fn from(record: &'a ShareRecord) -> Printable<'a> {
        Printable {
            partition: record.partition.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            timestamp_type: record.timestamp_type,
            key: record.key.as_ref(),
            value: record.value.as_ref(),
            headers: &record.headers,
            delivery_count: Some(record.delivery_count),
        }
    }
}

/// One of Kafka's formatters.
#[derive(Debug)]
pub(super) enum Formatter {
    Default(Box<Columns>),
    /// As the default one, and the same again for a log, which is standard error.
    Logging(Box<Columns>),
    /// Records of a coordinator, of some of the types of keys alone; of all, if there are none.
    Coordinator(Schema, &'static [i16]),
    /// Prints nothing.
    NoOp,
}

/// What the default formatter prints of each record, in the order of these fields.
#[derive(Debug)]
pub(super) struct Columns {
    timestamp: bool,
    partition: bool,
    offset: bool,
    delivery: bool,
    epoch: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: String,
    line_separator: String,
    headers_separator: String,
    null_literal: String,
    key_deserializer: Option<Deserializer>,
    value_deserializer: Option<Deserializer>,
    headers_deserializer: Option<Deserializer>,
}

impl Formatter {
    pub(super) fn new(class: Option<&str>, properties: &Properties) -> Result<Formatter> {
        let class = class.unwrap_or("org.apache.kafka.tools.consumer.DefaultMessageFormatter");
        match class.strip_prefix("org.apache.kafka.tools.consumer.") {
            Some("DefaultMessageFormatter") => Ok(Formatter::Default(Box::new(Columns::new(properties)))),
            Some("LoggingMessageFormatter") => Ok(Formatter::Logging(Box::new(Columns::new(properties)))),
            Some("OffsetsMessageFormatter") => Ok(Formatter::Coordinator(Schema::Offsets, &[0, 1])),
            Some("GroupMetadataMessageFormatter") => Ok(Formatter::Coordinator(Schema::Offsets, &[2])),
            Some("ShareGroupMessageFormatter") => {
                Ok(Formatter::Coordinator(Schema::Offsets, &[9, 10, 11, 12, 13, 14]))
            }
            Some("TransactionLogMessageFormatter") => Ok(Formatter::Coordinator(Schema::Transactions, &[])),
            Some("NoOpMessageFormatter") => Ok(Formatter::NoOp),
            _ => bail!("there is no formatter {class}"),
        }
    }

    pub(super) fn write(&self, out: &mut impl Write, record: &Printable<'_>) -> Result<()> {
        match self {
            Formatter::Default(columns) => columns.write(out, record),
            Formatter::Logging(columns) => {
                columns.write(out, record)?;
                sayln!("{}", log_line(record));
                Ok(())
            }
            Formatter::Coordinator(schema, kinds) => write_coordinator(out, *schema, kinds, record),
            Formatter::NoOp => Ok(()),
        }
    }
}

/// On one line with what comes before and after it, as Kafka's formatters do not end lines.
fn write_coordinator(
    out: &mut impl Write,
    schema: Schema,
    kinds: &[i16],
    record: &Printable<'_>,
) -> Result<()> {
    if record.key.is_none() {
        return Ok(());
    }
    let decoded = schema.coordinator_record(record.key, record.value);
    let decoded = decoded
        .map_err(|reason| anyhow!("Could not read record at offset {} due to: {reason}", record.offset))?;
    let Some(CoordinatorRecord { kind, known: Some(known) }) = decoded else { return Ok(()) };
    if kinds.is_empty() || kinds.contains(&kind) {
        let value = known.value.map(|(version, data)| json!({ "version": version, "data": data }));
        write!(out, "{}", json!({ "key": { "type": kind, "data": known.key }, "value": value }))?;
    }
    Ok(())
}

fn log_line(record: &Printable<'_>) -> String {
    let text = |bytes: &bytes::Bytes| String::from_utf8_lossy(bytes).into_owned();
    let key = record.key.map_or("null ".into(), |key| format!("{}, ", text(key)));
    let value = record.value.map_or("null".into(), text);
    let whose = match record.timestamp_type {
        _ if record.timestamp < 0 => String::new(),
        TimestampType::CreateTime => format!("CreateTime:{}, ", record.timestamp),
        TimestampType::LogAppendTime => format!("LogAppendTime:{}, ", record.timestamp),
    };
    format!("{whose}key:{key}value:{value}")
}

impl Columns {
    fn new(properties: &Properties) -> Columns {
        let is =
            |name: &str| properties.get(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        let text = |name: &str, default: &str| properties.get(name).unwrap_or(default).to_owned();
        let deserializer = |name: &str| properties.get(name).and_then(Deserializer::of_class);
        Columns {
            timestamp: is("print.timestamp"),
            partition: is("print.partition"),
            offset: is("print.offset"),
            delivery: is("print.delivery"),
            epoch: is("print.epoch"),
            headers: is("print.headers"),
            key: is("print.key"),
            value: properties.get("print.value").is_none() || is("print.value"),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
            key_deserializer: deserializer("key.deserializer"),
            value_deserializer: deserializer("value.deserializer"),
            headers_deserializer: deserializer("headers.deserializer"),
        }
    }

    fn write(&self, out: &mut impl Write, record: &Printable<'_>) -> Result<()> {
        // Each of the columns but the value is followed by a separator, and the last one by the line's.
        let columns =
            [self.timestamp, self.partition, self.offset, self.delivery, self.epoch, self.headers, self.key];
        let printed: Vec<usize> = (0..columns.len()).filter(|at| columns[*at]).collect();
        for at in &printed {
            self.write_column(out, *at, record)?;
            let is_last = !self.value && printed.last() == Some(at);
            out.write_all(if is_last { &self.line_separator } else { &self.key_separator }.as_bytes())?;
        }
        if self.value {
            self.write_bytes(out, self.value_deserializer, record.value.map(|value| &**value))?;
            out.write_all(self.line_separator.as_bytes())?;
        }
        Ok(())
    }

    fn write_column(&self, out: &mut impl Write, at: usize, record: &Printable<'_>) -> Result<()> {
        match at {
            0 => write_timestamp(out, record)?,
            1 => write!(out, "Partition:{}", record.partition)?,
            2 => write!(out, "Offset:{}", record.offset)?,
            3 => match record.delivery_count {
                Some(count) => write!(out, "Delivery:{count}")?,
                None => write!(out, "Delivery:NOT_PRESENT")?,
            },
            // What is given to the formatter has none.
            4 => write!(out, "Epoch:NOT_PRESENT")?,
            5 => self.write_headers(out, record)?,
            _ => self.write_bytes(out, self.key_deserializer, record.key.map(|key| &**key))?,
        }
        Ok(())
    }

    fn write_headers(&self, out: &mut impl Write, record: &Printable<'_>) -> Result<()> {
        let mut is_first = true;
        for header in record.headers.iter() {
            if !std::mem::take(&mut is_first) {
                out.write_all(self.headers_separator.as_bytes())?;
            }
            out.write_all(&header.key)?;
            out.write_all(b":")?;
            self.write_bytes(out, self.headers_deserializer, header.value.as_deref())?;
        }
        if is_first {
            out.write_all(b"NO_HEADERS")?;
        }
        Ok(())
    }

    fn write_bytes(
        &self,
        out: &mut impl Write,
        deserializer: Option<Deserializer>,
        bytes: Option<&[u8]>,
    ) -> Result<()> {
        let bytes = bytes.unwrap_or(self.null_literal.as_bytes());
        match deserializer {
            Some(deserializer) => out.write_all(deserializer.shown(bytes)?.as_bytes())?,
            None => out.write_all(bytes)?,
        }
        Ok(())
    }
}

fn write_timestamp(out: &mut impl Write, record: &Printable<'_>) -> io::Result<()> {
    let whose = match record.timestamp_type {
        _ if record.timestamp < 0 => return write!(out, "NO_TIMESTAMP"),
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    };
    write!(out, "{whose}:{}", record.timestamp)
}
