//! AlterPartitionReassignments: the controller decides.

use ottla_wire::messages::{AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse};

use super::Context;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    context.decide(move |controller| controller.alter_partition_reassignments(&request)).await
}
