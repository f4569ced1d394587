//! Removing members from groups.

use std::sync::Arc;

use ottla_wire::ErrorCode;
use ottla_wire::messages::LeaveGroupRequest;
use ottla_wire::messages::leave_group_request::MemberIdentity;

use super::about;
use crate::Result;
use crate::admin::{Admin, Results};

/// A member that is to leave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberToRemove {
    /// A static member, by its `group.instance.id`.
    Instance(Arc<str>),
    /// A member by its id.
    Member(Arc<str>),
}

impl Admin {
    /// Has members leave a classic group, as if they had done so themselves.
    pub async fn remove_members(
        &self,
        group: &str,
        members: &[MemberToRemove],
        reason: Option<&str>,
    ) -> Result<Results<MemberToRemove, ()>> {
        let identities = members.iter().map(|member| match member {
            MemberToRemove::Instance(id) => MemberIdentity {
                group_instance_id: Some((&**id).into()),
                reason: reason.map(Into::into),
                ..MemberIdentity::default()
            },
            MemberToRemove::Member(id) => MemberIdentity {
                member_id: (&**id).into(),
                reason: reason.map(Into::into),
                ..MemberIdentity::default()
            },
        });
        let request = LeaveGroupRequest {
            group_id: group.into(),
            members: identities.collect(),
            ..LeaveGroupRequest::default()
        };
        self.ask_coordinator(group, 3..=i16::MAX, &request, |response, answer| {
            answer.check_about(response.error_code, None, about(group))?;
            // Answers are in the order of the request.
            let results = members.iter().zip(&response.members);
            let results = results.map(|(member, left)| (member.clone(), answer.check(left.error_code, None)));
            Ok(results.collect())
        })
        .await
    }

    /// Has all members leave a classic group.
    pub async fn remove_all_members(&self, group: &str) -> Result<Results<MemberToRemove, ()>> {
        let described = self.describe_classic_groups(&[group]).await?.remove(group);
        let members: Vec<MemberToRemove> = match described {
            Some(Ok(group)) => group
                .members
                .into_iter()
                .map(|it| it.instance_id.map_or(MemberToRemove::Member(it.id), MemberToRemove::Instance))
                .collect(),
            Some(Err(error)) if error.code() != Some(ErrorCode::GroupIdNotFound) => return Err(error),
            Some(Err(_)) | None => Vec::new(),
        };
        if members.is_empty() { Ok(Results::new()) } else { self.remove_members(group, &members, None).await }
    }
}
