//! DescribeGroups: classic groups with their members.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{DescribeGroupsRequest, DescribeGroupsResponse, describe_groups_response::DescribedGroup},
};

use super::{Context, operations, unique::unique_by};

pub(crate) async fn handle(context: &Context<'_>, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let describe = |group_id: &ByteString| {
        let mut described = describe(context, group_id);
        if request.include_authorized_operations && described.error_code == ErrorCode::None.code() {
            described.authorized_operations = operations::OF_GROUP;
        }
        described
    };
    let asked = unique_by(&request.groups, |group_id| *group_id);
    DescribeGroupsResponse { groups: asked.map(describe).collect(), ..Default::default() }
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
