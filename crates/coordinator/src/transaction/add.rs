//! The partitions of a transaction: added, or asked for by the partitions themselves.

use ottla_wire::ErrorCode;

use super::{
    AddPartitions, TransactionEffect, TransactionResponse, TransactionShard, TransactionState,
    metadata::Transaction, shard::check_id,
};
use crate::{Now, Ticket};

impl TransactionShard {
    /// Adds partitions to the producer's transaction, which begins with the first.
    pub fn add_partitions(
        &mut self,
        add: &AddPartitions<'_>,
        now: Now,
        ticket: Ticket,
        out: &mut Vec<TransactionEffect>,
    ) {
        let answer = |code| TransactionResponse::Partitions(vec![code; add.partitions.len()]);
        match self.open(add) {
            Ok(transaction) if contains_all(transaction, add) => {
                self.reply(add.transactional_id, ticket, answer(ErrorCode::None), out);
            }
            Ok(transaction) => {
                let next = transaction.with_partitions(add.partitions, add.client_version, now.unix_millis);
                self.change(add.transactional_id, next, Some((ticket, answer(ErrorCode::None))), out);
            }
            Err(error) => self.reply(add.transactional_id, ticket, answer(error), out),
        }
    }

    /// Tells which partitions are in the producer's open transaction: of the others TRANSACTION_ABORTABLE.
    pub fn verify_partitions(
        &mut self,
        asked: &AddPartitions<'_>,
        ticket: Ticket,
        out: &mut Vec<TransactionEffect>,
    ) {
        let codes = match self.open(asked) {
            Ok(transaction) => {
                let code = |partition| match transaction.partitions.contains(partition) {
                    true => ErrorCode::None,
                    false => ErrorCode::TransactionAbortable,
                };
                asked.partitions.iter().map(code).collect()
            }
            Err(error) => vec![error; asked.partitions.len()],
        };
        self.reply(asked.transactional_id, ticket, TransactionResponse::Partitions(codes), out);
    }

    /// The transaction that the producer may write in, if it is none that is being ended.
    fn open(&self, asked: &AddPartitions<'_>) -> Result<&Transaction, ErrorCode> {
        check_id(asked.transactional_id)?;
        let transaction =
            self.transaction(asked.transactional_id).ok_or(ErrorCode::InvalidProducerIdMapping)?;
        if transaction.producer_id != asked.producer.id {
            return Err(ErrorCode::InvalidProducerIdMapping);
        }
        if transaction.epoch != asked.producer.epoch {
            return Err(ErrorCode::ProducerFenced);
        }
        if transaction.state.is_ending() {
            return Err(ErrorCode::ConcurrentTransactions);
        }
        Ok(transaction)
    }
}

fn contains_all(transaction: &Transaction, add: &AddPartitions<'_>) -> bool {
    transaction.state == TransactionState::Ongoing
        && add.partitions.iter().all(|partition| transaction.partitions.contains(partition))
}
