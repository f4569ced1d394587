//! Signals that ask the process to end.

use std::io;
use std::process;

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Outcome;

/// How a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// By Ctrl-C.
    Interrupt,
    Terminate,
}

impl Asked {
    /// As shells have it of a process that the signal ended.
    fn code(self) -> u8 {
        match self {
            Asked::Interrupt => 128 + 2,
            Asked::Terminate => 128 + 15,
        }
    }

    /// Of a command that was ended before it was done.
    pub(crate) fn outcome(self) -> Outcome {
        Outcome::Code(self.code())
    }
}

/// Until somebody presses Ctrl-C, or asks the process to end. Cancel-safe.
pub(crate) async fn asked_to_end() -> io::Result<Asked> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok(Asked::Interrupt),
        _ = terminate.recv() => Ok(Asked::Terminate),
    }
}

/// Ends the process at once when it is asked again: whoever asks twice does not wait for what is still to be done.
pub(crate) async fn end_when_asked_again() {
    if let Ok(asked) = asked_to_end().await {
        process::exit(asked.code().into());
    }
}
