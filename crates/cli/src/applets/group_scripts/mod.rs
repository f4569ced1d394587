//! What the scripts about groups have in common: `kafka-consumer-groups`, `kafka-share-groups`, `kafka-streams-groups`.
//!
//! ```text
//! kind        groups that have a script of their own: which there are, in what state
//! coordinator who coordinates a group
//! deletion    deleting groups
//! offsets     deleting offsets
//! partitions  which partitions are meant
//! scenario    what --reset-offsets is asked for
//! plan        where groups go on
//! ```

mod coordinator;
mod deletion;
mod kind;
mod offsets;
mod partitions;
mod plan;
mod scenario;

use std::io::{self, Write};

use anyhow::Error;

pub(super) use coordinator::{Coordinator, coordinators};
pub(super) use deletion::Deletion;
pub(super) use kind::{Kind, chosen};
pub(super) use offsets::{Doomed, delete_offsets};
use partitions::named;
pub(super) use partitions::{by_topics, check_there, of_topics};
pub(super) use plan::{Plan, Plans, begin, commit, export, planned, rows, show, tell_empty};
pub(super) use scenario::{SCENARIOS, Scenario};

use super::ending::Misuse;
use super::java;
use super::options::Options;

pub(super) fn print_error(out: &mut dyn Write, message: &str) -> io::Result<()> {
    writeln!(out, "\nError: {message}")
}

/// Whether that is a failure rather than a mistake of whoever called. To most of the scripts an option that cannot be read is no
/// mistake.
pub(super) fn is_failure(error: &Error) -> bool {
    let is_mistake = matches!(error.downcast_ref(), Some(Misuse::WithHelp { .. }));
    !is_mistake && !error.is::<io::Error>()
}

/// That a script could not do what it was asked, of groups of this kind.
pub(super) fn print_failure(out: &mut dyn Write, kind: &str, error: &Error) -> io::Result<()> {
    let reason = java::message(error);
    print_error(out, &format!("Executing {kind} group command failed due to {reason}"))
}

pub(super) fn or_dash(known: Option<impl ToString>) -> String {
    known.map_or("-".to_owned(), |known| known.to_string())
}

/// Options that mean something beside one of some others alone.
pub(super) fn check_available(options: &Options, rules: &[(&str, &[&str])]) -> Result<(), Misuse> {
    match rules.iter().find(|(option, beside)| options.has(option) && options.count(beside) == 0) {
        Some((option, _)) => Err(Misuse::Bare(format!(
            "Option(s) [{option}] are unavailable given other options on the command line"
        ))),
        None => Ok(()),
    }
}

/// What is done to groups names them, or takes all.
pub(super) fn check_scope(options: &Options, action: &str) -> Result<(), Misuse> {
    if options.has(action) && options.count(&["group", "all-groups"]) == 0 {
        let message = format!("Option [{action}] takes one of these options: [all-groups], [group]");
        return Err(options.misuse(message));
    }
    Ok(())
}

/// What `--describe` is asked for.
pub(super) fn check_describe(options: &Options) -> Result<(), Misuse> {
    if !options.has("describe") {
        return Ok(());
    }
    if options.count(&["members", "offsets", "state"]) > 1 {
        let message = "Option [describe] takes at most one of these options: [members], [offsets], [state]";
        return Err(options.misuse(message));
    }
    if options.value("state")?.is_some() {
        return Err(options.misuse("Option [describe] does not take a value for [state]"));
    }
    Ok(())
}

/// One of these alone, where there are several of them.
pub(super) fn check_exclusive(options: &Options, names: &[&str]) -> Result<(), Misuse> {
    for name in names {
        let others: Vec<&str> = names.iter().copied().filter(|other| other != name).collect();
        options.exclude(name, &others)?;
    }
    Ok(())
}
