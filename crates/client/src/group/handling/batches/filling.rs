//! The loop of one partition: fills batches, has them handled, and marks what is.

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::super::{Claim, HandlerError, Session};
use super::progress::Progress;
use super::work::{Work, Worked};
use super::{BatchHandler, Batches, OnFailure};
use crate::clock;
use crate::consumer::ConsumerRecord;
use crate::group::CommittedOffset;
use crate::tasks::next_done;

pub(super) struct Filling<'a, H> {
    batches: &'a Batches<H>,
    session: &'a Session,
    claim: Claim,
    filling: Vec<ConsumerRecord>,
    /// When what there is becomes a batch.
    due_at: Instant,
    under_way: JoinSet<(u64, Worked)>,
    progress: Progress,
}

impl<'a, H: BatchHandler> Filling<'a, H> {
    pub(super) fn new(batches: &'a Batches<H>, session: &'a Session, claim: Claim) -> Filling<'a, H> {
        Filling {
            batches,
            session,
            claim,
            filling: Vec::new(),
            due_at: clock::now(),
            under_way: JoinSet::new(),
            progress: Progress::default(),
        }
    }

    pub(super) async fn run(mut self) -> Result<(), HandlerError> {
        let (records_max, concurrency) = (self.batches.options.records_max, self.batches.options.concurrency);
        loop {
            let is_full = self.filling.len() >= records_max;
            let is_due = is_full || (!self.filling.is_empty() && self.due_at <= clock::now());
            if is_due && self.under_way.len() < concurrency {
                self.start();
                continue;
            }
            tokio::select! {
                record = next(&mut self.claim, is_full) => match record {
                    Some(record) => self.add(record),
                    None => return self.finish(Ok(())).await,
                },
                (number, worked) = next_done(&mut self.under_way), if !self.under_way.is_empty() => {
                    if let Some(error) = self.done(number, worked).await {
                        let outcome = self.given_up(error);
                        return self.finish(outcome).await;
                    }
                }
                () = sleep_until(self.due_at), if !self.filling.is_empty() && !is_due => {}
            }
        }
    }

    fn add(&mut self, record: ConsumerRecord) {
        if self.filling.is_empty() {
            self.due_at = clock::now() + self.batches.options.wait_max;
        }
        self.filling.push(record);
    }

    fn start(&mut self) {
        let records = std::mem::take(&mut self.filling);
        let number = self.progress.begin();
        let work = Work {
            handler: self.batches.handler.clone(),
            options: self.batches.options.clone(),
            queue: self.claim.queue.clone(),
        };
        self.under_way.spawn(async move { (number, work.run(records).await) });
    }

    /// Marks what is handled. Why the batch was given up, if it was.
    async fn done(&mut self, number: u64, worked: Worked) -> Option<HandlerError> {
        if let Some(next) = self.progress.done(number, worked.state) {
            self.session.mark_offset(self.claim.partition(), CommittedOffset::new(next));
            if self.batches.options.commit_each
                && let Err(error) = self.session.commit().await
            {
                tracing::warn!(target: "ottla_client::group", partition = %self.claim.partition(), %error,
                    "what was handled was not committed: it may come again");
            }
        }
        worked.failure
    }

    fn given_up(&self, error: HandlerError) -> Result<(), HandlerError> {
        match self.batches.options.on_failure {
            OnFailure::StopPartition => {
                tracing::error!(target: "ottla_client::group", partition = %self.claim.partition(), %error,
                    "a record keeps failing, and its partition stops");
                Ok(())
            }
            // Of dead letters it is that they could not be written.
            OnFailure::Fail | OnFailure::DeadLetters(_) => Err(error),
        }
    }

    /// Waits for what is under way. The first failure counts.
    async fn finish(mut self, mut outcome: Result<(), HandlerError>) -> Result<(), HandlerError> {
        while !self.under_way.is_empty() {
            let (number, worked) = next_done(&mut self.under_way).await;
            if let Some(error) = self.done(number, worked).await
                && outcome.is_ok()
            {
                outcome = self.given_up(error);
            }
        }
        outcome
    }
}

/// The next record; none when the claim has ended, which is all that is waited for while there is no room.
async fn next(claim: &mut Claim, is_full: bool) -> Option<ConsumerRecord> {
    if is_full {
        claim.ended().await;
        return None;
    }
    claim.next().await
}
