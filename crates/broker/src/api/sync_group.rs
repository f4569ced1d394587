//! SyncGroup: answered with the leader's assignment, once that is durable.

use ottla_coordinator::Response;
use ottla_wire::{
    ErrorCode,
    messages::{SyncGroupRequest, SyncGroupResponse},
};

use super::Context;

/// The first version in which members say which protocol they mean.
const PROTOCOL_FROM: i16 = 5;

pub(crate) async fn handle(context: &Context<'_>, request: SyncGroupRequest) -> SyncGroupResponse {
    let says_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
    if context.version >= PROTOCOL_FROM && !says_protocol {
        return refused(ErrorCode::InconsistentGroupProtocol);
    }
    let asked = context.ask_group(&request.group_id, |shard, asked| {
        shard.sync_group(asked.context.now, &request, asked.ticket, asked.out);
    });
    match asked.await {
        Ok(Response::SyncGroup(response)) => response,
        Ok(other) => unreachable!("a SyncGroup was answered with {other:?}"),
        Err(error) => refused(error),
    }
}

fn refused(error: ErrorCode) -> SyncGroupResponse {
    SyncGroupResponse { error_code: error.code(), ..Default::default() }
}
