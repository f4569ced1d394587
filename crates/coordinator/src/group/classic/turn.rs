//! What a group has at hand while one request or timer is handled.

use std::time::Duration;

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{JoinGroupResponse, SyncGroupResponse},
};

use super::member::Member;
use crate::{
    AppendId, Effect, GroupConfig, Now, Response, Ticket,
    appends::{Appends, Then},
    record::Record,
    timers::{Timer, Timers},
};

/// Leads from an entry of the timers to its timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimerKey {
    /// The session of a member, or the wait for one that was told its ID.
    Session { group: ByteString, member: ByteString },
    /// The end of a group's wait for members to join.
    Join { group: ByteString },
    /// The end of a group's wait for members to sync.
    Sync { group: ByteString },
    /// The next look for expired offsets.
    Expiry,
}

#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) now: Now,
    pub(crate) config: &'a GroupConfig,
    pub(crate) timers: &'a mut Timers<TimerKey>,
    pub(crate) appends: &'a mut Appends,
    pub(crate) rebalances: &'a mut u64,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    pub(crate) fn reply(&mut self, ticket: Ticket, response: Response) {
        self.out.push(Effect::Reply { ticket, response });
    }

    pub(crate) fn append(&mut self, records: Vec<Record>, then: Then) -> AppendId {
        self.appends.start(records, then, self.out)
    }

    /// Replies once all that this turn and earlier ones appended up to `id` is durable.
    pub(crate) fn reply_after(&mut self, id: AppendId, ticket: Ticket, response: Response) {
        self.appends.reply_after(id, ticket, response, self.out);
    }

    pub(crate) fn refuse_join(&mut self, ticket: Ticket, member_id: ByteString, error: ErrorCode) {
        let response = JoinGroupResponse {
            member_id,
            error_code: error.code(),
            protocol_name: None,
            ..Default::default()
        };
        self.reply(ticket, Response::JoinGroup(response));
    }

    pub(crate) fn refuse_sync(&mut self, ticket: Ticket, error: ErrorCode) {
        let response = SyncGroupResponse { error_code: error.code(), ..Default::default() };
        self.reply(ticket, Response::SyncGroup(response));
    }

    pub(super) fn set_session(&mut self, group: &ByteString, member: &mut Member, timeout: Duration) {
        let key = || TimerKey::Session { group: group.clone(), member: member.id.clone() };
        self.timers.set(&mut member.session, self.now.uptime + timeout, key);
    }

    /// Starts the session of a member anew, as each of its heartbeats does.
    pub(super) fn restart_session(&mut self, group: &ByteString, member: &mut Member) {
        self.set_session(group, member, member.session_timeout());
    }

    pub(super) fn set(&mut self, timer: &mut Timer, after: Duration, key: TimerKey) {
        self.timers.set(timer, self.now.uptime + after, || key);
    }
}
