//! DescribeGroups: classic groups with their members.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{DescribeGroupsRequest, DescribeGroupsResponse, describe_groups_response::DescribedGroup},
};

use super::Context;

/// Everything that can be done to a group, as a bit for each code of an operation: read (3), delete (6), describe (8),
/// describe configs (10), alter configs (11).
const ALL_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

pub(crate) async fn handle(context: &Context<'_>, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let describe = |group_id: &ByteString| {
        let mut described = describe(context, group_id);
        if request.include_authorized_operations && described.error_code == ErrorCode::None.code() {
            described.authorized_operations = ALL_OPERATIONS;
        }
        described
    };
    DescribeGroupsResponse { groups: request.groups.iter().map(describe).collect(), ..Default::default() }
}

fn describe(context: &Context<'_>, group_id: &ByteString) -> DescribedGroup {
    let groups = &context.broker.groups;
    let described = groups.look(group_id, |shard, _| shard.describe_group(group_id, context.version));
    described.unwrap_or_else(|error| DescribedGroup {
        error_code: error.code(),
        group_id: group_id.clone(),
        ..Default::default()
    })
}
