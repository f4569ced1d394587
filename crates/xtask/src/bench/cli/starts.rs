//! How long commands take that need not wait for anybody: that ends with what they print, or with a broker that is not there.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::super::{
    clock::now,
    figure::{Quantity, Sample, Unit},
    programs::Programs,
    start::figure,
    table::Summary,
};
use crate::ports::free_address;

/// How often each command is started.
const STARTS: u32 = 50;
const TIME: Quantity = Quantity::new("", Unit::Micros);

/// With `CLOSED` for an address where nobody listens.
const COMMANDS: &[&[&str]] = &[
    &["--version"],
    &["help"],
    &["ctx", "ls"],
    &["topic", "list", "-b", "CLOSED"],
    &["consume", "t", "-b", "CLOSED"],
    &["produce", "t", "-b", "CLOSED"],
    &["topic", "list", "-b", "CLOSED", "-X", "security.protocol=SSL"],
    &["kafka-topics.sh", "--version"],
    &["kcat", "-V"],
];

pub(super) fn print(programs: &Programs) -> Result<()> {
    let closed = free_address(1)?.to_string();
    println!(
        "\nFrom start to end, medians of {STARTS}; nobody listens at CLOSED.\n\n| command | time |\n|---|---|"
    );
    for args in COMMANDS {
        let mut command = programs.ottla();
        command.args(args.iter().map(|arg| if *arg == "CLOSED" { closed.as_str() } else { arg }));
        println!("| `ottla {}` | {} |", args.join(" "), started(command)?);
    }
    let mut kcat = Command::new("kcat");
    kcat.arg("-V");
    println!("| `kcat -V`, the original | {} |", started(kcat)?);
    Ok(())
}

/// How long the command takes, however it ends.
fn started(mut command: Command) -> Result<Summary> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut start = |_| {
        let began = now();
        command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(vec![figure(TIME, began.elapsed())])
    };
    let samples = (0..STARTS).map(&mut start).collect::<Result<Vec<Sample>>>()?;
    let summaries = Summary::of_each(&samples.iter().collect::<Vec<_>>());
    summaries.into_iter().next().context("it was started")
}
