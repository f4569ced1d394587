//! ListPartitionReassignments: what the controller has under way.

use ottla_metadata::Decision;
use ottla_wire::messages::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

use super::Context;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    let list = move |controller: &ottla_metadata::Controller<'_>| Decision {
        records: Vec::new(),
        response: controller.list_partition_reassignments(&request),
    };
    context.decide(list).await
}
