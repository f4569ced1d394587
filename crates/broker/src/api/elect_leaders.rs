//! ElectLeaders: the controller decides.

use ottla_wire::messages::{ElectLeadersRequest, ElectLeadersResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: ElectLeadersRequest) -> ElectLeadersResponse {
    context.decide(move |controller| controller.elect_leaders(&request)).await
}
