//! Requests of administrators for groups as a whole.

use std::collections::HashSet;

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        ListGroupsRequest, delete_groups_response::DeletableGroupResult,
        describe_groups_response::DescribedGroup, list_groups_response::ListedGroup,
    },
};

use super::Shard;
use crate::{
    Effect, GroupState, GroupType, Response, Ticket,
    group::{Group, Membership},
    offsets,
    record::Record,
};

/// From this version on a description of a group that does not exist is an error (KIP-1043).
const GROUP_ID_NOT_FOUND_FROM: i16 = 6;

impl Shard {
    /// DescribeGroups, of one group.
    pub fn describe_group(&self, group_id: &ByteString, api_version: i16) -> DescribedGroup {
        let not_found = |message: String| {
            let told = api_version >= GROUP_ID_NOT_FOUND_FROM;
            let error = if told { ErrorCode::GroupIdNotFound } else { ErrorCode::None };
            DescribedGroup {
                group_id: group_id.clone(),
                group_state: "Dead".into(),
                error_code: error.code(),
                error_message: told.then(|| message.into()),
                ..Default::default()
            }
        };
        match self.groups.get(group_id).map(|group| &group.membership) {
            Some(Membership::Classic(classic)) => classic.describe(),
            Some(Membership::Simple) => DescribedGroup {
                group_id: group_id.clone(),
                group_state: GroupState::Empty.name().into(),
                ..Default::default()
            },
            Some(Membership::Other(_)) => not_found(format!("Group {group_id} is not a classic group.")),
            None => not_found(format!("Group {group_id} not found.")),
        }
    }

    /// ListGroups: the groups of this shard that pass the filters, which ignore case.
    pub fn list_groups(&self, request: &ListGroupsRequest) -> Vec<ListedGroup> {
        let passes = |filter: &[ByteString], name: &str| {
            filter.is_empty() || filter.iter().any(|wanted| wanted.trim().eq_ignore_ascii_case(name))
        };
        let mut listed: Vec<ListedGroup> = self
            .groups
            .iter()
            .filter(|(_, group)| passes(&request.states_filter, group.state().name()))
            .filter(|(_, group)| passes(&request.types_filter, group.group_type().name()))
            .map(|(id, group)| ListedGroup {
                group_id: id.clone(),
                protocol_type: group.protocol_type(),
                group_state: group.state().name().into(),
                group_type: group.group_type().name().into(),
            })
            .collect();
        listed.sort_unstable_by(|a, b| a.group_id.cmp(&b.group_id));
        listed
    }

    /// DeleteGroups, of the groups of this shard. The answer comes once that is durable.
    pub fn delete_groups(&mut self, group_ids: &[ByteString], ticket: Ticket, out: &mut Vec<Effect>) {
        let mut records = Vec::new();
        let mut seen = HashSet::new();
        let results = group_ids.iter().map(|id| {
            let found =
                if seen.insert(id) { self.tombstones_of_group(id) } else { Err(ErrorCode::GroupIdNotFound) };
            let error_code = found.as_ref().err().copied().unwrap_or(ErrorCode::None).code();
            records.extend(found.unwrap_or_default());
            DeletableGroupResult { group_id: id.clone(), error_code }
        });
        let results: Vec<DeletableGroupResult> = results.collect();
        self.append_and_reply(records, ticket, Response::DeleteGroups(results), out);
    }

    fn tombstones_of_group(&self, id: &ByteString) -> Result<Vec<Record>, ErrorCode> {
        let group = self.groups.get(id).ok_or(ErrorCode::GroupIdNotFound)?;
        if group.state() != GroupState::Empty {
            return Err(ErrorCode::NonEmptyGroup);
        }
        if group.group_type() == GroupType::Share {
            // Its positions stand in another topic, which would have to forget them too.
            return Err(ErrorCode::UnsupportedVersion);
        }
        let mut records = offsets::tombstones(id, &group.offsets, |_, _| true);
        records.extend(last_tombstones(id, group));
        Ok(records)
    }
}

fn last_tombstones(id: &ByteString, group: &Group) -> Vec<Record> {
    match &group.membership {
        Membership::Simple | Membership::Classic(_) => {
            vec![Record::Classic { group: id.clone(), value: None }]
        }
        Membership::Other(other) => other.tombstones(id),
    }
}
