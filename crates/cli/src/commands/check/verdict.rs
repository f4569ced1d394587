//! What a check comes to. Pure.

use std::fmt;

use serde::Serialize;

use crate::output::{Answer, Column, Layout};

/// As monitoring plugins end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Ok,
    Warning,
    Critical,
    Unknown,
}

/// What is told.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    pub(super) status: Status,
    text: String,
    /// What was measured, as monitoring keeps it.
    measured: Vec<String>,
}

impl Answer for Verdict {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("STATUS", "status"),
        Column::new("TEXT", "text"),
        Column::new("MEASURED", "measured"),
    ]);
}

impl Status {
    pub(super) fn code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::Warning => 1,
            Status::Critical => 2,
            Status::Unknown => 3,
        }
    }
}

impl Verdict {
    pub(super) fn new(status: Status, text: impl Into<String>) -> Verdict {
        Verdict { status, text: text.into(), measured: Vec::new() }
    }

    /// With a figure for monitoring: `lag=12;1000;10000`.
    pub(super) fn measuring(mut self, figure: String) -> Verdict {
        self.measured.push(figure);
        self
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Ok => "OK",
            Status::Warning => "WARNING",
            Status::Critical => "CRITICAL",
            Status::Unknown => "UNKNOWN",
        };
        // It is one line, and what was measured begins at the bar.
        let text = self.text.replace('\n', " ").replace('|', "/");
        write!(f, "{status} - {text}")?;
        if !self.measured.is_empty() {
            write!(f, " | {}", self.measured.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_one_line_whatever_it_says() {
        let verdict = Verdict::new(Status::Critical, "a|b\nc").measuring("x=1".to_owned());
        assert_eq!(verdict.to_string(), "CRITICAL - a/b c | x=1");
        assert_eq!(Verdict::new(Status::Ok, "fine").to_string(), "OK - fine");
    }
}
