//! UpdateFeatures: the controller decides.

use ottla_wire::messages::{UpdateFeaturesRequest, UpdateFeaturesResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    context.decide(move |controller| controller.update_features(&request)).await
}
