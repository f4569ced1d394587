//! The transactional ids of one partition of `__transaction_state`.

use std::collections::HashMap;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::ErrorCode;

use super::{
    Markers, TransactionConfig, TransactionResponse, TransactionState, clock::TimerKey,
    config::BUMPS_EPOCH_FROM, entry::Entry, metadata::Transaction, record::Record,
};
use crate::{
    AppendId, Effect, Now, ReplayError, Ticket,
    appends::{Appends, Waiting},
    errors,
    record::TEXT_MAX,
    timers::{Timer, Timers},
};

/// What a shard of transactions wants to be done.
pub type TransactionEffect = Effect<TransactionResponse, Markers>;

/// What follows once a record is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    /// How the transaction of that id ends is decided: markers are to be written.
    Prepared(ByteString),
    /// All markers of that id are written. Should the record not be appended, this is tried again.
    Completed,
}

/// The transactions of one partition of `__transaction_state`; see the module's documentation.
#[derive(Debug)]
pub struct TransactionShard {
    pub(super) config: TransactionConfig,
    /// In which the partition is led: markers carry it, so that those of an earlier leader are refused.
    epoch: i32,
    pub(super) entries: HashMap<ByteString, Entry>,
    /// Of the entries, those with an ongoing transaction.
    pub(super) open_transactions: usize,
    pub(super) timers: Timers<TimerKey>,
    pub(super) timeout_timer: Timer,
    pub(super) expiry_timer: Timer,
    pub(super) completion_timer: Timer,
    appends: Appends<Record, Then, TransactionResponse>,
}

impl TransactionShard {
    /// Of a partition that is led in that epoch.
    pub fn new(config: TransactionConfig, epoch: i32) -> TransactionShard {
        TransactionShard {
            config,
            epoch,
            entries: HashMap::new(),
            open_transactions: 0,
            timers: Timers::new(),
            timeout_timer: Timer::default(),
            expiry_timer: Timer::default(),
            completion_timer: Timer::default(),
            appends: Appends::default(),
        }
    }

    /// Changes the settings; what has begun goes on by the old ones.
    pub fn set_config(&mut self, config: TransactionConfig) {
        self.config = config;
    }

    /// Applies a record of the log, while the shard is loaded. After an error the record is skipped; the caller decides
    /// whether to go on.
    pub fn replay(&mut self, offset: i64, key: &Bytes, value: Option<&Bytes>) -> Result<(), ReplayError> {
        if let Some(record) = Record::decode(offset, key, value)? {
            self.apply(record, AppendId::default());
        }
        Ok(())
    }

    /// All records have been replayed: from now on the shard serves. What was being ended is ended.
    pub fn loaded(&mut self, now: Now, out: &mut Vec<TransactionEffect>) {
        for id in self.ids_of(|transaction| transaction.state.is_ending()) {
            self.send_markers(&id, now, out);
        }
        self.schedule_timeouts(now);
        self.schedule_expiry(now);
    }

    /// The records of an [`Effect::Append`] are in the log, or could not be appended. To be told before anything else
    /// happens to the shard.
    pub fn appended(
        &mut self,
        id: AppendId,
        result: Result<i64, ErrorCode>,
        now: Now,
        out: &mut Vec<TransactionEffect>,
    ) {
        match result {
            Ok(_) => {
                for record in self.appends.take_records(id) {
                    self.apply(record, id);
                }
                self.schedule_timeouts(now);
            }
            Err(error) => {
                let waiting = self.appends.fail(id);
                if waiting.then == Then::Completed {
                    self.schedule_completion(now);
                }
                refuse(waiting, errors::told_for(error), out);
            }
        }
    }

    /// The records of all appends up to that one are durable.
    pub fn committed(&mut self, id: AppendId, now: Now, out: &mut Vec<TransactionEffect>) {
        while let Some(mut waiting) = self.appends.next_up_to(id) {
            let then = std::mem::replace(&mut waiting.then, Then::Nothing);
            waiting.answer(out);
            if let Then::Prepared(transactional_id) = then {
                self.send_markers(&transactional_id, now, out);
            }
        }
    }

