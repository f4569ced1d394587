//! FindCoordinator: this broker, which keeps all groups and transactions. The topic that they are kept in is created with
//! the first.

use bytestring::ByteString;
use ottla_metadata::names::{CONSUMER_OFFSETS, TRANSACTION_STATE};
use ottla_wire::{
    ErrorCode,
    messages::{
        CreateTopicsRequest, FindCoordinatorRequest, FindCoordinatorResponse,
        find_coordinator_response::Coordinator,
    },
};

use super::Context;
use crate::random;

/// The first version that asks for several at once.
const SEVERAL_FROM: i16 = 4;
/// The first version that knows share groups.
const SHARE_FROM: i16 = 6;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

/// Where a coordinator is.
#[derive(Clone, Debug)]
struct Node {
    id: i32,
    host: ByteString,
    port: i32,
}

pub(crate) async fn handle(
    context: &Context<'_>,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let found = find(context, request.key_type).await;
    if context.version < SEVERAL_FROM {
        return one(found);
    }
    let answer = |key| of_key(key, &found);
    FindCoordinatorResponse {
        coordinators: request.coordinator_keys.into_iter().map(answer).collect(),
        ..Default::default()
    }
}

async fn find(context: &Context<'_>, key_type: i8) -> Result<Node, ErrorCode> {
    match key_type {
        GROUP => {
            ensure_groups_topic(context).await?;
            this_node(context).ok_or(ErrorCode::CoordinatorNotAvailable)
        }
        TRANSACTION => {
            ensure_transactions_topic(context).await?;
            this_node(context).ok_or(ErrorCode::CoordinatorNotAvailable)
        }
        SHARE if context.version >= SHARE_FROM => Err(ErrorCode::CoordinatorNotAvailable),
        _ => Err(ErrorCode::InvalidRequest),
    }
}

/// There is a topic to keep groups in.
pub(super) async fn ensure_groups_topic(context: &Context<'_>) -> Result<(), ErrorCode> {
    ensure_topic(context, CONSUMER_OFFSETS, || context.broker.groups.are_hosted()).await
}

async fn ensure_transactions_topic(context: &Context<'_>) -> Result<(), ErrorCode> {
    ensure_topic(context, TRANSACTION_STATE, || context.broker.transactions.are_hosted()).await
}

async fn ensure_topic(
    context: &Context<'_>,
    name: &'static str,
    is_hosted: impl Fn() -> bool,
) -> Result<(), ErrorCode> {
    if is_hosted() {
        return Ok(());
    }
    let created = context.decide(|controller| {
        let topics = vec![controller.auto_created_topic(name)];
        controller.create_topics(&CreateTopicsRequest { topics, ..Default::default() }, &mut random::uuid)
    });
    let created = created.await;
    if is_hosted() {
        return Ok(());
    }
    for topic in created.topics {
        tracing::warn!(topic = %topic.name, reason = topic.error_message.as_deref().unwrap_or_default(),
                       "cannot create the topic that a coordinator needs");
    }
    Err(ErrorCode::CoordinatorNotAvailable)
}

/// This broker as the listener's clients reach it.
fn this_node(context: &Context<'_>) -> Option<Node> {
    let image = context.broker.metadata.image();
    let id = context.broker.identity.node_id;
    let endpoint = image.cluster().broker(id)?.endpoint(&context.connection.listener)?;
    Some(Node { id, host: endpoint.host.clone(), port: endpoint.port.into() })
}

fn one(found: Result<Node, ErrorCode>) -> FindCoordinatorResponse {
    let Coordinator { node_id, host, port, error_code, .. } = of_key(ByteString::new(), &found);
    let error_message = match found {
        Ok(_) => "NONE".into(),
        Err(ErrorCode::CoordinatorNotAvailable) => "The coordinator is not available.".into(),
        Err(_) => "There is no such coordinator.".into(),
    };
    let error_message = Some(error_message);
    FindCoordinatorResponse { node_id, host, port, error_code, error_message, ..Default::default() }
}

fn of_key(key: ByteString, found: &Result<Node, ErrorCode>) -> Coordinator {
    match found {
        Ok(Node { id, host, port }) => {
            Coordinator { key, node_id: *id, host: host.clone(), port: *port, ..Default::default() }
        }
        Err(error) => {
            Coordinator { key, node_id: -1, port: -1, error_code: error.code(), ..Default::default() }
        }
    }
}
