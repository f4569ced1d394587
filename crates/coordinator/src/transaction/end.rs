//! EndTxn: how a transaction ends.
//!
//! | the id is | clients of version 0, 1 | of version 2, in the current epoch | in the one before: sent again |
//! |---|---|---|---|
//! | Ongoing | prepares it | prepares it | fenced |
//! | Empty | invalid | abort: prepares it; commit: invalid | fenced |
//! | Prepare | to be tried again | to be tried again | to be tried again |
//! | Complete, with the same end | done | abort: prepares it; commit: invalid | done |
//! | Complete, with the other | invalid | abort: prepares it; commit: invalid | invalid |
//!
//! Clients before version 2 stay in their epoch, and are fenced in every other. A client of version 2 may end its next
//! transaction while markers of the last one are being written: as its epoch may be the next then, it is not looked at.

use ottla_wire::ErrorCode;

use super::{
    EndTransaction, ProducerIdentity, TransactionEffect, TransactionResponse, TransactionShard,
    TransactionState, config::BUMPS_EPOCH_FROM, init::FreshId, metadata::Transaction, shard::check_id,
};
use crate::{Now, Ticket};

/// What EndTxn comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Prepare,
    /// It has ended so already.
    Done,
}

impl TransactionShard {
    /// EndTxn. The answer does not wait for the markers.
    pub fn end(
        &mut self,
        end: &EndTransaction<'_>,
        now: Now,
        fresh: &mut FreshId<'_>,
        ticket: Ticket,
        out: &mut Vec<TransactionEffect>,
    ) {
        match self.decide_end(end, now, fresh) {
            Ok((answer, Some(next))) => {
                let answer = TransactionResponse::Producer(Ok(answer));
                self.change(end.transactional_id, next, Some((ticket, answer)), out);
            }
            Ok((answer, None)) => {
                self.reply(end.transactional_id, ticket, TransactionResponse::Producer(Ok(answer)), out);
            }
            Err(error) => {
                self.reply(end.transactional_id, ticket, TransactionResponse::Producer(Err(error)), out);
            }
        }
    }

    /// Who the producer is from now on, and what is to be stored.
    fn decide_end(
        &self,
        end: &EndTransaction<'_>,
        now: Now,
        fresh: &mut FreshId<'_>,
    ) -> Result<(ProducerIdentity, Option<Transaction>), ErrorCode> {
        check_id(end.transactional_id)?;
        let transaction =
            self.transaction(end.transactional_id).ok_or(ErrorCode::InvalidProducerIdMapping)?;
        let bumps_epoch = end.client_version >= BUMPS_EPOCH_FROM;
        let verdict = if bumps_epoch { judge(transaction, end)? } else { judge_first(transaction, end)? };
        if verdict == Verdict::Done {
            let producer = if bumps_epoch { transaction.producer() } else { ProducerIdentity::NONE };
            return Ok((producer, None));
        }
        if !bumps_epoch {
            let next = transaction.prepared(end.commit, 0, None, now.unix_millis);
            return Ok((ProducerIdentity::NONE, Some(next)));
        }
        let next_id = match transaction.is_epoch_exhausted() {
            true => Some(fresh().ok_or(ErrorCode::CoordinatorLoadInProgress)?),
            false => None,
        };
        let next = transaction.prepared(end.commit, end.client_version, next_id, now.unix_millis);
        Ok((next.completed(now.unix_millis).producer(), Some(next)))
    }
}

/// Of clients before version 2.
fn judge_first(transaction: &Transaction, end: &EndTransaction<'_>) -> Result<Verdict, ErrorCode> {
    if transaction.producer_id != end.producer.id {
        return Err(ErrorCode::InvalidProducerIdMapping);
    }
    if transaction.epoch != end.producer.epoch {
        return Err(ErrorCode::ProducerFenced);
    }
    match transaction.state {
        TransactionState::Ongoing => Ok(Verdict::Prepare),
        TransactionState::Empty => Err(ErrorCode::InvalidTxnState),
        TransactionState::PrepareCommit | TransactionState::PrepareAbort => {
            Err(ErrorCode::ConcurrentTransactions)
        }
        TransactionState::CompleteCommit | TransactionState::CompleteAbort => {
            ends_alike(transaction.state, end.commit)
        }
    }
}

/// Of clients of version 2: the epoch tells a request that is sent again from one for the next transaction.
fn judge(transaction: &Transaction, end: &EndTransaction<'_>) -> Result<Verdict, ErrorCode> {
    if transaction.state.is_ending() {
        return Err(ErrorCode::ConcurrentTransactions);
    }
    let is_current = transaction.producer() == end.producer;
    let was_rotated = transaction.was_rotated_from(end.producer);
    let is_retry = was_rotated || transaction.was_bumped_from(end.producer);
    if transaction.producer_id != end.producer.id && !was_rotated {
        return Err(ErrorCode::InvalidProducerIdMapping);
    }
    if is_retry && transaction.state.is_complete() {
        return ends_alike(transaction.state, end.commit);
    }
    if !is_current {
        return Err(ErrorCode::ProducerFenced);
    }
    // A producer may abort what has not begun, to be sure that no request of it is under way.
    if end.commit && transaction.state != TransactionState::Ongoing {
        return Err(ErrorCode::InvalidTxnState);
    }
    Ok(Verdict::Prepare)
}

/// Whether a transaction that has ended did so as is asked.
fn ends_alike(state: TransactionState, commit: bool) -> Result<Verdict, ErrorCode> {
    if state.commits() == commit { Ok(Verdict::Done) } else { Err(ErrorCode::InvalidTxnState) }
}
