//! Requests for committed offsets, and their end.

use std::collections::HashMap;

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        OffsetCommitRequest, OffsetDeleteRequest, OffsetDeleteResponse,
        offset_fetch_request::OffsetFetchRequestGroup,
    },
};
use uuid::Uuid;

use super::{Parts, Shard, classic, membership::check_group_id};
use crate::{
    Context, Effect, GroupState, GroupType, Now, Response, Ticket,
    appends::Then,
    group::{Group, Membership},
    offsets,
    record::Record,
};

/// From this version on a commit to a group that does not exist is told so (KIP-848).
const GROUP_ID_NOT_FOUND_FROM: i16 = 9;

/// Tombstones that are written in one batch.
const TOMBSTONES_MAX: usize = 1000;

/// A topic that is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedTopic {
    pub name: ByteString,
    pub id: Uuid,
}

impl Shard {
    /// OffsetCommit. Topics have names, whatever the version: the caller finds them for IDs, and refuses partitions
    /// that do not exist. A topic's ID is kept if there is one. The answer comes once the offsets are durable.
    pub fn commit_offsets(
        &mut self,
        context: &Context,
        request: &OffsetCommitRequest,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        let metadata_max = self.config.offset_metadata_max;
        let checked = self.check_commit(context, request);
        let Parts { groups, mut turn } = self.parts(context.now, out);
        if let Err(error) = checked {
            return turn.reply(ticket, Response::OffsetCommit(offsets::refuse_commit(request, error)));
        }
        if let Some(classic) = classic(groups, &request.group_id) {
            classic.committed_by(&request.member_id, &mut turn);
        }
        let (response, records) = offsets::commit(request, metadata_max, context.now.unix_millis);
        self.stats.offset_commits += records.len() as u64;
        self.append_and_reply(records, ticket, Response::OffsetCommit(response), out);
    }

    fn check_commit(&self, context: &Context, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        let from_nobody = request.generation_id_or_member_epoch < 0;
        if !offsets::has_storable_names(request) {
            return Err(ErrorCode::InvalidRequest);
        }
        match self.groups.get(&request.group_id).map(|group| &group.membership) {
            Some(Membership::Classic(classic)) => classic.check_commit(request),
            Some(Membership::Simple) if from_nobody => Ok(()),
            Some(Membership::Simple) => Err(ErrorCode::UnknownMemberId),
            Some(Membership::Other(other)) if other.group_type() == GroupType::Share => {
                Err(ErrorCode::GroupIdNotFound)
            }
            Some(Membership::Other(other)) if from_nobody && other.state() == GroupState::Empty => Ok(()),
            Some(Membership::Other(_)) => Err(ErrorCode::UnknownMemberId),
            None if from_nobody => Ok(()),
            None if context.api_version >= GROUP_ID_NOT_FOUND_FROM => Err(ErrorCode::GroupIdNotFound),
            None => Err(ErrorCode::IllegalGeneration),
        }
    }

    /// OffsetFetch, of one of its groups; topics have names, as in a commit. The answer waits for commits that are not
    /// durable yet: an offset that is told is never lost.
    pub fn fetch_offsets(
        &mut self,
        request: &OffsetFetchRequestGroup,
        require_stable: bool,
        ticket: Ticket,
        out: &mut Vec<Effect>,
    ) {
        let group = self.groups.get(&request.group_id).filter(|group| group.group_type() != GroupType::Share);
        let found = group.map(|group| &group.offsets);
        let response = Response::OffsetFetch(offsets::fetch(found, request, require_stable));
        let after = found.map(|offsets| offsets.changed_by).unwrap_or_default();
        self.appends.reply_after(after, ticket, response, out);
    }

    /// OffsetDelete; the caller refuses partitions that do not exist. The answer comes once that is durable.
    pub fn delete_offsets(&mut self, request: &OffsetDeleteRequest, ticket: Ticket, out: &mut Vec<Effect>) {
        match self.check_offset_delete(request) {
            Ok(group) => {
                let (response, records) = offsets::delete(group, request);
                self.stats.offset_deletions += records.len() as u64;
                self.append_and_reply(records, ticket, Response::OffsetDelete(response), out);
            }
            Err(error) => {
                let response = OffsetDeleteResponse { error_code: error.code(), ..Default::default() };
                out.push(Effect::Reply { ticket, response: Response::OffsetDelete(response) });
            }
        }
    }

    fn check_offset_delete(&self, request: &OffsetDeleteRequest) -> Result<&Group, ErrorCode> {
        check_group_id(&request.group_id)?;
        let group = self.groups.get(&request.group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        match &group.membership {
            Membership::Classic(classic)
                if classic.state() != GroupState::Empty && !classic.is_of_consumers() =>
            {
                Err(ErrorCode::NonEmptyGroup)
            }
            Membership::Other(other) if other.group_type() == GroupType::Share => {
                Err(ErrorCode::GroupIdNotFound)
            }
            Membership::Simple | Membership::Classic(_) | Membership::Other(_) => Ok(group),
        }
    }

    /// Topics were deleted: their offsets go as well, but not those of a new topic that has the name of an old one.
    pub fn topics_deleted(&mut self, topics: &[DeletedTopic], out: &mut Vec<Effect>) {
        let mut ids: HashMap<&str, Vec<Uuid>> = HashMap::new();
        for topic in topics {
            ids.entry(&topic.name).or_default().push(topic.id);
        }
        let mut records = Vec::new();
        for group in self.sorted_ids() {
            records.extend(offsets::tombstones(&group, &self.groups[&group].offsets, |topic, offset| {
                ids.get(&**topic)
                    .is_some_and(|ids| offset.topic_id.is_nil() || ids.contains(&offset.topic_id))
            }));
        }
        self.append_in_batches(records, out);
    }

    /// Deletes what has expired: offsets, and groups of which nothing is left.
    pub(super) fn expire_offsets(&mut self, now: Now, out: &mut Vec<Effect>) {
        let retention = i64::try_from(self.config.offsets_retention.as_millis()).unwrap_or(i64::MAX);
        let mut records = Vec::new();
        for id in self.sorted_ids() {
            let expired = offsets::expire(&id, &self.groups[&id], retention, now.unix_millis);
            self.stats.offset_expirations += expired.offsets.len() as u64;
            records.extend(expired.offsets);
            if expired.group {
                records.push(Record::Classic { group: id, value: None });
            }
        }
        self.append_in_batches(records, out);
    }

    /// Batches stay small; that such deletions happen together is not needed.
    fn append_in_batches(&mut self, mut records: Vec<Record>, out: &mut Vec<Effect>) {
        while !records.is_empty() {
            let rest = records.split_off(records.len().min(TOMBSTONES_MAX));
            self.appends.start(records, Then::Nothing, out);
            records = rest;
        }
    }

    /// Without records there is nothing to wait for.
    pub(super) fn append_and_reply(
        &mut self,
        records: Vec<Record>,
        ticket: Ticket,
        response: Response,
        out: &mut Vec<Effect>,
    ) {
        if records.is_empty() {
            out.push(Effect::Reply { ticket, response });
        } else {
            let id = self.appends.start(records, Then::Nothing, out);
            self.appends.reply_after(id, ticket, response, out);
        }
    }
}
