//! `ottla applets`: Kafka's scripts, sarama's tools and kcat by their names.

use std::env;
use std::fs;
use std::io;
use std::iter;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::table::APPLETS;
use crate::exit::{Outcome, print_error};
use crate::output::{Answer, Column, Layout, OutputArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum AppletsCommand {
    List(ListArgs),
    Install(InstallArgs),
}

/// List Kafka's scripts that there are, sarama's tools, and kcat
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    output: OutputArgs,
}

/// Make links by which Kafka's scripts and the others are called
#[derive(Debug, Args)]
#[command(after_help = "\
A script can be called without a link too: ottla kafka-topics.sh --list ...

Examples:
  ottla applets install /usr/local/bin
  ottla applets install ~/kafka/bin --force")]
pub(crate) struct InstallArgs {
    /// Where they go; it is made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// Also in place of files that are there
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Serialize)]
struct Script {
    name: &'static str,
    about: &'static str,
}

impl Answer for Script {
    const LAYOUT: Layout = Layout::Rows(&[Column::new("NAME", "name"), Column::new("ABOUT", "about")]);
}

#[derive(Debug, Serialize)]
struct Link {
    path: String,
    result: &'static str,
}

impl Answer for Link {
    const LAYOUT: Layout = Layout::Rows(&[Column::new("PATH", "path"), Column::new("RESULT", "result")]);
}

pub(crate) fn run(command: &AppletsCommand) -> Result<Outcome> {
    match command {
        AppletsCommand::List(args) => {
            let scripts = APPLETS.iter().map(|it| Script { name: it.name, about: it.about });
            args.output.print_all(&scripts.collect::<Vec<_>>())?;
            Ok(Outcome::Success)
        }
        AppletsCommand::Install(args) => install(args),
    }
}

fn install(args: &InstallArgs) -> Result<Outcome> {
    let this = env::current_exe().context("cannot tell where this executable is")?;
    fs::create_dir_all(&args.dir).with_context(|| format!("cannot make {}", args.dir.display()))?;
    let mut links = Vec::new();
    let mut outcome = Outcome::Success;
    for name in names() {
        let path = args.dir.join(name);
        let result = match link(&this, &path, args.force) {
            Ok(()) => "linked",
            Err(error) => {
                let advice =
                    if error.kind() == io::ErrorKind::AlreadyExists { "; --force replaces it" } else { "" };
                print_error(&format!("{}: {error}{advice}", path.display()));
                outcome = Outcome::Failure;
                "failed"
            }
        };
        links.push(Link { path: path.display().to_string(), result });
    }
    args.output.print_all(&links)?;
    Ok(outcome)
}

/// Kafka's scripts are called without their ending too, as packages install them.
fn names() -> impl Iterator<Item = &'static str> {
    let bare = |name: &'static str| {
        name.strip_suffix(".sh").filter(|bare| !APPLETS.iter().any(|it| it.name == *bare))
    };
    APPLETS.iter().flat_map(move |applet| iter::once(applet.name).chain(bare(applet.name)))
}

/// A link that is there and leads here is as good as a new one.
fn link(this: &Path, path: &Path, force: bool) -> io::Result<()> {
    if fs::read_link(path).is_ok_and(|target| target == this) {
        return Ok(());
    }
    if force && fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path)?;
    }
    symlink(this, path)
}
