//! Which records belong to transactions that were aborted: a consumer that reads what is committed leaves them out. Pure.

use std::collections::{BTreeSet, VecDeque};

use ottla_records::{BatchHeader, ControlKey, ControlType, Limits, ProducerId, RecordView};
use ottla_wire::messages::fetch_response::AbortedTransaction;

use crate::Offset;

/// The aborted transactions in one answer about a partition. Its batches are shown to it in their order.
#[derive(Debug, Default)]
pub(super) struct AbortedTransactions {
    /// Those that begin further on, by where they do.
    ahead: VecDeque<(Offset, ProducerId)>,
    /// The producers in whose aborted transaction we are.
    open: BTreeSet<ProducerId>,
}

impl AbortedTransactions {
    pub(super) fn new(told: Option<&[AbortedTransaction]>) -> AbortedTransactions {
        let ahead = told.unwrap_or_default().iter().map(|one| (one.first_offset, one.producer_id));
        let mut ahead: Vec<_> = ahead.collect();
        ahead.sort_unstable();
        AbortedTransactions { ahead: ahead.into(), open: BTreeSet::new() }
    }

    /// Whether a batch of records was aborted.
    pub(super) fn covers(&mut self, batch: &BatchHeader) -> bool {
        self.enter(batch);
        batch.is_transactional() && self.open.contains(&batch.producer_id)
    }

    /// A control batch: if its record says that a transaction was aborted, that ends here.
    pub(super) fn pass_marker(&mut self, batch: &ottla_records::Batch, limits: &Limits) {
        self.enter(batch.header());
        let mut unpacked = Vec::new();
        let Ok(mut records) = batch.record_views(limits, &mut unpacked) else { return };
        let is_abort = |record: &RecordView<'_>| {
            let key = ControlKey::parse(record.key.unwrap_or_default());
            key.is_ok_and(|key| key.control_type == ControlType::Abort)
        };
        if records.next().and_then(Result::ok).is_some_and(|record| is_abort(&record)) {
            self.open.remove(&batch.header().producer_id);
        }
    }

    fn enter(&mut self, batch: &BatchHeader) {
        while let Some((first, producer)) = self.ahead.front().copied()
            && first <= batch.last_offset()
        {
            self.ahead.pop_front();
            self.open.insert(producer);
        }
    }
}
