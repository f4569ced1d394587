//! DeleteTopics: the controller decides.

use ottla_wire::messages::{DeleteTopicsRequest, DeleteTopicsResponse};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let version = context.version;
    context.decide(move |controller| controller.delete_topics(&request, version)).await
}
