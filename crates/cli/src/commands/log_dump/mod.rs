//! `ottla log dump`: what is in the files of a data directory, of ours and of Apache Kafka.
//!
//! ```text
//! find      which files there are, and what each holds, by its name
//! segment, index, small, journal    read one kind of file; damage is something to report, never a reason to stop
//! line      what was found, one value for each line of output
//! report    prints lines as text (for people) or NDJSON (for programs), and counts the damage
//! ```

mod find;
pub(crate) mod index;
mod journal;
mod line;
mod report;
pub(crate) mod segment;
mod small;
mod text;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use ottla_log::FolderName;

use crate::exit::{Outcome, print_error};
use crate::internal_records::Schema;
use crate::style::Style;
use find::{Content, Found};
use line::Line;
use report::{Format, Report, Show};

/// Print segments, indexes, checkpoints, snapshots and metadata logs
#[derive(Debug, Args)]
#[command(after_help = "\
Of a directory everything below it is printed. Damage is reported with its
position, and makes the exit code 1.

Examples:
  ottla log dump ~/.local/share/ottla
  ottla log dump /var/lib/kafka/orders-0/00000000000000000000.log
  ottla log dump --headers-only orders-0
  ottla log dump -o ndjson --records __consumer_offsets-0 | jq .decoded")]
pub(crate) struct LogDumpArgs {
    /// Files or directories
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,

    /// How to print it: ndjson is one JSON object a line
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Text, value_name = "FORMAT")]
    output: OutputFormat,

    /// Print nothing but records (and damage)
    #[arg(long, conflicts_with = "headers_only")]
    records: bool,

    /// Print batches without their records, which are not read then
    #[arg(long)]
    headers_only: bool,

    /// How keys and values are decoded [default: by the topic's name]
    #[arg(long, value_enum, value_name = "SCHEMA")]
    decode: Option<Schema>,

    /// As `kafka-dump-log` asks for records; here they are printed anyway.
    #[arg(long, hide = true)]
    print_data_log: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    #[value(alias = "json")]
    Ndjson,
}

impl LogDumpArgs {
    fn format(&self, style: Style) -> Format {
        match self.output {
            OutputFormat::Text => Format::Text(style),
            OutputFormat::Ndjson => Format::Ndjson,
        }
    }

    fn show(&self) -> Show {
        match (self.records, self.headers_only) {
            (true, _) => Show::Records,
            (_, true) => Show::Headers,
            _ => Show::All,
        }
    }
}

pub(crate) fn run(args: &LogDumpArgs) -> Result<Outcome> {
    let stdout = io::stdout();
    let style = Style::for_stream(stdout.is_terminal());
    let out = BufWriter::with_capacity(64 * 1024, stdout.lock());
    let mut report = Report::new(out, args.format(style), args.show());
    for path in &args.paths {
        for found in find::find(path)? {
            dump(&found, args.decode, &mut report)?;
        }
    }
    let damage = report.finish()?;
    if let Some(summary) = damage.summary() {
        print_error(&summary);
        return Ok(Outcome::Failure);
    }
    Ok(Outcome::Success)
}

fn dump<W: Write>(found: &Found, schema: Option<Schema>, report: &mut Report<W>) -> Result<()> {
    report.open(&found.path);
    report.line(Line::File(found.into()))?;
    // One file that cannot be read keeps nobody from the others.
    if let Err(error) = File::open(&found.path) {
        return Ok(report.damage(None, format!("cannot be opened: {error}"))?);
    }
    match found.content {
        Content::Segment => {
            segment::dump(&found.path, schema.unwrap_or_else(|| schema_of(&found.path)), report)
        }
        Content::MetadataSnapshot => segment::dump(&found.path, Schema::Metadata, report),
        Content::OffsetIndex => index::dump_offsets(found, report),
        Content::TimeIndex => index::dump_times(found, report),
        Content::TransactionIndex => index::dump_aborted(found, report),
        Content::ProducerSnapshot => small::dump_producers(&found.path, report),
        Content::LeaderEpochs => small::dump_leader_epochs(&found.path, report),
        Content::OffsetCheckpoint => small::dump_offset_checkpoint(&found.path, report),
        Content::PartitionMetadata => small::dump_partition_metadata(&found.path, report),
        Content::MetaProperties => small::dump_meta_properties(&found.path, report),
        Content::CleanShutdown => small::dump_clean_shutdown(&found.path, report),
        Content::QuorumState => small::dump_quorum_state(&found.path, report),
        Content::Journal => journal::dump(&found.path, report),
        Content::Lock | Content::Unknown => Ok(()),
    }
}

/// By the topic that the file's folder is named after.
fn schema_of(path: &Path) -> Schema {
    let folder = std::path::absolute(path).ok();
    let name = folder.as_deref().and_then(Path::parent).and_then(Path::file_name);
    let topic = name.and_then(|name| FolderName::parse(name.to_str()?)).map(|folder| folder.topic);
    topic.map_or(Schema::Opaque, |topic| Schema::of_topic(&topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_says_how_to_decode() {
        for (path, schema) in [
            ("data/__cluster_metadata-0/00000000000000000000.log", Schema::Metadata),
            ("__consumer_offsets-49/00000000000000000000.log", Schema::Offsets),
            ("/x/__transaction_state-1/00000000000000000000.log", Schema::Transactions),
            ("__share_group_state-0/00000000000000000000.log.deleted", Schema::ShareState),
            ("orders-0/00000000000000000000.log", Schema::Opaque),
            ("/00000000000000000000.log", Schema::Opaque),
        ] {
            assert_eq!(schema_of(Path::new(path)), schema, "{path}");
        }
    }
}
