//! SyncGroup: answered with the leader's assignment, once that is durable.

use ottla_coordinator::Response;
use ottla_wire::messages::{SyncGroupRequest, SyncGroupResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: SyncGroupRequest) -> SyncGroupResponse {
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.sync_group(asked.context.now, &request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::SyncGroup(response)) => response,
        Ok(other) => unreachable!("a SyncGroup was answered with {other:?}"),
        Err(error) => SyncGroupResponse { error_code: error.code(), ..Default::default() },
    }
}
