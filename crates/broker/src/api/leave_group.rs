//! LeaveGroup: members go.

use ottla_coordinator::Response;
use ottla_wire::messages::{LeaveGroupRequest, LeaveGroupResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.leave_group(&asked.context, &request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::LeaveGroup(response)) => response,
        Ok(other) => unreachable!("a LeaveGroup was answered with {other:?}"),
        Err(error) => LeaveGroupResponse { error_code: error.code(), ..Default::default() },
    }
}
