//! The core of transactions, as the coordinators' host sees it.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use ottla_coordinator::{
    AppendId, Markers, Now, ReplayError, TransactionConfig, TransactionResponse, TransactionShard,
};
use ottla_records::{BatchOptions, Epoch, Offset, ProducerId};
use ottla_wire::ErrorCode;

use crate::coordinators::{Core, Effects};

impl Core for TransactionShard {
    const KEEPS: &'static str = "transactions";

    type Settings = TransactionConfig;
    type Response = TransactionResponse;
    /// To be written by the partitions' leaders.
    type Message = Markers;
    type News = Infallible;

    fn new(settings: &TransactionConfig, epoch: Epoch) -> TransactionShard {
        TransactionShard::new(settings.clone(), epoch)
    }

    fn configure(&mut self, settings: &TransactionConfig) {
        self.set_config(settings.clone());
    }

    fn batches(_settings: &TransactionConfig) -> BatchOptions {
        BatchOptions::default()
    }

    fn replay(
        &mut self,
        offset: Offset,
        _producer_id: ProducerId,
        key: &Bytes,
        value: Option<&Bytes>,
    ) -> Result<(), ReplayError> {
        TransactionShard::replay(self, offset, key, value)
    }

    /// Nobody writes to the coordinator's topic in a transaction.
    fn replay_end_of_transaction(&mut self, _producer_id: ProducerId, _committed: bool) {}

    fn loaded(&mut self, now: Now, out: &mut Effects<TransactionShard>) {
        TransactionShard::loaded(self, now, out);
    }

    fn on_news(&mut self, news: Infallible, _now: Now, _out: &mut Effects<TransactionShard>) {
        match news {}
    }

    fn next_deadline(&self) -> Option<Duration> {
        TransactionShard::next_deadline(self)
    }

    fn advance(&mut self, now: Now, out: &mut Effects<TransactionShard>) {
        TransactionShard::advance(self, now, out);
    }

    fn appended(
        &mut self,
        id: AppendId,
        result: Result<Offset, ErrorCode>,
        now: Now,
        out: &mut Effects<TransactionShard>,
    ) {
        TransactionShard::appended(self, id, result, now, out);
    }

    fn committed(&mut self, id: AppendId, now: Now, out: &mut Effects<TransactionShard>) {
        TransactionShard::committed(self, id, now, out);
    }

    fn unload(&mut self, _now: Now, out: &mut Effects<TransactionShard>) {
        TransactionShard::unload(self, out);
    }
}
