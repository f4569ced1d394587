//! Which records are shown, of those that are read.

use anyhow::Result;
use clap::Args;
use ottla_client::consumer::ConsumerRecord;
use ottla_records::HeaderView;

use super::decoding::{Decoded, Meaning};
use super::pattern::Pattern;
use crate::exit::usage;

/// What flags say of it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterArgs {
    /// Only records whose key matches: a glob, or /regex/
    #[arg(long, value_name = "PATTERN")]
    key: Option<String>,

    /// Only records whose value matches
    #[arg(long, value_name = "PATTERN")]
    value: Option<String>,

    /// Only records that have such a header (several: all of them)
    #[arg(long = "header", value_name = "NAME[=PATTERN]")]
    headers: Vec<String>,

    /// Only records that these do not match
    #[arg(long, alias = "reverse")]
    invert: bool,
}

/// What a record must look like to be shown. What was decoded is matched as it is shown, all else as it is; null matches nothing.
#[derive(Debug, Default)]
pub(super) struct Filter {
    key: Option<Pattern>,
    value: Option<Pattern>,
    headers: Vec<(Pattern, Option<Pattern>)>,
    is_inverted: bool,
}

impl Filter {
    pub(super) fn new(args: &FilterArgs) -> Result<Filter> {
        let parse = |flag, text: Option<&String>| text.map(|text| parse(flag, text)).transpose();
        let filter = Filter {
            key: parse("--key", args.key.as_ref())?,
            value: parse("--value", args.value.as_ref())?,
            headers: args.headers.iter().map(|header| of_header(header)).collect::<Result<_>>()?,
            is_inverted: args.invert,
        };
        if args.invert && filter.takes_all() {
            return Err(usage("--invert wants something to invert: --key, --value or --header"));
        }
        Ok(filter)
    }

    /// Whether every record is shown.
    pub(super) fn takes_all(&self) -> bool {
        self.key.is_none() && self.value.is_none() && self.headers.is_empty()
    }

    pub(super) fn takes(&self, record: &ConsumerRecord, key: &Meaning, value: &Meaning) -> bool {
        let is_match = matches(self.key.as_ref(), shown(record.key.as_deref(), key))
            && matches(self.value.as_ref(), shown(record.value.as_deref(), value))
            && self.headers.iter().all(|header| record.headers.views().any(|it| is_such(header, it)));
        is_match != self.is_inverted
    }
}

fn parse(flag: &str, text: &str) -> Result<Pattern> {
    Pattern::parse(text).map_err(|reason| usage(format!("{flag}: {reason}")))
}

fn of_header(text: &str) -> Result<(Pattern, Option<Pattern>)> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    Ok((parse("--header", name)?, value.map(|value| parse("--header", value)).transpose()?))
}

fn is_such((name, value): &(Pattern, Option<Pattern>), header: HeaderView<'_>) -> bool {
    name.matches(header.key) && matches(value.as_ref(), header.value)
}

fn matches(pattern: Option<&Pattern>, text: Option<&[u8]>) -> bool {
    pattern.is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text)))
}

fn shown<'a>(bytes: Option<&'a [u8]>, meaning: &'a Meaning) -> Option<&'a [u8]> {
    let decoded = meaning.as_ref().and_then(|meaning| meaning.as_ref().ok());
    decoded.map(Decoded::text).map(str::as_bytes).or(bytes)
}
