//! `ottla completion`: what shells need to complete the command line.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::completing;
use crate::exit::Outcome;

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Names of topics and groups are asked of the cluster that the line names so
far, or that the context chooses. Load it anew in each shell, so that it fits
the executable.

Examples:
  source <(ottla completion bash)                          # in ~/.bashrc
  source <(ottla completion zsh)                           # in ~/.zshrc
  ottla completion fish | source                  # in ~/.config/fish/config.fish
  ottla completion powershell | Out-String | Invoke-Expression    # in $PROFILE")]
pub(crate) struct CompletionArgs {
    /// For which shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionArgs) -> Result<Outcome> {
    let name = args.shell.to_possible_value().context("every shell has a name")?.get_name().to_owned();
    let shells = Shells::builtins();
    let shell = shells.completer(&name).with_context(|| format!("there are no completions for {name}"))?;
    let mut script = Vec::new();
    shell.write_registration(completing::VARIABLE, "ottla", "ottla", "ottla", &mut script)?;
    io::stdout().write_all(&script)?;
    Ok(Outcome::Success)
}
