//! JoinGroup: answered when the group's rebalance allows it.

use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode,
    messages::{JoinGroupRequest, JoinGroupResponse},
};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: JoinGroupRequest) -> JoinGroupResponse {
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.join_group(&asked.context, &request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::JoinGroup(response)) => response,
        Ok(other) => unreachable!("a JoinGroup was answered with {other:?}"),
        Err(error) => refused(request, error),
    }
}

fn refused(request: JoinGroupRequest, error: ErrorCode) -> JoinGroupResponse {
    JoinGroupResponse {
        error_code: error.code(),
        member_id: request.member_id,
        protocol_name: None,
        ..Default::default()
    }
}
