//! Waiting until brokers know what became of records. Pure.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use crate::{Result, TopicPartition};

/// What a commit is known by.
pub(super) type Ticket = u64;

/// What came of a commit, for each partition that it was about.
pub(super) type Outcome = BTreeMap<TopicPartition, Result<()>>;

/// A commit that somebody waits for, or has stopped waiting for.
#[derive(Debug)]
struct Commit {
    /// How many answers are not there yet.
    missing: usize,
    outcome: Outcome,
    tell: oneshot::Sender<Outcome>,
}

/// Those that are under way.
#[derive(Debug, Default)]
pub(super) struct Commits {
    last: Ticket,
    under_way: BTreeMap<Ticket, Commit>,
}

impl Commits {
    /// One that waits for so many answers, at least one.
    pub(super) fn begin(&mut self, missing: usize) -> (Ticket, oneshot::Receiver<Outcome>) {
        let (tell, outcome) = oneshot::channel();
        self.last += 1;
        self.under_way.insert(self.last, Commit { missing, outcome: Outcome::new(), tell });
        (self.last, outcome)
    }

    /// The answer about a partition is there.
    pub(super) fn answered(&mut self, ticket: Ticket, partition: &TopicPartition, result: &Result<()>) {
        let Some(commit) = self.under_way.get_mut(&ticket) else { return };
        let known = commit.outcome.entry(partition.clone()).or_insert(Ok(()));
        if known.is_ok() {
            known.clone_from(result);
        }
        commit.missing -= 1;
        if commit.missing == 0
            && let Some(commit) = self.under_way.remove(&ticket)
        {
            // Nobody may be interested any more.
            let _gone = commit.tell.send(commit.outcome);
        }
    }
}
