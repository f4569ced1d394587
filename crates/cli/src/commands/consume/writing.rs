//! A record on standard output.

use std::io::{self, Write};

use ottla_client::consumer::ConsumerRecord;
use serde::Serialize as _;

use super::RecordFormat;
use super::decoding::{Decoded, Meaning};
use super::format::{Format, Source};
use crate::envelope::{Content, Envelope};
use crate::payload::{is_obeyed, printable};
use crate::timestamp::Iso;

/// How records are written; to a terminal without what could harm it.
#[derive(Debug)]
pub(crate) struct Writing {
    layout: Layout,
    is_terminal: bool,
    /// How many were written.
    count: u64,
}

#[derive(Debug)]
enum Layout {
    /// The value.
    Text,
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
        let layout = match (format, output) {
            (Some(format), _) => Layout::Format(Format::parse(format)?),
            (None, RecordFormat::Text) => Layout::Text,
            (None, RecordFormat::Tsv) => Layout::Tsv,
            (None, RecordFormat::Ndjson) => Layout::Ndjson,
        };
        Ok(Writing { layout, is_terminal, count: 0 })
    }

    /// A record as it is.
    pub(crate) fn write(&mut self, out: &mut impl Write, record: &ConsumerRecord) -> io::Result<()> {
        self.write_decoded(out, record, &None, &None)
    }

    /// With what its key and its value mean.
    pub(super) fn write_decoded(
        &mut self,
        out: &mut impl Write,
        record: &ConsumerRecord,
        key: &Meaning,
        value: &Meaning,
    ) -> io::Result<()> {
        self.count += 1;
        match &self.layout {
            Layout::Text => {
                self.write_bytes(out, shown(record.value.as_deref(), value))?;
                out.write_all(b"\n")
            }
            Layout::Tsv => writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}",
                record.partition.partition,
                record.offset,
                Iso(record.timestamp),
                printable(shown(record.key.as_deref(), key)),
                printable(shown(record.value.as_deref(), value)),
            ),
            Layout::Ndjson => {
                let envelope = Envelope::from(record);
                let envelope = content(key).into_iter().fold(envelope, Envelope::with_key);
                let envelope = content(value).into_iter().fold(envelope, Envelope::with_value);
                if self.is_terminal {
                    envelope.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless))?;
                } else {
                    serde_json::to_writer(&mut *out, &envelope)?;
                }
                out.write_all(b"\n")
            }
            Layout::Format(format) => {
                let (key, value) = (decoded(key), decoded(value));
                let source = Source { record, key, value, number: self.count, is_terminal: self.is_terminal };
                format.write(out, &source)
            }
        }
    }

    fn write_bytes(&self, out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        if self.is_terminal { out.write_all(printable(bytes).as_bytes()) } else { out.write_all(bytes) }
    }
}

fn decoded(meaning: &Meaning) -> Option<&Decoded> {
    meaning.as_ref().and_then(|meaning| meaning.as_ref().ok())
}

/// Nothing for what is null.
fn shown<'a>(bytes: Option<&'a [u8]>, meaning: &'a Meaning) -> &'a [u8] {
    decoded(meaning).map(|decoded| decoded.text().as_bytes()).or(bytes).unwrap_or_default()
}

fn content(meaning: &Meaning) -> Option<Result<Content<'_>, &str>> {
    let meaning = meaning.as_ref()?;
    Some(meaning.as_ref().map(Decoded::content).map_err(String::as_str))
}

/// JSON with escapes also where it does not want them: DEL, the control characters beyond ASCII, and others that terminals obey.
struct Harmless;

impl serde_json::ser::Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for part in fragment.split_inclusive(is_obeyed) {
            let plain = part.trim_end_matches(is_obeyed);
            out.write_all(plain.as_bytes())?;
            part[plain.len()..].chars().try_for_each(|c| write!(out, "\\u{:04x}", u32::from(c)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_on_a_terminal_has_no_control_characters() {
        let mut out = Vec::new();
        let text = "a\u{9b}b\u{7f}\u{1b}é\u{202e}";
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Harmless)).expect("it is text");
        assert_eq!(String::from_utf8(out).expect("text"), r#""a\u009bb\u007f\u001bé\u202e""#);
    }
}