    /// The partition is led elsewhere from now on, or gone: all who wait are told so. The shard is to be dropped.
    pub fn unload(&mut self, out: &mut Vec<TransactionEffect>) {
        while let Some(waiting) = self.appends.next_up_to(self.appends.last()) {
            refuse(waiting, ErrorCode::NotCoordinator, out);
        }
    }

    /// The states of all ids, in no order.
    pub fn states(&self) -> impl Iterator<Item = TransactionState> {
        self.entries.values().map(|entry| entry.transaction.state)
    }

    fn apply(&mut self, record: Record, id: AppendId) {
        let before = match record.transaction {
            Some(transaction) => {
                self.open_transactions += usize::from(transaction.state == TransactionState::Ongoing);
                let entry = Entry { transaction: *transaction, changed_by: id };
                self.entries.insert(record.transactional_id, entry)
            }
            None => self.entries.remove(&record.transactional_id),
        };
        let was_open = before.is_some_and(|entry| entry.transaction.state == TransactionState::Ongoing);
        self.open_transactions -= usize::from(was_open);
    }

    /// Stores what an id has become, and answers once that is durable.
    pub(super) fn change(
        &mut self,
        transactional_id: &str,
        transaction: Transaction,
        answer: Option<(Ticket, TransactionResponse)>,
        out: &mut Vec<TransactionEffect>,
    ) {
        let transactional_id = ByteString::from(transactional_id);
        let then = match transaction.state {
            state if state.is_ending() => Then::Prepared(transactional_id.clone()),
            state if state.is_complete() => Then::Completed,
            _ => Then::Nothing,
        };
        let record =
            Record { transactional_id, transaction: Some(Box::new(transaction)), version: self.version() };
        let id = self.appends.start(vec![record], then, out);
        if let Some((ticket, response)) = answer {
            self.appends.reply_after(id, ticket, response, out);
        }
    }

    /// Forgets ids.
    pub(super) fn forget(&mut self, ids: &[ByteString], out: &mut Vec<TransactionEffect>) {
        let version = self.version();
        let tombstone = |id: &ByteString| Record { transactional_id: id.clone(), transaction: None, version };
        self.appends.start(ids.iter().map(tombstone).collect(), Then::Nothing, out);
    }

    /// Answers what changes nothing, once what is known of the id is durable.
    pub(super) fn reply(
        &mut self,
        transactional_id: &str,
        ticket: Ticket,
        response: TransactionResponse,
        out: &mut Vec<TransactionEffect>,
    ) {
        let entry = self.entries.get(transactional_id);
        let after = entry.map(|entry| entry.changed_by).unwrap_or_default();
        self.appends.reply_after(after, ticket, response, out);
    }

    pub(super) fn transaction(&self, transactional_id: &str) -> Option<&Transaction> {
        self.entries.get(transactional_id).map(|entry| &entry.transaction)
    }

    pub(super) fn epoch(&self) -> i32 {
        self.epoch
    }

    /// In an order that can be repeated.
    pub(super) fn ids_of(&self, concerned: impl Fn(&Transaction) -> bool) -> Vec<ByteString> {
        let found = self.entries.iter().filter(|(_, entry)| concerned(&entry.transaction));
        let mut ids: Vec<ByteString> = found.map(|(id, _)| id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// Of the values that are written.
    fn version(&self) -> i16 {
        i16::from(self.config.transaction_version > 0)
    }

    /// Of the server: by which it ends transactions itself.
    pub(super) fn own_client_version(&self) -> i16 {
        if self.config.transaction_version >= BUMPS_EPOCH_FROM { BUMPS_EPOCH_FROM } else { 0 }
    }
}

/// A name that a record can hold.
pub(super) fn check_id(transactional_id: &str) -> Result<(), ErrorCode> {
    let is_storable = !transactional_id.is_empty() && transactional_id.len() <= TEXT_MAX;
    if is_storable { Ok(()) } else { Err(ErrorCode::InvalidRequest) }
}

fn refuse(
    waiting: Waiting<Record, Then, TransactionResponse>,
    error: ErrorCode,
    out: &mut Vec<TransactionEffect>,
) {
    let refused = |(ticket, response): (Ticket, TransactionResponse)| Effect::Reply {
        ticket,
        response: response.failed(error),
    };
    out.extend(waiting.replies.into_iter().map(refused));
}
