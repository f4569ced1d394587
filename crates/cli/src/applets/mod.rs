//! Kafka's scripts: what `ottla` is when it is called by one of their names, as `kafka-topics.sh` by a link, or as
//! `ottla kafka-topics.sh …`.
//!
//! Their flags, what they print and how they end is Apache Kafka 4.3's, so that scripts which call them need not change; where they
//! differ is listed in `docs/applets.md`. What they do is done by the client library, as for the commands of `ottla` itself.
//!
//! ```text
//! table          the scripts that there are; one module for each
//! columns        lines as Java's printf pads them
//! group_scripts  what the scripts about groups have in common
//! options        command lines as most of Kafka's scripts read them
//! subcommands    command lines of those that have commands of their own
//! connection     which cluster is meant
//! java           errors in the words of Java's client
//! ending         exit codes
//! install        the links
//! ```
//!
//! And `kcat`, and sarama's tools, in folders of their own, with their own command lines.

mod acls;
mod broker_api_versions;
mod client_metrics;
mod cluster;
mod columns;
mod configs;
mod connection;
mod console_consumer;
mod console_options;
mod console_producer;
mod console_share_consumer;
mod consumer_groups;
mod delegation_tokens;
mod delete_records;
mod deserializer;
mod dump_log;
mod ending;
mod features;
mod formatter;
mod get_offsets;
mod group_scripts;
mod groups;
pub(crate) mod install;
mod java;
mod kcat;
mod leader_election;
mod line_reader;
mod log_dirs;
mod metadata_quorum;
mod options;
mod performance;
mod reassign_partitions;
mod run_class;
mod sarama;
mod server;
mod share_groups;
mod storage;
mod streams_groups;
mod subcommands;
mod table;
mod topic_filter;
mod topics;
mod transactions;

use std::env;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use table::Applet;

/// Runs the script by whose name the process was called, or that its first argument names; none if it is `ottla` that was called.
pub(crate) fn run_if_called() -> Option<ExitCode> {
    let args: Vec<String> = env::args_os().map(text).collect();
    let (applet, rest) = called(&args)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let ended = (applet.run)(rest, &mut out);
    let flushed = out.flush().map_err(anyhow::Error::from);
    Some(ending::report(ended.and_then(|outcome| flushed.map(|()| outcome))))
}

fn called(args: &[String]) -> Option<(&'static Applet, &[String])> {
    let by_name = |at: usize| Some((table::find(args.get(at)?)?, args.get(at + 1..)?));
    by_name(0).or_else(|| by_name(1))
}

fn text(arg: OsString) -> String {
    arg.to_string_lossy().into_owned()
}
