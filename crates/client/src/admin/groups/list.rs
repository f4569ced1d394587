//! Listing and deleting groups.

use std::sync::Arc;

use ottla_wire::messages::{DeleteGroupsRequest, ListGroupsRequest};

use super::about;
use crate::admin::{Admin, Results, text};
use crate::{BrokerId, Call, Destination, Result};

/// Which groups are meant. The default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsFilter {
    /// In one of these states: `Stable`, `Empty`, ... (KIP-518); none for all.
    pub states: Vec<String>,
    /// Of one of these kinds: `classic`, `consumer`, `share`, `streams` (KIP-848); none for all.
    pub types: Vec<String>,
}

/// A group among others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupListing {
    /// Its id.
    pub id: Arc<str>,
    /// What a classic group is for: `consumer`, or empty for one that only has offsets.
    pub protocol_type: Arc<str>,
    /// Its state, where the broker tells.
    pub state: Option<Arc<str>>,
    /// Its kind, where the broker tells.
    pub group_type: Option<Arc<str>>,
    /// The broker that coordinates it.
    pub coordinator: BrokerId,
}

impl Admin {
    /// Groups of all kinds, by the broker that coordinates them.
    pub async fn list_groups(&self, filter: &GroupsFilter) -> Result<Results<BrokerId, Vec<GroupListing>>> {
        let request = ListGroupsRequest {
            states_filter: filter.states.iter().map(|state| state.as_str().into()).collect(),
            types_filter: filter.types.iter().map(|kind| kind.as_str().into()).collect(),
        };
        // Brokers of before would list more than is asked for.
        let version = if !filter.types.is_empty() {
            5
        } else if !filter.states.is_empty() {
            4
        } else {
            0
        };
        let mut results = Results::new();
        for coordinator in self.broker_ids().await? {
            let call = Call::to(Destination::Broker(coordinator)).versions(version..=i16::MAX);
            let listed = self.ask(&call, &request, |response, answer| {
                answer.check(response.error_code, None)?;
                let told = |value: &str| (!value.is_empty()).then(|| text(value));
                let listed = response.groups.iter().map(|group| GroupListing {
                    id: text(&group.group_id),
                    protocol_type: text(&group.protocol_type),
                    state: told(&group.group_state),
                    group_type: told(&group.group_type),
                    coordinator,
                });
                Ok(listed.collect())
            });
            results.insert(coordinator, listed.await);
        }
        Ok(results)
    }

    /// Deletes groups of any kind, which must have no members, with all that they committed.
    pub async fn delete_groups(&self, groups: &[&str]) -> Result<Results<Arc<str>, ()>> {
        let ask = |group: &str| DeleteGroupsRequest { groups_names: vec![group.into()] };
        let results = self.each_group(groups, ask, |response, answer| {
            let group = response.results.first().ok_or_else(|| answer.lacks("the group"))?;
            answer.check_about(group.error_code, None, about(&group.group_id))
        });
        Ok(results.await)
    }
}
