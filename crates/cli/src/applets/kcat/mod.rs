//! `kcat`, and by its old name `kafkacat`: version 1.7.1, as it is built without Avro and mock clusters.
//!
//! ```text
//! options     the command line, as getopt reads it
//! settings    options of the client: -X, -F, kcat.conf
//! properties  -X list
//! delimiter   -D and -K
//! consuming   -C and -G: records, and when they end
//! groups      what -G tells of rebalances
//! printing    a record: -f, -J, -s
//! producing   -P
//! metadata    -L
//! query       -Q
//! told        what it says on standard error
//! ```

mod consuming;
mod delimiter;
mod format;
mod groups;
mod json;
mod metadata;
mod options;
mod pack;
mod printing;
mod producing;
mod properties;
mod query;
mod settings;
mod told;

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use anyhow::Result;
use tokio::time::timeout;

use super::ending::Misuse;
use crate::exit::Outcome;
use crate::remote::block_on;
use options::{Mode, Options, Parsed};
use settings::Settings;
use told::Fatal;

const HELP: &str = include_str!("help.txt");

/// How long `-L` and `-Q` wait where `-m` does not say.
const SECONDS: u64 = 5;

const VERSION: &str = concat!(
    "kcat - Apache Kafka producer and consumer tool\n",
    "Version 1.7.1 (JSON, Transactions, IncrementalAssign, as ottla ",
    env!("CARGO_PKG_VERSION"),
    ")\n"
);

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let (mut options, mut settings) = match options::parse(without_name(args))? {
        Parsed::Run(options, settings) => (*options, settings),
        Parsed::Help => return printed(out, HELP),
        Parsed::Version => return printed(out, VERSION),
        Parsed::Properties => return printed(out, &properties::list()),
    };
    settings.read_default_files(&options)?;
    if options.dumps {
        return printed(out, &settings.shown());
    }
    if let Some(brokers) = &options.brokers {
        settings.set("metadata.broker.list", brokers)?;
    }
    check(&mut options, &settings)?;
    block_on(Box::pin(run_mode(&options, settings, out))).map_err(told::fatal)
}

/// Some images of containers have its name as their first argument.
fn without_name(args: &[String]) -> &[String] {
    match args.split_first() {
        Some((first, rest)) if matches!(first.as_str(), "kcat" | "kafkacat") => rest,
        _ => args,
    }
}

fn printed(out: &mut dyn Write, text: &str) -> Result<Outcome> {
    out.write_all(text.as_bytes())?;
    Ok(Outcome::Success)
}

fn misuse(reason: &str) -> Misuse {
    Misuse::WithHelp { message: format!("Error: {reason}\n"), help: HELP.into() }
}

/// What belongs together, and which mode is meant where none is named.
fn check(options: &mut Options, settings: &Settings) -> Result<()> {
    if !settings.names_brokers() {
        return Err(misuse("-b <broker,..> missing").into());
    }
    let mode = options.mode.unwrap_or_else(|| {
        let mode = if io::stdin().is_terminal() { Mode::Consume } else { Mode::Produce };
        let name = if mode == Mode::Consume { "Consumer" } else { "Producer" };
        options.tell(1, format_args!("Auto-selecting {name} mode (use -P or -C to override)"));
        mode
    });
    options.mode = Some(mode);
    if matches!(mode, Mode::Produce | Mode::Consume) && options.topic.is_none() {
        return Err(misuse("-t <topic> missing").into());
    }
    if mode == Mode::Query && options.queries.is_empty() {
        return Err(misuse("-t <topic>:<partition>:<offset_or_timestamp> missing").into());
    }
    if !options.rest.is_empty() && !matches!(mode, Mode::Produce | Mode::Group) {
        let reason = "file/topic list only allowed in producer(-P)/kafkaconsumer(-G) mode";
        return Err(misuse(reason).into());
    }
    if options.has_packs() && !matches!(mode, Mode::Consume | Mode::Group) {
        return Err(Fatal::new("-s serdes only available in the consumer").into());
    }
    if mode == Mode::Produce && options.delimiter.is_empty() {
        return Err(Fatal::new("Message delimiter -D must not be empty when producing").into());
    }
    Ok(())
}

async fn run_mode(options: &Options, settings: Settings, out: &mut dyn Write) -> Result<Outcome> {
    match options.mode {
        Some(Mode::Produce) => producing::run(options, settings).await,
        Some(Mode::Group) => consuming::run_group(options, settings, out).await,
        Some(Mode::List) => in_time(options, metadata::run(options, &settings, out)).await,
        Some(Mode::Query) => in_time(options, query::run(options, &settings, out)).await,
        Some(Mode::Consume) | None => consuming::run(options, settings, out).await,
    }
}

/// What the cluster is asked once it answers within `-m`, or not at all.
async fn in_time<T>(options: &Options, asking: impl Future<Output = Result<T>>) -> Result<T> {
    let seconds = options.seconds.unwrap_or(SECONDS);
    let late = || Fatal::new(format!("no answer within {seconds} s (-m): Local: Timed out"));
    timeout(Duration::from_secs(seconds), asking).await.map_err(|_elapsed| late())?
}
