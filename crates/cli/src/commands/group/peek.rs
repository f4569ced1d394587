//! `ottla group peek`.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use ottla_client::TopicPartition;
use ottla_client::admin::OffsetSpec;
use ottla_client::config::IsolationLevel;

use super::committed_offsets;
use crate::commands::consume::{RecordFormat, Writing};
use crate::commands::next_records::next_records;
use crate::commands::offsets_of::offsets_of;
use crate::exit::{Outcome, usage};
use crate::remote::ConnectionArgs;

const LOOKING_TIME: Duration = Duration::from_secs(10);

/// Show the records that a group is about to read; the group notices nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla group peek billing
  ottla group peek billing --topic orders:3 -n 10 -o ndjson
  ottla group peek billing -f '%p %o %d{iso} %k=%v\\n'")]
pub(crate) struct PeekArgs {
    /// The group whose next records are shown
    #[arg(value_name = "GROUP")]
    group: String,

    /// In these alone [default: all that the group has been in]
    #[arg(short, long = "topic", value_name = "TOPIC[:N,…]")]
    topics: Vec<String>,

    /// So many of each partition
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    num: usize,

    /// How to print records
    #[arg(short, long, value_enum, default_value_t = RecordFormat::Tsv, value_name = "FORMAT")]
    output: RecordFormat,

    /// How to print records, as for `ottla consume`
    #[arg(short, long, conflicts_with = "output", value_name = "STRING")]
    format: Option<String>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &PeekArgs) -> Result<Outcome> {
    let stdout = io::stdout();
    let writing = Writing::new(args.output, args.format.as_deref(), stdout.is_terminal());
    let mut writing = writing.map_err(|reason| usage(format!("--format: {reason}")))?;
    let remote = args.connection.connect().await?;
    let committed = committed_offsets(&remote.admin, &args.group, &args.topics).await?;
    let partitions: Vec<TopicPartition> = committed.keys().cloned().collect();
    let ends =
        offsets_of(&remote.admin, &partitions, OffsetSpec::Latest, IsolationLevel::ReadUncommitted).await?;
    let stretches = committed.into_iter().filter_map(|(it, from)| {
        let end = *ends.get(&it)?;
        (from < end).then_some((it, (from, end)))
    });
    let stretches: BTreeMap<_, _> = stretches.collect();
    let found = next_records(&remote.client, &stretches, args.num, LOOKING_TIME).await?;
    let mut out = BufWriter::new(stdout.lock());
    for record in found.values().flatten() {
        writing.write(&mut out, record)?;
    }
    out.flush()?;
    Ok(Outcome::Success)
}
