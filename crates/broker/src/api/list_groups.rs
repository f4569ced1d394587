//! ListGroups: the groups of all shards, or an error while one is loaded, so that no list lacks groups unseen.

use ottla_wire::messages::{ListGroupsRequest, ListGroupsResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: ListGroupsRequest) -> ListGroupsResponse {
    match context.broker.groups.look_at_all(|shard, _| shard.list_groups(&request)) {
        Ok(groups) => ListGroupsResponse { groups: groups.concat(), ..Default::default() },
        Err(error) => ListGroupsResponse { error_code: error.code(), ..Default::default() },
    }
}
