//! Asking a group's coordinator.

use ottla_wire::{ApiKey, ErrorCode, Request};

use super::heartbeats::Command;
use crate::error::{Resource, ResponseError};
use crate::{Call, Client, Destination, Result};

/// Asks once. That the answer is an error code, or does not come, is learnt from.
pub(crate) async fn ask<R: Request>(
    client: Client,
    call: Call,
    request: R,
    code: impl Fn(&R::Response) -> i16,
) -> Result<R::Response> {
    let answered = client.request(&call, &request).await.and_then(|reply| {
        let api = ApiKey::from_code(R::API_KEY).expect("requests have keys");
        check(api, code(&reply.response), call.destination())
            .map_err(|error| error.with_broker(reply.broker.clone()))?;
        Ok(reply.response)
    });
    if let Err(error) = &answered {
        client.learn_from(call.destination(), error);
    }
    answered
}

/// What was done.
#[derive(Debug)]
pub(crate) enum Carried<A> {
    Heartbeat(u64, Result<A>),
    Left,
}

/// Carries out what a member decided.
pub(crate) async fn carry_out<R: Request>(
    client: Client,
    call: Call,
    command: Command<R>,
    code: impl Fn(&R::Response) -> i16,
) -> Carried<R::Response> {
    match command {
        Command::Heartbeat(round, request) => {
            Carried::Heartbeat(round, ask(client, call, request, code).await)
        }
        Command::Leave(request) => {
            if let Err(error) = ask(client, call, request, code).await {
                tracing::info!(target: "ottla_client::group", %error, "the coordinator was not told");
            }
            Carried::Left
        }
    }
}

fn check(api: ApiKey, code: i16, destination: &Destination) -> Result<(), ResponseError> {
    if code == ErrorCode::None.code() {
        return Ok(());
    }
    let error = ResponseError::new(api, code);
    match destination {
        Destination::Coordinator(coordinator) => Err(error.about(Resource::Group(coordinator.key.clone()))),
        Destination::Any | Destination::Broker(_) | Destination::Leader(_) | Destination::Controller => {
            Err(error)
        }
    }
}
