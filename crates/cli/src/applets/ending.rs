//! How scripts end where they cannot do what they are asked. Kafka's end with 1, whatever the reason.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;

use super::java;
use crate::exit::Outcome;
use crate::signals::Signals;

/// Whose scripts these are like.
const KAFKA_VERSION: &str = "4.3.1";

/// A command line that makes no sense; or one that asks for help, which Kafka's scripts take for the same.
#[derive(Debug, thiserror::Error)]
pub(super) enum Misuse {
    #[error("{message}")]
    WithHelp { message: String, help: String },
    #[error("{0}")]
    Bare(String),
    /// The help was asked for, of a script that does not take that for a mistake.
    #[error("{0}")]
    HelpAsked(String),
    /// The version was asked for, which is no failure.
    #[error("{KAFKA_VERSION}")]
    VersionAsked,
}

/// Somebody pressed Ctrl-C.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

/// Until somebody presses Ctrl-C, or asks the process to end.
pub(super) async fn asked_to_end() -> io::Result<()> {
    Signals::listen()?.asked().await;
    Ok(())
}

/// What a shell makes of a program that SIGINT ended, as it does of Java's.
const INTERRUPTED: u8 = 128 + 2;

/// Tells what went wrong; gives the code for the system.
pub(super) fn report(result: Result<Outcome>) -> ExitCode {
    let error = match result {
        Ok(Outcome::Success) => return ExitCode::SUCCESS,
        Ok(Outcome::Failure) => return ExitCode::FAILURE,
        Ok(Outcome::Code(code)) => return ExitCode::from(code),
        Err(error) => error,
    };
    if error.downcast_ref::<io::Error>().is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    if error.is::<Interrupted>() {
        return ExitCode::from(INTERRUPTED);
    }
    match error.downcast_ref::<Misuse>() {
        Some(answer @ (Misuse::HelpAsked(_) | Misuse::VersionAsked)) => {
            // Nobody is there to be told that nobody reads it.
            let _written = writeln!(io::stdout(), "{answer}");
            return ExitCode::SUCCESS;
        }
        Some(Misuse::WithHelp { message, help }) => say!("{message}\n{help}"),
        Some(Misuse::Bare(message)) => sayln!("{message}"),
        None => sayln!("{}", java::message(&error)),
    }
    ExitCode::FAILURE
}
