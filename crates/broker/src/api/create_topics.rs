//! CreateTopics: the controller decides.

use ottla_wire::messages::{CreateTopicsRequest, CreateTopicsResponse};

use super::Context;
use crate::random;

pub(crate) async fn handle(context: &Context<'_>, request: CreateTopicsRequest) -> CreateTopicsResponse {
    context.decide(move |controller| controller.create_topics(&request, &mut random::uuid)).await
}
