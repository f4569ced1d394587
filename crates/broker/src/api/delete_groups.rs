//! DeleteGroups: groups without members go, with their offsets.

use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode,
    messages::{DeleteGroupsRequest, DeleteGroupsResponse, delete_groups_response::DeletableGroupResult},
};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let mut of_shards: BTreeMap<Option<i32>, BTreeSet<ByteString>> = BTreeMap::new();
    for group in request.groups_names {
        of_shards.entry(context.broker.groups.place(&group)).or_default().insert(group);
    }
    let mut results = Vec::new();
    for groups in of_shards.into_values() {
        results.append(&mut delete(context, groups.into_iter().collect()).await);
    }
    DeleteGroupsResponse { results, ..Default::default() }
}

/// Deletes groups of one shard.
async fn delete(context: &Context<'_>, groups: Vec<ByteString>) -> Vec<DeletableGroupResult> {
    let asked = context.ask_group(&groups[0], |shard, asked| {
        shard.delete_groups(&groups, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::DeleteGroups(results)) => results,
        Ok(other) => unreachable!("a DeleteGroups was answered with {other:?}"),
        Err(error) => groups.into_iter().map(|group_id| refused(group_id, error)).collect(),
    }
}

fn refused(group_id: ByteString, error: ErrorCode) -> DeletableGroupResult {
    DeletableGroupResult { group_id, error_code: error.code() }
}
