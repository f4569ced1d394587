//! How the process ends: 0 after success, 1 after a failure, 2 after a command line that makes no sense; 130 where Ctrl-C ended it
//! before it was done, 143 where SIGTERM did.

use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use ottla_client::admin::Results;

use crate::screen;
use crate::style::Style;

/// Of a command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// It did what it was asked, and what it found is bad; standard error has been told.
    Failure,
    /// As those that ask have agreed on.
    Code(u8),
}

impl Outcome {
    /// Of a command that did two things: the first that went wrong.
    pub(crate) fn and(self, other: Outcome) -> Outcome {
        if self == Outcome::Success { other } else { self }
    }
}

/// A command line that parses, and makes no sense all the same.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(String);

/// Ends the command as clap ends it for a flag that does not exist.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

const USAGE: u8 = 2;

/// Tells the user why a command failed, and in a second line what to do if that is known; gives the code for the system.
pub(crate) fn report(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        Ok(Outcome::Code(code)) => ExitCode::from(code),
        // Whoever read our output has seen enough: `ottla log dump … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&told(&error));
            if error.is::<UsageError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn told(error: &anyhow::Error) -> String {
    let advice = error.downcast_ref::<ottla_client::Error>().and_then(ottla_client::Error::advice);
    match advice {
        Some(advice) => format!("{error:#}\n       {advice}"),
        None => format!("{error:#}"),
    }
}

/// Tells that one of several things failed.
pub(crate) fn print_refusal(what: impl Display, error: &ottla_client::Error) {
    let advice = error.advice().map(|advice| format!("\n       {advice}")).unwrap_or_default();
    print_error(&format!("{what}: {error}{advice}"));
}

/// What was answered of each thing. The user is told of those that were refused, by what `tried` says of them.
pub(crate) fn answered<K, V>(results: Results<K, V>, tried: impl Fn(&K) -> String) -> (Vec<(K, V)>, Outcome) {
    let mut outcome = Outcome::Success;
    let mut all = Vec::new();
    for (key, result) in results {
        match result {
            Ok(value) => all.push((key, value)),
            Err(error) => {
                print_refusal(tried(&key), &error);
                outcome = Outcome::Failure;
            }
        }
    }
    (all, outcome)
}

pub(crate) fn print_error(message: &str) {
    let style = Style::for_stream(io::stderr().is_terminal());
    sayln!("{} {message}", style.bad("error:"));
}

/// But not over a screen that is taken, where the next picture would wipe it out: who shows one tells of trouble on it.
pub(crate) fn print_warning(message: impl Display) {
    if screen::is_taken() {
        return;
    }
    let style = Style::for_stream(io::stderr().is_terminal());
    sayln!("{} {message}", style.heading("warning:"));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let source = error.downcast_ref::<io::Error>();
    source.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
