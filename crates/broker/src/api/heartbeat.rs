//! Heartbeat: a member lives, and learns whether its group rebalances.

use ottla_wire::messages::{HeartbeatRequest, HeartbeatResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: HeartbeatRequest) -> HeartbeatResponse {
    let groups = &context.broker.groups;
    let beat = groups.look(&request.group_id, |shard, now| shard.heartbeat(now, &request));
    beat.unwrap_or_else(|error| HeartbeatResponse { error_code: error.code(), ..Default::default() })
}
