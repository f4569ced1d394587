//! CreateTopics: the controller decides.

use ottla_wire::{
    ErrorCode,
    messages::{
        CreateTopicsRequest, CreateTopicsResponse, create_topics_response::CreatableTopicResult,
    },
};

use super::Context;
use crate::random;

pub(crate) async fn handle(context: &Context<'_>, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let names: Vec<_> = request.topics.iter().map(|topic| topic.name.clone()).collect();
    let decided = context
        .broker
        .controller
        .decide(move |controller| controller.create_topics(&request, &mut random::uuid))
        .await;
    decided.unwrap_or_else(|_stopped| {
        let refused = |name| CreatableTopicResult {
            name,
            error_code: ErrorCode::NotController.code(),
            ..Default::default()
        };
        CreateTopicsResponse { topics: names.into_iter().map(refused).collect(), ..Default::default() }
    })
}
