//! Timestamps.

use std::io::{self, Write};

use ottla_records::Timestamp;

use crate::format_string::{Modifier, NumberCodec};
use crate::timestamp::{Civil, Iso, go_time, strftime};

/// How a timestamp is written, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeCodec {
    /// Milliseconds since 1970.
    Number(NumberCodec),
    Iso,
    Strftime(String),
    Go(String),
}

impl TimeCodec {
    pub(super) fn parse(modifier: Option<Modifier<'_>>) -> Result<TimeCodec, String> {
        match modifier {
            None => Ok(TimeCodec::Number(NumberCodec::Ascii)),
            Some(Modifier { name: "iso" | "rfc3339", argument: None }) => Ok(TimeCodec::Iso),
            Some(Modifier { name: "strftime", argument: Some(format) }) => {
                Ok(TimeCodec::Strftime(format.into()))
            }
            Some(Modifier { name: "go", argument: Some(layout) }) => Ok(TimeCodec::Go(layout.into())),
            Some(Modifier { name: "strftime" | "go", argument: None }) => {
                Err("strftime and go want a format in brackets, as in %d{strftime[%F]}".into())
            }
            Some(modifier) => NumberCodec::parse(modifier.alone()?).map(TimeCodec::Number),
        }
    }

    pub(super) fn write(&self, out: &mut impl Write, timestamp: Timestamp) -> io::Result<()> {
        match self {
            TimeCodec::Number(codec) => codec.write(out, timestamp),
            TimeCodec::Iso => write!(out, "{}", Iso(timestamp)),
            TimeCodec::Strftime(format) => out.write_all(strftime(format, &Civil::of(timestamp)).as_bytes()),
            TimeCodec::Go(layout) => out.write_all(go_time(layout, &Civil::of(timestamp)).as_bytes()),
        }
    }
}
