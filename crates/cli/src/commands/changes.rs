//! What became of each of several things that were to be changed.

use std::fmt::Display;

use anyhow::Result;
use serde::Serialize;

use crate::exit::{Outcome, print_refusal};
use crate::output::{Answer, Column, Layout, OutputArgs};

/// One thing, and what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    name: String,
    result: &'static str,
    error: Option<String>,
}

impl Answer for Change {
    const LAYOUT: Layout = Layout::Rows(&[Column::new("NAME", "name"), Column::new("RESULT", "result")]);
}

/// All of them, in the order in which they were told.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<Change>);

impl Changes {
    /// `done` says in a word what happened if all went well. What did not is told on standard error at once.
    pub(crate) fn add<T>(
        &mut self,
        name: impl Display,
        outcome: Result<T, ottla_client::Error>,
        done: &'static str,
    ) {
        let name = name.to_string();
        match outcome {
            Ok(_) => self.0.push(Change { name, result: done, error: None }),
            Err(error) => {
                print_refusal(&name, &error);
                self.0.push(Change { name, result: "failed", error: Some(error.to_string()) });
            }
        }
    }

    /// A failure if any of them failed.
    pub(crate) fn report(&self, output: OutputArgs) -> Result<Outcome> {
        output.print_all(&self.0)?;
        let failed = self.0.iter().any(|change| change.error.is_some());
        Ok(if failed { Outcome::Failure } else { Outcome::Success })
    }
}
