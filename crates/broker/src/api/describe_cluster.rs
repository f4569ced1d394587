//! DescribeCluster: the brokers, and where clients of this listener reach them.

use ottla_metadata::{Broker, Image};
use ottla_wire::{
    ErrorCode,
    messages::{
        DescribeClusterRequest, DescribeClusterResponse, describe_cluster_response::DescribeClusterBroker,
    },
};

use super::{Context, operations};

/// Kafka's numbers for what a client believes to talk to.
const BROKER: i8 = 1;
const CONTROLLER: i8 = 2;

pub(crate) async fn handle(
    context: &Context<'_>,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    if let Some((error, message)) = refusal(context.version, request.endpoint_type) {
        return DescribeClusterResponse {
            error_code: error.code(),
            error_message: Some(message.into()),
            ..Default::default()
        };
    }
    let operations = match request.include_cluster_authorized_operations {
        true => operations::OF_CLUSTER,
        false => DescribeClusterResponse::default().cluster_authorized_operations,
    };
    DescribeClusterResponse {
        cluster_id: context.broker.identity.cluster_id.clone(),
        controller_id: context.broker.identity.node_id,
        brokers: brokers(context, &context.broker.metadata.image(), request.include_fenced_brokers),
        cluster_authorized_operations: operations,
        ..Default::default()
    }
}

fn refusal(version: i16, endpoint_type: i8) -> Option<(ErrorCode, String)> {
    let (error, message) = match endpoint_type {
        BROKER => return None,
        CONTROLLER => (
            ErrorCode::MismatchedEndpointType,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER".to_owned(),
        ),
        other => (ErrorCode::UnsupportedEndpointType, format!("Unsupported endpoint type {other}")),
    };
    Some((if version == 0 { ErrorCode::InvalidRequest } else { error }, message))
}

fn brokers(context: &Context<'_>, image: &Image, with_fenced: bool) -> Vec<DescribeClusterBroker> {
    let listener = &context.connection.listener;
    let describe = |broker: &Broker| {
        let endpoint = broker.endpoint(listener)?;
        Some(DescribeClusterBroker {
            broker_id: broker.id,
            host: endpoint.host.clone(),
            port: endpoint.port.into(),
            rack: broker.rack.clone(),
            is_fenced: broker.fenced,
        })
    };
    image.cluster().brokers().filter(|broker| with_fenced || !broker.fenced).filter_map(describe).collect()
}
