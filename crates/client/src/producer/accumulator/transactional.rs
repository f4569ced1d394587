//! What transactions change: which batches may go, and that those of a failed transaction do not.

use tokio::time::Instant;

use super::super::transaction::{Completion, Done, Next, Offsets, TransactionVersion};
use super::{Accumulator, Plan};
use crate::{Error, Result, TopicPartition};

impl Accumulator {
    /// [`Error::TransactionState`] if the producer has none.
    fn transactions(&mut self) -> Result<&mut super::Transactions> {
        self.check_open()?;
        self.transactions.as_mut().ok_or(Error::TransactionState("transactions want a transactional.id"))
    }

    pub(in crate::producer) fn init_transactions(&mut self) -> Result<Completion> {
        self.transactions()?.init()
    }

    pub(in crate::producer) fn begin_transaction(&mut self) -> Result<()> {
        self.transactions()?.begin()
    }

    pub(in crate::producer) fn add_offsets(&mut self, offsets: Offsets) -> Result<Completion> {
        self.transactions()?.add_offsets(offsets)
    }

    pub(in crate::producer) fn commit_transaction(&mut self) -> Result<Completion> {
        let completion = self.transactions()?.commit()?;
        self.close_batches();
        Ok(completion)
    }

    pub(in crate::producer) fn abort_transaction(&mut self) -> Result<Completion> {
        let completion = self.transactions()?.abort()?;
        self.heed_transaction();
        Ok(completion)
    }

    /// Whether there is a transaction that nobody is ending.
    pub(in crate::producer) fn leaves_transaction_open(&self) -> bool {
        self.transactions.as_ref().is_some_and(super::Transactions::is_left_open)
    }

    /// Puts what is to be asked for the transaction's sake into a plan.
    pub(super) fn plan_transaction(&mut self, now: Instant, plan: &mut Plan) {
        let is_drained = self.is_empty();
        let Some(transactions) = &mut self.transactions else { return };
        match transactions.next(now, is_drained) {
            Next::Now(step) => plan.step = Some(step),
            Next::At(at) => plan.wake_at = Some(plan.wake_at.map_or(at, |earlier| earlier.min(at))),
            Next::Later => {}
        }
    }

    /// The cluster agreed on a version of transactions.
    pub(in crate::producer) fn agree(&mut self, version: TransactionVersion) {
        self.transactions.iter_mut().for_each(|transactions| transactions.agree(version));
    }

    /// What was asked for the transaction's sake came back.
    pub(in crate::producer) fn step_came_back(&mut self, outcome: Result<Done>, random: f64, now: Instant) {
        if let Some(transactions) = &mut self.transactions {
            transactions.came_back(outcome, random, now);
            self.identity = transactions.identity();
        }
        self.heed_transaction();
    }

    /// A batch will not be written. Gives what is told of it.
    pub(super) fn batch_failed(&mut self, error: &Error, is_numbered: bool) -> Error {
        let Some(transactions) = &mut self.transactions else { return error.clone() };
        if is_numbered {
            transactions.lost_numbers();
        }
        transactions.batch_failed(error.clone())
    }

    /// Why what comes back is not sent again.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.end.clone().or_else(|| self.transactions.as_ref()?.refusal())
    }

    pub(super) fn may_send_to(&self, partition: &TopicPartition) -> bool {
        self.transactions.as_ref().is_none_or(|transactions| transactions.may_send_to(partition))
    }

    /// Ends what waits, if the transaction will not be committed.
    pub(super) fn heed_transaction(&mut self) {
        let Some(transactions) = &mut self.transactions else { return };
        let Some(error) = transactions.refusal() else { return };
        for queue in self.queues.values_mut() {
            for batch in queue.take_all() {
                if let Some(numbers) = &batch.numbers {
                    queue.sequences.given_up(numbers, false);
                    transactions.lost_numbers();
                }
                self.produced.records_failed += batch.count() as u64;
                batch.end(Err(error.clone()));
            }
        }
        if transactions.is_over() {
            self.end(&error);
        }
    }
}
