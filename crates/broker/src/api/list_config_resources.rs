//! ListConfigResources: what can be configured, by name.

use ottla_metadata::{Image, ResourceKind};
use ottla_wire::{
    ByteString, ErrorCode,
    messages::{
        ListConfigResourcesRequest, ListConfigResourcesResponse,
        list_config_resources_response::ConfigResource,
    },
};

use super::Context;

/// Version 0 was called ListClientMetricsResources.
const OF_VERSION_0: &[ResourceKind] = &[ResourceKind::ClientMetrics];
const ALL: &[ResourceKind] = &[
    ResourceKind::Topic,
    ResourceKind::Broker,
    ResourceKind::BrokerLogger,
    ResourceKind::ClientMetrics,
    ResourceKind::Group,
];

pub(crate) async fn handle(
    context: &Context<'_>,
    request: ListConfigResourcesRequest,
) -> ListConfigResourcesResponse {
    let known = if context.version == 0 { OF_VERSION_0 } else { ALL };
    let is_asked_for = |kind: &ResourceKind| {
        request.resource_types.is_empty() || request.resource_types.contains(&kind.code())
    };
    if request.resource_types.iter().any(|code| !known.iter().any(|kind| kind.code() == *code)) {
        let error_code = ErrorCode::UnsupportedVersion.code();
        return ListConfigResourcesResponse { error_code, ..Default::default() };
    }
    let image = context.broker.metadata.image();
    let mut config_resources = Vec::new();
    for kind in known.iter().filter(|kind| is_asked_for(kind)) {
        let listed = |resource_name| ConfigResource { resource_name, resource_type: kind.code() };
        config_resources.extend(names(&image, *kind).into_iter().map(listed));
    }
    ListConfigResourcesResponse { config_resources, ..Default::default() }
}

fn names(image: &Image, kind: ResourceKind) -> Vec<ByteString> {
    match kind {
        ResourceKind::Topic => image.topics().sorted().iter().map(|topic| topic.name.clone()).collect(),
        ResourceKind::Broker | ResourceKind::BrokerLogger => {
            let serving = image.cluster().brokers().filter(|broker| !broker.fenced);
            serving.map(|broker| broker.id.to_string().into()).collect()
        }
        ResourceKind::ClientMetrics | ResourceKind::Group => {
            let mut names: Vec<_> = image.configs().of_kind(kind).map(|(name, _)| name.clone()).collect();
            names.sort_unstable();
            names
        }
    }
}
