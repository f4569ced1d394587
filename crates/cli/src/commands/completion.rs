//! `ottla completion`: what shells need to complete the command line.

use std::io::{self, Write as _};

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::exit::Outcome;

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(ottla completion bash)
  ottla completion zsh > \"${fpath[1]}/_ottla\"
  ottla completion fish > ~/.config/fish/completions/ottla.fish")]
pub(crate) struct CompletionArgs {
    shell: Shell,
}

pub(crate) fn run(args: &CompletionArgs) -> Result<Outcome> {
    // In memory first, as clap panics where it cannot write, as to a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::args::Args::command(), "ottla", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Outcome::Success)
}
