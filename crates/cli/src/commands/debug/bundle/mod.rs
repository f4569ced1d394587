//! `ottla debug bundle`: what helps to find out what is wrong, in one file.
//!
//! ```text
//! plan       which of our own commands make up a bundle
//! asking     one of them, asked
//! gathering  all parts, one after the other
//! local      what is on this machine
//! redaction  what nobody else may see
//! archive    the file, and the list of what is in it
//! ```

mod archive;
mod asking;
mod gathering;
mod local;
mod plan;
mod redaction;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::clock::wall_ms;
use crate::exit::{Outcome, print_error, print_warning, usage};
use crate::output::{Answer, Column, Layout, Nested, OutputArgs};
use crate::remote::{ConnectionArgs, block_on};
use crate::signals::Signals;
use crate::timestamp::{Civil, parse_duration, strftime};
use archive::{Archive, PartRow};
use gathering::Gathering;

/// Gather in one file what helps to find out what is wrong
#[derive(Debug, Args)]
#[command(after_help = "\
The cluster, its options, topics, groups, transactions, users and more, as the
commands of ottla tell of them; two samples of what moves, so that rates can be
seen; metrics of brokers that are Ottla's; and with --data-dir this machine and
what files there are. manifest.json tells what each file is, and errors.ndjson
why something is missing, as where a broker refuses.

No record is read, and passwords, keys and tokens are taken out. Names are left
in, as of topics, groups, users and clients, and so are addresses and paths.

Examples:
  ottla debug bundle
  ottla debug bundle --file ticket-17.tar.gz --interval 30s
  ottla debug bundle --data-dir /var/lib/ottla --log-file /var/log/ottla.log
  ottla debug bundle --config server.properties --data-dir /var/lib/kafka
  ottla debug bundle -b broker-1:9092 -o json | jq '.parts[] | select(.error)'")]
pub(crate) struct BundleArgs {
    /// What to write [default: ottla-bundle-TIME.tar.gz]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Write over a file that is there
    #[arg(long)]
    force: bool,

    /// How long to wait between both samples; 0s for one sample
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    interval: String,

    /// How long each part may take
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    timeout: String,

    /// Ask for metrics here instead of where brokers say that they serve them
    #[arg(long, value_name = "HOST:PORT")]
    http: Vec<String>,

    /// Also list this data directory, and tell of this machine
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Also copy this file of a broker's options, without its secrets
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Also copy the end of this log
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl BundleArgs {
    /// Whether there is something to be told although nobody tells of the cluster.
    fn tells_of_this_machine(&self) -> bool {
        self.data_dir.is_some() || self.config.is_some() || self.log_file.is_some()
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    file: String,
    bytes: u64,
    part_count: usize,
    incomplete_count: usize,
    parts: Vec<PartRow>,
}

impl Answer for Bundle {
    const LAYOUT: Layout = Layout::Details {
        facts: &[
            Column::new("FILE", "file"),
            Column::new("BYTES", "bytes"),
            Column::new("PARTS", "partCount"),
            Column::new("INCOMPLETE", "incompleteCount"),
        ],
        tables: &[Nested {
            title: "Parts",
            field: "parts",
            columns: &[
                Column::new("PART", "part"),
                Column::new("RESULT", "result"),
                Column::new("BYTES", "bytes"),
                Column::wide("TAKEN-AT", "takenAt"),
                Column::wide("ERROR", "error"),
            ],
        }],
    };
}

pub(super) fn run(args: &BundleArgs) -> Result<Outcome> {
    let interval = duration("--interval", &args.interval)?;
    let within = duration("--timeout", &args.timeout)?;
    let properties = args.connection.properties()?;
    let file = args.file.clone().unwrap_or_else(default_file);
    // From here on there is something to be removed.
    let signals = Signals::listen()?.patient();
    let archive = Archive::create(&file, args.force)?;
    let mut gathering = Gathering::new(archive, args, within);
    let asked = block_on(Box::pin(async {
        tokio::select! {
            gathered = gathering.gather(args, &properties, interval) => gathered.map(|()| None),
            asked = signals.asked() => Ok(Some(asked)),
        }
    }))?;
    if let Some(asked) = asked {
        print_error("interrupted: there is no bundle");
        return Ok(asked.outcome());
    }
    let archive = gathering.into_archive();
    let parts = archive.rows().to_vec();
    let bytes = archive.finish(args.force, wall_ms())?;
    let incomplete_count = parts.iter().filter(|part| part.error.is_some()).count();
    let file = file.display().to_string();
    let bundle = Bundle { file, bytes, part_count: parts.len(), incomplete_count, parts };
    args.output.print_one(&bundle)?;
    if incomplete_count > 0 {
        let all = bundle.part_count;
        print_warning(format_args!(
            "{incomplete_count} of {all} parts are missing or partial; errors.ndjson tells why"
        ));
    }
    Ok(Outcome::Success)
}

fn duration(flag: &str, text: &str) -> Result<Duration> {
    parse_duration(text).ok_or_else(|| usage(format!("{flag} {text}: give it as 500ms, 30s or 1m")))
}

fn default_file() -> PathBuf {
    PathBuf::from(strftime("ottla-bundle-%Y%m%dT%H%M%SZ.tar.gz", &Civil::of(wall_ms())))
}
