//! One request: whom it goes to, in which version, and how long it may take.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ottla_wire::Request;

use super::{Client, Destination, Lane};
use crate::connection::Connection;
use crate::{BrokerId, Result};

/// How a request is to be made.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) destination: Destination,
    versions: RangeInclusive<i16>,
    timeout: Option<Duration>,
    pub(super) lane: Lane,
}

/// An answer, and what is known about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The answer.
    pub response: T,
    /// The version of request and answer.
    pub version: i16,
    /// How errors call the broker.
    pub broker: Arc<str>,
    /// The broker, if it was asked by its number.
    pub broker_id: Option<BrokerId>,
}

impl Call {
    /// A request to somebody, in the newest version that both sides have.
    pub fn to(destination: Destination) -> Call {
        Call { destination, versions: 0..=i16::MAX, timeout: None, lane: Lane::SHARED }
    }

    /// In one of these versions.
    #[must_use]
    pub fn versions(mut self, versions: RangeInclusive<i16>) -> Call {
        self.versions = versions;
        self
    }

    /// With so much time for the answer, instead of `request.timeout.ms`.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Call {
        self.timeout = Some(timeout);
        self
    }

    /// On connections of its own.
    #[must_use]
    pub(crate) fn lane(mut self, lane: Lane) -> Call {
        self.lane = lane;
        self
    }

    /// Whom it goes to.
    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }
}

impl Client {
    /// Makes a request once. That the answer has error codes in it is the caller's to see: they are where the protocol has them.
    ///
    /// Fails with [`crate::Error::UnsupportedVersion`] if the broker has none of the versions that the call permits.
    ///
    /// Cancel-safe; whether the broker acts on the request is not known then.
    pub async fn request<R: Request>(&self, call: &Call, request: &R) -> Result<Reply<R::Response>> {
        let (broker_id, connection) = self.connection(call).await?;
        let mut reply = self.request_on(&connection, call, request).await?;
        reply.broker_id = broker_id;
        Ok(reply)
    }

    /// As [`Client::request`], on a connection that is there.
    pub(super) async fn request_on<R: Request>(
        &self,
        connection: &Connection,
        call: &Call,
        request: &R,
    ) -> Result<Reply<R::Response>> {
        let broker = connection.broker().clone();
        let version = connection.versions().choose::<R>(&broker, &call.versions)?;
        let timeout = call.timeout.unwrap_or(self.config().request_timeout);
        let response = connection.send(request, version, timeout).await?.response().await?;
        Ok(Reply { response, version, broker, broker_id: None })
    }
}
