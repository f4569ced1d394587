//! CreatePartitions: the controller decides.

use ottla_wire::messages::{CreatePartitionsRequest, CreatePartitionsResponse};

use super::Context;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    context.decide(move |controller| controller.create_partitions(&request)).await
}
