//! `ottla man`: the manual.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use crate::exit::{Outcome, usage};

/// Print a page of the manual, or write all of them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla man topic create | man -l -
  ottla man --dir /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The command [default: ottla itself]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Vec<String>,

    /// Write the pages of all commands to this folder
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs) -> Result<Outcome> {
    let mut ottla = crate::args::Args::command().disable_help_flag(true);
    ottla.build();
    match &args.dir {
        Some(dir) => write_all(&ottla, dir)?,
        None => {
            let mut page = Vec::new();
            Man::new(find(&ottla, &args.command)?.clone()).render(&mut page)?;
            io::stdout().write_all(&page)?;
        }
    }
    Ok(Outcome::Success)
}

fn find<'a>(ottla: &'a Command, path: &[String]) -> Result<&'a Command> {
    path.iter().try_fold(ottla, |command, name| {
        let unknown = || usage(format!("{} has no command {name}", command.get_name()));
        command.find_subcommand(name).ok_or_else(unknown)
    })
}

/// `ottla.1`, `ottla-topic.1`, `ottla-topic-create.1`.
fn write_all(ottla: &Command, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    clap_mangen::generate_to(ottla.clone(), dir).with_context(|| format!("cannot write to {}", dir.display()))
}
