//! InitProducerId: a producer begins, and fences the one before it.

use ottla_wire::{ErrorCode, messages::InitProducerIdRequest};

use super::{
    ProducerIdentity, TransactionEffect, TransactionResponse, TransactionShard, config::BUMPS_EPOCH_FROM,
    metadata::Transaction, shard::check_id,
};
use crate::{Now, Ticket};

/// Gives an id that no producer has had; none if there are none at hand.
pub type FreshId<'a> = dyn FnMut() -> Option<i64> + 'a;

impl TransactionShard {
    /// InitProducerId with a transactional id. A transaction that is open is aborted first, and the producer asks again:
    /// CONCURRENT_TRANSACTIONS.
    pub fn init_producer_id(
        &mut self,
        request: &InitProducerIdRequest,
        now: Now,
        fresh: &mut FreshId<'_>,
        ticket: Ticket,
        out: &mut Vec<TransactionEffect>,
    ) {
        let transactional_id = request.transactional_id.as_deref().unwrap_or_default();
        match self.initialize(transactional_id, request, now, fresh) {
            Ok(next) => {
                let answer = if next.state.is_ending() {
                    Err(ErrorCode::ConcurrentTransactions)
                } else {
                    Ok(next.producer())
                };
                let answer = TransactionResponse::Producer(answer);
                self.change(transactional_id, next, Some((ticket, answer)), out);
            }
            Err(error) => {
                self.reply(transactional_id, ticket, TransactionResponse::Producer(Err(error)), out);
            }
        }
    }

    fn initialize(
        &self,
        transactional_id: &str,
        request: &InitProducerIdRequest,
        now: Now,
        fresh: &mut FreshId<'_>,
    ) -> Result<Transaction, ErrorCode> {
        self.check(transactional_id, request)?;
        let mut fresh = || fresh().ok_or(ErrorCode::CoordinatorLoadInProgress);
        let new;
        let transaction = match self.transaction(transactional_id) {
            Some(transaction) => transaction,
            None => {
                new = Transaction::new(fresh()?);
                &new
            }
        };
        let (timeout_ms, now_ms) = (request.transaction_timeout_ms, now.unix_millis);
        let expected = ProducerIdentity { id: request.producer_id, epoch: request.producer_epoch };
        let expected = (expected != ProducerIdentity::NONE).then_some(expected);
        if transaction.state.is_ending() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        if expected.is_some_and(|expected| !transaction.may_be(expected)) {
            return Err(ErrorCode::ProducerFenced);
        }
        if !transaction.state.is_idle() {
            return Ok(self.abort(transaction, now));
        }
        let expected_epoch = expected.map(|expected| expected.epoch);
        if transaction.is_epoch_exhausted() && expected_epoch.is_none_or(|epoch| epoch == transaction.epoch) {
            return Ok(transaction.rotated(fresh()?, timeout_ms, expected.is_some(), now_ms));
        }
        transaction.initialized(timeout_ms, expected_epoch, now_ms)
    }

    fn check(&self, transactional_id: &str, request: &InitProducerIdRequest) -> Result<(), ErrorCode> {
        check_id(transactional_id)?;
        if request.enable_2pc {
            // Kafka's answer where `transaction.two.phase.commit.enable` is off.
            return Err(ErrorCode::TransactionalIdAuthorizationFailed);
        }
        if request.keep_prepared_txn {
            return Err(ErrorCode::UnsupportedVersion);
        }
        if !(1..=self.config.timeout_max_ms).contains(&request.transaction_timeout_ms) {
            return Err(ErrorCode::InvalidTransactionTimeout);
        }
        Ok(())
    }

    /// Ends an open transaction that its producer did not end, and fences the producer. From version 2 on every end does
    /// that, and a producer that has not noticed may go on from there.
    pub(super) fn abort(&self, transaction: &Transaction, now: Now) -> Transaction {
        let version = self.own_client_version();
        if version >= BUMPS_EPOCH_FROM {
            return transaction.prepared(false, version, None, now.unix_millis);
        }
        transaction.fenced().prepared(false, version, None, now.unix_millis)
    }
}
