//! DeleteTopics: the controller decides.

use ottla_wire::{
    ErrorCode,
    messages::{
        DeleteTopicsRequest, DeleteTopicsResponse, delete_topics_response::DeletableTopicResult,
    },
};

use super::Context;

pub(crate) async fn handle(context: &Context<'_>, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let version = context.version;
    let asked = request.clone();
    let decided =
        context.broker.controller.decide(move |controller| controller.delete_topics(&asked, version)).await;
    decided.unwrap_or_else(|_stopped| {
        let refused = |name, topic_id| DeletableTopicResult {
            name,
            topic_id,
            error_code: ErrorCode::NotController.code(),
            ..Default::default()
        };
        let by_name = request.topic_names.into_iter().map(|name| refused(Some(name), Default::default()));
        let by_either = request.topics.into_iter().map(|topic| refused(topic.name, topic.topic_id));
        DeleteTopicsResponse { responses: by_name.chain(by_either).collect(), ..Default::default() }
    })
}
