//! IncrementalAlterConfigs: the controller decides, but for the levels of this broker's log, which do not change while
//! it runs.

use ottla_metadata::{ApiError, ResourceKind};
use ottla_wire::{
    ErrorCode,
    messages::{
        IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
        incremental_alter_configs_request::AlterConfigsResource,
        incremental_alter_configs_response::AlterConfigsResourceResponse,
    },
};

use super::Context;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let (loggers, stored): (Vec<_>, Vec<_>) = request.resources.into_iter().partition(is_logger);
    let request = IncrementalAlterConfigsRequest { resources: stored, ..request };
    let mut response = context.decide(move |controller| controller.incremental_alter_configs(&request)).await;
    let node_id = context.broker.identity.node_id;
    response.responses.extend(loggers.into_iter().map(|resource| refuse(resource, node_id)));
    response
}

fn is_logger(resource: &AlterConfigsResource) -> bool {
    resource.resource_type == ResourceKind::BrokerLogger.code()
}

fn refuse(resource: AlterConfigsResource, node_id: i32) -> AlterConfigsResourceResponse {
    let error = refusal(&resource, node_id);
    AlterConfigsResourceResponse {
        error_code: error.code.code(),
        error_message: error.message.map(Into::into),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name,
    }
}

fn refusal(resource: &AlterConfigsResource, node_id: i32) -> ApiError {
    let name = &resource.resource_name;
    let message = match name.parse::<i32>() {
        Err(_not_a_number) => format!("Node id must be an integer, but it is: {name}"),
        Ok(id) if id != node_id => {
            format!("Unexpected node id. Expected {node_id}, but received {id}")
        }
        Ok(_) => {
            let loggers: Vec<&str> = resource.configs.iter().map(|config| &*config.name).collect();
            format!("Cannot update these configs dynamically: [{}]", loggers.join(", "))
        }
    };
    ApiError::new(ErrorCode::InvalidRequest, message)
}
