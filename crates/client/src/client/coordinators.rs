//! Who coordinates a group or a transactional producer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ottla_wire::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_wire::{ApiKey, ErrorCode};

use super::{Call, Client, Destination};
use crate::cluster::Broker;
use crate::error::{Resource, ResponseError};
use crate::{BrokerId, Error, Result};

/// What is coordinated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CoordinatorKind {
    /// A group, by its id.
    Group,
    /// A transactional producer, by its id.
    Transaction,
    /// A share group's partition: `group:topicId:partition`.
    Share,
}

/// Whose coordinator is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator {
    /// What is coordinated.
    pub kind: CoordinatorKind,
    /// Its id.
    pub key: Arc<str>,
}

impl Coordinator {
    /// The coordinator of a group.
    pub fn of_group(id: impl Into<Arc<str>>) -> Coordinator {
        Coordinator { kind: CoordinatorKind::Group, key: id.into() }
    }

    /// The coordinator of a transactional producer.
    pub fn of_transactional_id(id: impl Into<Arc<str>>) -> Coordinator {
        Coordinator { kind: CoordinatorKind::Transaction, key: id.into() }
    }

    fn resource(&self) -> Resource {
        match self.kind {
            CoordinatorKind::Group | CoordinatorKind::Share => Resource::Group(self.key.clone()),
            CoordinatorKind::Transaction => Resource::TransactionalId(self.key.clone()),
        }
    }
}

/// The coordinators that were found.
#[derive(Debug, Default)]
pub(super) struct Coordinators {
    found: Mutex<HashMap<Coordinator, BrokerId>>,
}

impl Coordinators {
    fn found(&self) -> MutexGuard<'_, HashMap<Coordinator, BrokerId>> {
        // Nothing panics while it holds the lock.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// The broker that coordinates, as it was found before or is found now.
    pub(super) async fn coordinator(&self, coordinator: &Coordinator) -> Result<Broker> {
        let known = self.inner.coordinators.found().get(coordinator).copied();
        if let Some(broker) = known.and_then(|id| self.cluster().broker(id).cloned()) {
            return Ok(broker);
        }
        let broker = self.find_coordinator(coordinator).await?;
        self.inner.metadata.update(|cluster| cluster.with_broker(broker.clone()));
        self.inner.coordinators.found().insert(coordinator.clone(), broker.id);
        Ok(broker)
    }

    /// Has the coordinator looked up again when it is needed next.
    pub(crate) fn forget_coordinator(&self, coordinator: &Coordinator) {
        self.inner.coordinators.found().remove(coordinator);
    }

    async fn find_coordinator(&self, coordinator: &Coordinator) -> Result<Broker> {
        let request = FindCoordinatorRequest {
            key: (&*coordinator.key).into(),
            key_type: match coordinator.kind {
                CoordinatorKind::Group => 0,
                CoordinatorKind::Transaction => 1,
                CoordinatorKind::Share => 2,
            },
            coordinator_keys: vec![(&*coordinator.key).into()],
        };
        // Version 0 knows groups alone.
        let call = Call::to(Destination::Any).versions(1..=i16::MAX);
        let reply = self.ask_any(&call, &request).await?;
        told(&reply.response)
            .map_err(|error| error.about(coordinator.resource()).with_broker(reply.broker).into())
    }
}

/// The broker in an answer: alone up to version 3, from there on the only one of a list.
fn told(response: &FindCoordinatorResponse) -> Result<Broker, ResponseError> {
    let (code, message, id, host, port) = match response.coordinators.first() {
        Some(c) => (c.error_code, c.error_message.as_deref(), c.node_id, &c.host, c.port),
        None => {
            let r = response;
            (r.error_code, r.error_message.as_deref(), r.node_id, &r.host, r.port)
        }
    };
    if code != ErrorCode::None.code() {
        return Err(ResponseError::new(ApiKey::FindCoordinator, code).with_message(message));
    }
    Broker::told(id, host, port, None).ok_or_else(|| {
        let error = ResponseError::new(ApiKey::FindCoordinator, ErrorCode::CoordinatorNotAvailable.code());
        error.with_message(Some("the coordinator has no address"))
    })
}

impl From<Coordinator> for Destination {
    fn from(coordinator: Coordinator) -> Destination {
        Destination::Coordinator(coordinator)
    }
}

/// Whether the coordinator is another one now, or may be.
pub(super) fn has_moved(error: &Error) -> bool {
    match error.code() {
        Some(code) => [ErrorCode::NotCoordinator, ErrorCode::CoordinatorNotAvailable].contains(&code),
        None => error.is_retriable(),
    }
}
