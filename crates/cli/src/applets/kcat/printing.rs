//! A message on standard output.

use std::io::{self, Write};

use anyhow::Result;
use ottla_client::Client;
use ottla_client::consumer::ConsumerRecord;

use super::format::{self, Piece};
use super::json;
use super::options::Options;
use super::pack::{Failure, Pack};
use super::told::Fatal;

/// How messages are printed.
pub(super) struct Printer<'a> {
    layout: Layout,
    options: &'a Options,
    client: Client,
}

enum Layout {
    /// With what ends it.
    Json(Vec<u8>),
    Format(Vec<Piece>),
}

impl<'a> Printer<'a> {
    pub(super) fn new(options: &'a Options, client: Client) -> Result<Printer<'a>, Fatal> {
        let layout = match &options.format {
            _ if options.is_json => Layout::Json(options.delimiter.clone()),
            Some(text) => Layout::Format(format::parse(text)?),
            None => Layout::Format(plain(options)),
        };
        Ok(Printer { layout, options, client })
    }

    /// What cannot be formatted ends it, unless it is to go on.
    pub(super) fn print(&self, out: &mut impl Write, record: &ConsumerRecord) -> Result<()> {
        match self.write(out, record) {
            Ok(()) => Ok(()),
            Err(Failure::Io(error)) => Err(error.into()),
            Err(Failure::Unpack(reason)) => {
                let at = &record.partition;
                let told = format!(
                    "Failed to format message in {} [{}] at offset {}: {reason}",
                    at.topic, at.partition, record.offset
                );
                if self.options.goes_on {
                    sayln!("% ERROR: {told}");
                    return Ok(());
                }
                Err(Fatal::new(format!("{told}: terminating")).into())
            }
        }
    }

    fn write(&self, out: &mut impl Write, record: &ConsumerRecord) -> Result<(), Failure> {
        match &self.layout {
            Layout::Json(end) => {
                let leader = self.client.cluster().partition(&record.partition).and_then(|it| it.leader);
                json::write_record(out, record, leader.unwrap_or(-1))?;
                Ok(out.write_all(end)?)
            }
            Layout::Format(pieces) => {
                pieces.iter().try_for_each(|piece| self.write_piece(out, piece, record))
            }
        }
    }

    fn write_piece(
        &self,
        out: &mut impl Write,
        piece: &Piece,
        record: &ConsumerRecord,
    ) -> Result<(), Failure> {
        let length =
            |bytes: Option<&[u8]>| bytes.and_then(|bytes| i32::try_from(bytes.len()).ok()).unwrap_or(-1);
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        match piece {
            Piece::Literal(bytes) => out.write_all(bytes)?,
            Piece::Offset => write!(out, "{}", record.offset)?,
            Piece::Key => self.write_bytes(out, "key", key, self.options.key_pack.as_ref())?,
            Piece::KeyLength => write!(out, "{}", length(key))?,
            Piece::Value => self.write_bytes(out, "value", value, self.options.value_pack.as_ref())?,
            Piece::ValueLength => write!(out, "{}", length(value))?,
            Piece::ValueLengthBinary => out.write_all(&length(value).to_be_bytes())?,
            Piece::Topic => out.write_all(record.partition.topic.as_bytes())?,
            Piece::Partition => write!(out, "{}", record.partition.partition)?,
            Piece::Timestamp => write!(out, "{}", record.timestamp)?,
            Piece::Headers => write_headers(out, record)?,
        }
        Ok(())
    }

    /// With -Z what is empty is NULL, too.
    fn write_bytes(
        &self,
        out: &mut impl Write,
        what: &str,
        bytes: Option<&[u8]>,
        pack: Option<&Pack>,
    ) -> Result<(), Failure> {
        match (bytes.unwrap_or_default(), pack) {
            (&[], _) if self.options.shows_nulls => Ok(out.write_all(b"NULL")?),
            (&[], _) => Ok(()),
            (bytes, Some(pack)) => pack.write(out, what, bytes),
            (bytes, None) => Ok(out.write_all(bytes)?),
        }
    }
}

/// The value, behind its key if that has a delimiter.
fn plain(options: &Options) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(delimiter) = &options.key_delimiter {
        pieces.extend([Piece::Key, Piece::Literal(delimiter.clone())]);
    }
    pieces.extend([Piece::Value, Piece::Literal(options.delimiter.clone())]);
    pieces
}

fn write_headers(out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
    for (at, header) in record.headers.views().enumerate() {
        out.write_all(if at > 0 { b"," } else { b"" })?;
        out.write_all(header.key)?;
        out.write_all(b"=")?;
        out.write_all(header.value.unwrap_or(b"NULL"))?;
    }
    Ok(())
}
