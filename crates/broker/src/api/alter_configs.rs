//! AlterConfigs: the controller decides.

use ottla_wire::messages::{AlterConfigsRequest, AlterConfigsResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: AlterConfigsRequest) -> AlterConfigsResponse {
    context.decide(move |controller| controller.alter_configs(&request)).await
}
