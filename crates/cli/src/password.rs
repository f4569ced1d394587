//! Passwords, from where nobody sees them.

mod hidden;

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::exit::usage;
use hidden::Hidden;

/// What every command takes that sets a password.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Read the password from this file, or from standard input: -
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,

    /// The password itself, which others may see in the list of processes
    #[arg(long, value_name = "PASSWORD", conflicts_with = "password_file")]
    password: Option<String>,
}

impl PasswordArgs {
    /// What was said, or what is typed twice on a terminal.
    pub(crate) fn read(&self, whose: &str) -> Result<String> {
        let password = match (&self.password, &self.password_file) {
            (Some(password), _) => password.clone(),
            (None, Some(path)) => first_line(path)?,
            (None, None) => typed(whose)?,
        };
        if password.is_empty() { Err(usage("the password is empty")) } else { Ok(password) }
    }
}

fn first_line(path: &str) -> Result<String> {
    let mut text = String::new();
    if path == "-" {
        io::stdin().read_to_string(&mut text).context("cannot read the password from standard input")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("cannot read the password from {path}"))?;
    }
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn typed(whose: &str) -> Result<String> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(usage(
            "give --password-file FILE (- is standard input), as there is no terminal to ask on",
        ));
    }
    let mut terminal = Hidden::open()?;
    let password = terminal.ask(&format!("Password of {whose}: "))?;
    let again = terminal.ask("The same again: ")?;
    drop(terminal);
    if password == again { Ok(password) } else { Err(usage("the two passwords differ")) }
}
