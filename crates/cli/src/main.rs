//! `ottla`, the one executable: it reads the command line, starts what it asks for, and says what went wrong.
//!
//! Upstream is everything else; downstream is the person at the terminal, and scripts. What scripts rely on is kept
//! stable here: exit codes, NDJSON field names, and that standard output carries results alone.
//!
//! It decides nothing about records, logs or requests: what a command needs to know lives in the crate that owns it.

#![forbid(unsafe_code)]
#![warn(clippy::print_stderr)]

#[macro_use]
mod say;

mod acl;
mod api_versions;
mod applets;
mod args;
mod byte_size;
mod clock;
mod commands;
mod compact_json;
mod completing;
mod configuration;
mod confirm;
mod envelope;
mod exit;
mod format_string;
mod hanging_transactions;
mod integer;
mod internal_records;
mod java_regex;
mod kafka_id;
mod output;
mod password;
mod payload;
mod principal;
mod random;
mod reassignment;
mod remote;
mod screen;
mod signals;
mod style;
mod timestamp;
mod word;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(ended) = applets::run_if_called() {
        return ended;
    }
    completing::answer_if_asked();
    exit::report(commands::run(args::Args::of_process().command))
}
