//! What happens with time.

use std::time::Duration;

use bytestring::ByteString;

use super::{TransactionEffect, TransactionShard, TransactionState, metadata::Transaction};
use crate::Now;

/// The pause before what could not be appended is tried again.
const COMPLETION_RETRY: Duration = Duration::from_millis(500);
/// Tombstones that are written in one batch.
const TOMBSTONES_MAX: usize = 1000;

/// Leads from an entry of the timers to its timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimerKey {
    /// The next look for transactions that take too long. There is none as long as none is open.
    Timeouts,
    /// The next look for ids that are not used any more.
    Expiry,
    /// Some transaction is complete and could not be stored so.
    Completion,
}

impl TransactionShard {
    /// Nothing happens by itself before this moment; it may have passed already.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next_deadline()
    }

    /// Lets happen what is due.
    pub fn advance(&mut self, now: Now, out: &mut Vec<TransactionEffect>) {
        while let Some((entry, key)) = self.timers.pop(now.uptime) {
            let timer = match key {
                TimerKey::Timeouts => &mut self.timeout_timer,
                TimerKey::Expiry => &mut self.expiry_timer,
                TimerKey::Completion => &mut self.completion_timer,
            };
            if self.timers.is_due(timer, entry, now.uptime, &key) {
                self.fire(key, now, out);
            }
        }
    }

    fn fire(&mut self, key: TimerKey, now: Now, out: &mut Vec<TransactionEffect>) {
        match key {
            TimerKey::Timeouts => {
                self.abort_timed_out(now, out);
                self.schedule_timeouts(now);
            }
            TimerKey::Expiry => {
                self.expire(now, out);
                self.schedule_expiry(now);
            }
            TimerKey::Completion => {
                for id in self.ids_of(|t| t.state.is_ending() && t.partitions.is_empty()) {
                    self.complete(&id, now, out);
                }
            }
        }
    }

    /// Aborts transactions that have been open for longer than their producers asked for.
    fn abort_timed_out(&mut self, now: Now, out: &mut Vec<TransactionEffect>) {
        let is_late = |transaction: &Transaction| {
            let end = transaction.start_ms.saturating_add(transaction.timeout_ms.into());
            transaction.state == TransactionState::Ongoing && end < now.unix_millis
        };
        for id in self.ids_of(is_late) {
            let aborted = self.transaction(&id).map(|transaction| self.abort(transaction, now));
            self.change(&id, aborted.expect("it was just found"), None, out);
        }
    }

    fn expire(&mut self, now: Now, out: &mut Vec<TransactionEffect>) {
        let expiration = i64::try_from(self.config.id_expiration.as_millis()).unwrap_or(i64::MAX);
        let last = now.unix_millis.saturating_sub(expiration);
        let ids: Vec<ByteString> = self.ids_of(|t| t.state.is_idle() && t.update_ms <= last);
        ids.chunks(TOMBSTONES_MAX).for_each(|ids| self.forget(ids, out));
    }

    /// Sees to it that timeouts are looked for, if there is a transaction that they may come to.
    pub(super) fn schedule_timeouts(&mut self, now: Now) {
        let deadline = now.uptime + self.config.timeout_check_interval;
        if self.open_transactions > 0 && !self.timeout_timer.is_set() {
            self.timers.set(&mut self.timeout_timer, deadline, || TimerKey::Timeouts);
        }
    }

    pub(super) fn schedule_expiry(&mut self, now: Now) {
        let deadline = now.uptime + self.config.expiry_check_interval;
        self.timers.set(&mut self.expiry_timer, deadline, || TimerKey::Expiry);
    }

    pub(super) fn schedule_completion(&mut self, now: Now) {
        let deadline = now.uptime + COMPLETION_RETRY;
        self.timers.set(&mut self.completion_timer, deadline, || TimerKey::Completion);
    }
}
