//! DescribeTransactions and ListTransactions (KIP-664).

use ottla_wire::{
    ErrorCode,
    messages::{
        describe_transactions_response::{TopicData, TransactionState as Described},
        list_transactions_response::TransactionState as Listed,
    },
};

use super::{TransactionShard, TransactionState, metadata::Transaction};
use crate::Now;

/// Which transactions are listed.
pub struct ListFilter<'a> {
    /// All if empty.
    pub producer_ids: &'a [i64],
    /// None: all. Without the names that no state has.
    pub states: Option<&'a [TransactionState]>,
    /// Only those that began longer ago, in milliseconds; negative: all.
    pub duration_ms: i64,
    pub names: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for ListFilter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListFilter")
            .field("producer_ids", &self.producer_ids)
            .field("states", &self.states)
            .field("duration_ms", &self.duration_ms)
            .finish_non_exhaustive()
    }
}

impl ListFilter<'_> {
    fn passes(&self, id: &str, transaction: &Transaction, now: Now) -> bool {
        let age = now.unix_millis.saturating_sub(transaction.start_ms);
        (self.producer_ids.is_empty() || self.producer_ids.contains(&transaction.producer_id))
            && self.states.is_none_or(|states| states.contains(&transaction.state))
            && (self.duration_ms < 0 || age > self.duration_ms)
            && (self.names)(id)
    }
}

impl TransactionShard {
    /// DescribeTransactions, of one id.
    pub fn describe(&self, transactional_id: &str) -> Described {
        let refused = |error: ErrorCode| Described {
            transactional_id: transactional_id.into(),
            error_code: error.code(),
            ..Default::default()
        };
        if transactional_id.is_empty() {
            return refused(ErrorCode::InvalidRequest);
        }
        let Some(transaction) = self.transaction(transactional_id) else {
            return refused(ErrorCode::TransactionalIdNotFound);
        };
        let topics = transaction.topics().into_iter();
        Described {
            transactional_id: transactional_id.into(),
            transaction_state: transaction.state.name().into(),
            transaction_timeout_ms: transaction.timeout_ms,
            transaction_start_time_ms: transaction.start_ms,
            producer_id: transaction.producer_id,
            producer_epoch: transaction.epoch,
            topics: topics.map(|(topic, partitions)| TopicData { topic, partitions }).collect(),
            ..Default::default()
        }
    }

    /// ListTransactions: those of this shard that pass the filter.
    pub fn list(&self, filter: &ListFilter<'_>, now: Now) -> Vec<Listed> {
        let passing = self.entries.iter().filter(|(id, entry)| filter.passes(id, &entry.transaction, now));
        let mut listed: Vec<Listed> = passing
            .map(|(id, entry)| Listed {
                transactional_id: id.clone(),
                producer_id: entry.transaction.producer_id,
                transaction_state: entry.transaction.state.name().into(),
            })
            .collect();
        listed.sort_unstable_by(|a, b| a.transactional_id.cmp(&b.transactional_id));
        listed
    }
}
