//! Which transactional batches and markers are of no use any more, while a log is read from front to back.

use std::collections::{HashMap, HashSet, VecDeque};

use ottla_records::{Batch, BatchError, ControlKey, ControlType, Limits, Offset, ProducerId};

use crate::index::AbortedTxn;

#[derive(Debug)]
pub(super) struct Transactions {
    /// Those that are still ahead, by first offset.
    ahead: VecDeque<AbortedTxn>,
    aborted: HashMap<ProducerId, Aborted>,
    committed: HashSet<ProducerId>,
}

#[derive(Debug)]
struct Aborted {
    transaction: AbortedTxn,
    has_batches: bool,
}

/// What is to become of a batch, as far as transactions decide that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Needed,
    /// Records of an aborted transaction, or a marker without any record before it.
    Useless,
    /// The marker of an aborted transaction that had records until now.
    EndOfAborted(AbortedTxn),
}

impl Transactions {
    pub(super) fn new(mut aborted: Vec<AbortedTxn>) -> Transactions {
        aborted.sort_unstable_by_key(|transaction| transaction.first_offset);
        Transactions { ahead: aborted.into(), aborted: HashMap::new(), committed: HashSet::new() }
    }

    pub(super) fn see(&mut self, batch: &Batch) -> Result<Seen, BatchError> {
        self.advance(batch.header().last_offset());
        if batch.header().is_control() {
            return self.see_marker(batch);
        }
        let producer = batch.header().producer_id;
        if !batch.header().is_transactional() {
            return Ok(Seen::Needed);
        }
        if let Some(aborted) = self.aborted.get_mut(&producer) {
            aborted.has_batches = true;
            return Ok(Seen::Useless);
        }
        self.committed.insert(producer);
        Ok(Seen::Needed)
    }

    fn advance(&mut self, offset: Offset) {
        while let Some(transaction) = self.ahead.pop_front_if(|next| next.first_offset <= offset) {
            let new = Aborted { transaction, has_batches: false };
            self.aborted.entry(transaction.producer_id).or_insert(new);
        }
    }

    fn see_marker(&mut self, batch: &Batch) -> Result<Seen, BatchError> {
        let Some(record) = batch.records(&Limits::default())?.next() else { return Ok(Seen::Useless) };
        let key = record?.key.ok_or(BatchError::BadControlRecord("without a key"))?;
        let producer = batch.header().producer_id;
        Ok(match ControlKey::parse(&key)?.control_type {
            ControlType::Abort => match self.aborted.remove(&producer) {
                Some(aborted) if aborted.has_batches => Seen::EndOfAborted(aborted.transaction),
                _ => Seen::Useless,
            },
            ControlType::Commit if self.committed.remove(&producer) => Seen::Needed,
            ControlType::Commit => Seen::Useless,
            ControlType::LeaderChange
            | ControlType::SnapshotHeader
            | ControlType::SnapshotFooter
            | ControlType::KRaftVersion
            | ControlType::KRaftVoters
            | ControlType::Unknown(_) => Seen::Needed,
        })
    }
}
