//! How records are printed, by name.

use std::ffi::OsStr;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error, ValueEnum};

use super::offsets::Spans;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// The value, and a new line
    Text,
    /// Partition, offset, time, key and value, separated by tabs
    Tsv,
    /// Everything, as one JSON object a line
    #[value(alias = "json")]
    Ndjson,
}

/// Tells those who know kcat and rpk, where `-o` takes offsets, what does so here.
#[derive(Debug, Clone)]
pub(super) struct RecordFormatParser;

impl TypedValueParser for RecordFormatParser {
    type Value = RecordFormat;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<RecordFormat, Error> {
        match value.to_str().filter(|text| is_offset(text)) {
            Some(text) => {
                let said = format!("-o is for the output; offsets have a large O: -O {text}\n");
                Err(command.clone().error(ErrorKind::InvalidValue, said))
            }
            None => EnumValueParser::new().parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = RecordFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        Some(Box::new(values))
    }
}

fn is_offset(text: &str) -> bool {
    // What time it is matters to no spelling.
    let now = 0;
    Spans::parse([text], now).is_ok()
}
