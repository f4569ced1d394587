//! Asking before something is lost.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;
use clap::Args;

use crate::exit::usage;

/// What every command takes that destroys something.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = None::<&str>)]
pub(crate) struct ConfirmArgs {
    /// Do not ask; needed where there is no terminal to ask on
    #[arg(short, long)]
    yes: bool,
}

impl ConfirmArgs {
    /// Whether somebody is asked, unless there is nobody.
    pub(crate) fn asks(self) -> bool {
        !self.yes
    }

    /// Whether to go on with it. A script that did not say `--yes` made a mistake.
    pub(crate) fn allows(self, what: &str) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(usage(format!("{what}: give --yes, as there is no terminal to ask on")));
        }
        say!("{what}? [y/N] ");
        io::stderr().flush()?;
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 {
            // Ctrl-D leaves the cursor behind the question.
            sayln!("");
        }
        let is_allowed = matches!(answer.trim(), "y" | "Y" | "yes");
        if !is_allowed {
            sayln!("nothing was changed");
        }
        Ok(is_allowed)
    }
}
