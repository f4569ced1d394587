//! `kafka-server-stop`.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};

use super::process::Broker;
use crate::applets::options::{Opt, Syntax};
use crate::exit::Outcome;

static SYNTAX: Syntax = Syntax {
    about: "This tool stops the brokers of this machine that this executable runs.",
    options: &[
        Opt::value("node-id", "id", "The node with this id alone."),
        Opt::value("process-role", "role", "Nodes with this role alone: broker or controller."),
    ],
};

/// Where Linux tells of processes.
const PROCESSES: &str = "/proc";

pub(in crate::applets) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    if options.has("help") {
        return Err(SYNTAX.misuse(SYNTAX.about).into());
    }
    let (node, role) = (options.value("node-id")?, options.value("process-role")?);
    let is_meant = |found: &Found| {
        let has = |name, wanted: Option<&str>, default: &str| {
            wanted.is_none_or(|wanted| {
                let value = found.broker.option(name, &found.dir).unwrap_or_else(|| default.into());
                value.split(',').any(|value| value.trim() == wanted)
            })
        };
        has("node.id", node, "1") && has("process.roles", role, "broker,controller")
    };
    let brokers: Vec<Found> = brokers()?.into_iter().filter(is_meant).collect();
    if brokers.is_empty() {
        writeln!(out, "No kafka server to stop")?;
        return Ok(Outcome::Failure);
    }
    let signal = signal()?;
    for Found { id, .. } in brokers {
        kill_process(id, signal).with_context(|| format!("cannot stop process {id}"))?;
    }
    Ok(Outcome::Success)
}

/// A process that is a broker.
struct Found {
    id: Pid,
    /// Where it is.
    dir: PathBuf,
    broker: Broker,
}

/// Those that run this very executable. What may not be looked at belongs to somebody else.
fn brokers() -> Result<Vec<Found>> {
    let this = std::env::current_exe().context("cannot tell where this executable is")?;
    let processes =
        fs::read_dir(PROCESSES).with_context(|| format!("cannot list processes in {PROCESSES}"))?;
    let found = |entry: fs::DirEntry| {
        let path = entry.path();
        let id = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        let is_this = fs::read_link(path.join("exe")).ok()? == this;
        let broker = Broker::of(&arguments(&path)?)?;
        is_this.then_some(Found { id, dir: fs::read_link(path.join("cwd")).ok()?, broker })
    };
    Ok(processes.filter_map(|entry| found(entry.ok()?)).collect())
}

fn arguments(process: &Path) -> Option<Vec<String>> {
    let text = fs::read(process.join("cmdline")).ok()?;
    let text = text.strip_suffix(b"\0").unwrap_or(&text);
    let arg = |arg: &[u8]| std::ffi::OsStr::from_bytes(arg).to_string_lossy().into_owned();
    Some(text.split(|byte| *byte == 0).map(arg).collect())
}

/// By the variable that Kafka's script knows.
fn signal() -> Result<Signal> {
    let name = std::env::var("SIGNAL").unwrap_or_else(|_unset| "TERM".into());
    match name.trim_start_matches("SIG") {
        "TERM" => Ok(Signal::TERM),
        "INT" => Ok(Signal::INT),
        "KILL" => Ok(Signal::KILL),
        "HUP" => Ok(Signal::HUP),
        "QUIT" => Ok(Signal::QUIT),
        other => Err(anyhow!("SIGNAL={other}: it is TERM, INT, KILL, HUP or QUIT")),
    }
}
