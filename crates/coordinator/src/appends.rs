//! What waits for records: to be appended, then to be durable.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::ErrorCode;

use crate::{
    CoordinatorRecord, Effect, Response, Ticket, errors,
    group::{Membership, classic::Replaced},
    record::Record,
};

/// Numbers the appends of a shard, upwards from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppendId(pub u64);

/// What happens with a group's records: when they are appended, once they are durable, or if they cannot be appended.
#[derive(Debug)]
pub(crate) enum Then {
    Nothing,
    /// They count once the producer's transaction is committed.
    Open {
        producer_id: i64,
    },
    /// There are none, but the marker that ends a producer's transaction.
    End {
        producer_id: i64,
        committed: bool,
    },
    /// The group is a classic one from now on: without its record it is what it was before.
    Created {
        group: ByteString,
        before: Membership,
    },
    /// The leader's assignment: its members get it.
    Assigned {
        group: ByteString,
        assignments: HashMap<ByteString, Bytes>,
    },
    /// A static member came back under a new ID.
    Replaced {
        group: ByteString,
        replaced: Box<Replaced>,
    },
}

/// Records on their way, what follows, and who waits for it.
#[derive(Debug)]
pub(crate) struct Waiting<S = Record, T = Then, R = Response> {
    pub(crate) id: AppendId,
    /// Until they are appended.
    pub(crate) records: Vec<S>,
    pub(crate) then: T,
    pub(crate) replies: Vec<(Ticket, R)>,
}

/// What a shard stores: it has a form in the log.
pub(crate) trait Stored: Sized {
    fn encode(records: &[Self]) -> Vec<CoordinatorRecord>;
}

#[derive(Debug)]
pub(crate) struct Appends<S = Record, T = Then, R = Response> {
    last: AppendId,
    /// In the order of their IDs.
    waiting: VecDeque<Waiting<S, T, R>>,
}

impl<S, T, R> Default for Appends<S, T, R> {
    fn default() -> Appends<S, T, R> {
        Appends { last: AppendId::default(), waiting: VecDeque::new() }
    }
}

impl<S: Stored, T, R> Appends<S, T, R> {
    pub(crate) fn start<M>(&mut self, records: Vec<S>, then: T, out: &mut Vec<Effect<R, M>>) -> AppendId {
        self.start_as(records, then, out, |id, records| Effect::Append { id, records })
    }

    /// The same, with the effect that appends them.
    pub(crate) fn start_as<M>(
        &mut self,
        records: Vec<S>,
        then: T,
        out: &mut Vec<Effect<R, M>>,
        effect: impl FnOnce(AppendId, Vec<CoordinatorRecord>) -> Effect<R, M>,
    ) -> AppendId {
        let id = AppendId(self.last.0 + 1);
        self.last = id;
        out.push(effect(id, S::encode(&records)));
        self.waiting.push_back(Waiting { id, records, then, replies: Vec::new() });
        id
    }

    pub(crate) fn last(&self) -> AppendId {
        self.last
    }

    /// Gives the reply when that append is durable: at once if it is.
    pub(crate) fn reply_after<M>(
        &mut self,
        id: AppendId,
        ticket: Ticket,
        response: R,
        out: &mut Vec<Effect<R, M>>,
    ) {
        match self.waiting.binary_search_by_key(&id, |waiting| waiting.id) {
            Ok(index) => self.waiting[index].replies.push((ticket, response)),
            Err(_) => out.push(Effect::Reply { ticket, response }),
        }
    }

    /// Takes the records of an append that has just been made, to apply them.
    pub(crate) fn take_records(&mut self, id: AppendId) -> Vec<S> {
        let index = self.index(id);
        std::mem::take(&mut self.waiting[index].records)
    }

    /// What follows an append.
    pub(crate) fn then(&self, id: AppendId) -> &T {
        &self.waiting[self.index(id)].then
    }

    /// Forgets an append that could not be made.
    pub(crate) fn fail(&mut self, id: AppendId) -> Waiting<S, T, R> {
        let index = self.index(id);
        self.waiting.remove(index).expect("the index was found")
    }

    /// Takes the first append, if it is at most that.
    pub(crate) fn next_up_to(&mut self, id: AppendId) -> Option<Waiting<S, T, R>> {
        if self.waiting.front()?.id > id { None } else { self.waiting.pop_front() }
    }

    fn index(&self, id: AppendId) -> usize {
        let found = self.waiting.binary_search_by_key(&id, |waiting| waiting.id);
        found.expect("an append ends once, after it was asked for")
    }
}

impl<S, T, R> Waiting<S, T, R> {
    pub(crate) fn answer<M>(self, out: &mut Vec<Effect<R, M>>) {
        out.extend(self.replies.into_iter().map(|(ticket, response)| Effect::Reply { ticket, response }));
    }
}

impl Waiting {
    pub(crate) fn refuse(self, error: ErrorCode, out: &mut Vec<Effect>) {
        let error = errors::told_for(error);
        let refuse = |(ticket, response): (Ticket, Response)| {
            let error = if matches!(response, Response::OffsetFetch(_))
                && error == ErrorCode::CoordinatorNotAvailable
            {
                // Consumers before 3.9 know the other not.
                ErrorCode::NotCoordinator
            } else {
                error
            };
            Effect::Reply { ticket, response: response.failed(error) }
        };
        out.extend(self.replies.into_iter().map(refuse));
    }
}
