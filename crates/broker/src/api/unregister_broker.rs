//! UnregisterBroker: the controller decides.

use ottla_wire::messages::{UnregisterBrokerRequest, UnregisterBrokerResponse};

use super::Context;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: UnregisterBrokerRequest,
) -> UnregisterBrokerResponse {
    context.decide(move |controller| controller.unregister_broker(&request)).await
}
