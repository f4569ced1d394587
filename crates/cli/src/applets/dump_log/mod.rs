//! `kafka-dump-log`.
//!
//! ```text
//! batches   segments and snapshots
//! contents  what keys and values say
//! indexes   the files beside a segment
//! ```

mod batches;
mod contents;
mod indexes;

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use ottla_records::Offset;

use super::ending::Misuse;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use contents::Contents;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to parse a log file and dump its contents to the console, useful for debugging a \
            seemingly corrupt log segment.",
    options: &[
        Opt::flag("print-data-log", "Print the messages' content. Set by any decoder option."),
        Opt::flag("verify-index-only", "Just verify the index without printing its content."),
        Opt::flag("index-sanity-check", "Just check the index' sanity without printing its content."),
        Opt::value("files", "file1, file2, ...", "REQUIRED: The data and index log files to be dumped."),
        Opt::value("max-message-size", "size", "Size of largest message (default: 5242880)."),
        Opt::value("max-bytes", "size", "Read no more than so many bytes of batches."),
        Opt::flag("deep-iteration", "Print records as well as batches. Set by --print-data-log."),
        Opt::optional("value-decoder-class", "class", "Kafka's StringDecoder and no other."),
        Opt::optional("key-decoder-class", "class", "Kafka's StringDecoder and no other."),
        Opt::flag("offsets-decoder", "Records are those of __consumer_offsets."),
        Opt::flag("transaction-log-decoder", "Records are those of __transaction_state."),
        Opt::flag("cluster-metadata-decoder", "Records are those of __cluster_metadata."),
        Opt::flag("remote-log-metadata-decoder", "Not there."),
        Opt::flag("share-group-state-decoder", "Records are those of __share_group_state."),
        Opt::flag("skip-record-metadata", "Print keys and values alone. Skips control records."),
    ],
};

/// What is to be printed.
#[derive(Debug)]
struct Asked {
    contents: Option<Contents>,
    is_deep: bool,
    with_metadata: bool,
    bytes_max: u64,
    indexes: IndexCheck,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexCheck {
    Print,
    /// Tells of nothing but what is wrong.
    VerifyOnly,
    SanityOnly,
}

/// What is wrong, in lines that come at the end.
#[derive(Debug, Default)]
struct Problems(Vec<String>);

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    options.require(&["files"])?;
    let asked = Asked::of(&options)?;
    let mut problems = Problems::default();
    for file in options.value("files")?.unwrap_or_default().split(',') {
        writeln!(out, "Dumping {file}")?;
        dump(file, &asked, &mut problems, out)?;
    }
    out.flush()?;
    problems.0.iter().for_each(|problem| sayln!("{problem}"));
    Ok(Outcome::Success)
}

impl Asked {
    fn of(options: &Options) -> Result<Asked, Misuse> {
        let contents = Contents::of(options)?;
        let indexes = match (options.has("index-sanity-check"), options.has("verify-index-only")) {
            (true, _) => IndexCheck::SanityOnly,
            (false, true) => IndexCheck::VerifyOnly,
            (false, false) => IndexCheck::Print,
        };
        Ok(Asked {
            is_deep: contents.is_some() || options.has("deep-iteration"),
            contents,
            with_metadata: !options.has("skip-record-metadata"),
            bytes_max: options.number::<u32>("max-bytes")?.map_or(u64::MAX, u64::from),
            indexes,
        })
    }
}

fn dump(file: &str, asked: &Asked, problems: &mut Problems, out: &mut dyn Write) -> Result<()> {
    let path = Path::new(file);
    let unreadable = || format!("cannot read {file}");
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("log" | "checkpoint") => batches::dump(path, asked, problems, out),
        Some("index") => indexes::dump_offsets(path, asked.indexes, problems, out).with_context(unreadable),
        Some("timeindex") => indexes::dump_times(path, asked.indexes, problems, out).with_context(unreadable),
        Some("snapshot") => indexes::dump_producers(path, out).with_context(unreadable),
        Some("txnindex") => indexes::dump_aborted(path, out).with_context(unreadable),
        _ => {
            sayln!("Ignoring unknown file {file}");
            Ok(())
        }
    }
}

/// The offset that a file is named after.
fn base_offset(path: &Path) -> Result<Offset> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let digits = name.split('.').next().unwrap_or_default();
    digits.parse().map_err(|_not_a_number| anyhow!("For input string: \"{digits}\""))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}
