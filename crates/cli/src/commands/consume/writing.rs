//! A record on standard output.

use std::io::{self, Write};

use bytes::Bytes;
use ottla_client::consumer::ConsumerRecord;

use super::RecordFormat;
use super::format::Format;
use crate::envelope::Envelope;
use crate::timestamp::Iso;

/// How records are written.
#[derive(Debug)]
pub(crate) enum Writing {
    /// The value as it is; on a terminal without what could harm it.
    Text {
        is_terminal: bool,
    },
    Tsv,
    Ndjson,
    Format(Format),
}

impl Writing {
    pub(crate) fn new(
        output: RecordFormat,
        format: Option<&str>,
        is_terminal: bool,
    ) -> Result<Writing, String> {
        match (format, output) {
            (Some(format), _) => Format::parse(format).map(Writing::Format),
            (None, RecordFormat::Text) => Ok(Writing::Text { is_terminal }),
            (None, RecordFormat::Tsv) => Ok(Writing::Tsv),
            (None, RecordFormat::Ndjson) => Ok(Writing::Ndjson),
        }
    }

    pub(crate) fn write(&self, out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
        match self {
            Writing::Text { is_terminal: false } => {
                out.write_all(record.value.as_deref().unwrap_or_default())?;
                out.write_all(b"\n")
            }
            Writing::Text { is_terminal: true } => writeln!(out, "{}", printable(record.value.as_ref())),
            Writing::Tsv => writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}",
                record.partition.partition,
                record.offset,
                Iso(record.timestamp),
                printable(record.key.as_ref()),
                printable(record.value.as_ref()),
            ),
            Writing::Ndjson => {
                serde_json::to_writer(&mut *out, &Envelope::from(record))?;
                out.write_all(b"\n")
            }
            Writing::Format(format) => format.write(out, record),
        }
    }
}

/// On one line, and harmless to a terminal: what is not text is escaped byte by byte.
fn printable(bytes: Option<&Bytes>) -> String {
    let Some(bytes) = bytes else { return String::new() };
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_that_could_harm_it() {
        for (bytes, expected) in [
            (&b"hello \xc3\xa9"[..], "hello é"),
            (b"\x1b[31m\n\x07", "\\u{1b}[31m\\n\\u{7}"),
            (b"a\xff\xfeb", "a\\xff\\xfeb"),
            (b"\xc2\x9b", "\\u{9b}"),
        ] {
            assert_eq!(printable(Some(&Bytes::from_static(bytes))), expected);
        }
    }
}
