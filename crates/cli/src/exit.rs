//! How the process ends: 0 after success, 1 after a failure, 2 after a command line that makes no sense.

use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use crate::style::Style;

/// Of a command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    /// It did what it was asked, and what it found is bad; standard error has been told.
    Failure,
}

/// Tells the user why a command failed, in one line, and gives the code for the system.
pub(crate) fn report(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        // Whoever read our output has seen enough: `ottla log dump … | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn print_error(message: &str) {
    let style = Style::for_stream(io::stderr().is_terminal());
    eprintln!("{} {message}", style.bad("error:"));
}

pub(crate) fn print_warning(message: impl Display) {
    let style = Style::for_stream(io::stderr().is_terminal());
    eprintln!("{} {message}", style.heading("warning:"));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let source = error.downcast_ref::<io::Error>();
    source.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
