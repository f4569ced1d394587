//! Asking, and what the codes in an answer mean.

use std::sync::Arc;

use ottla_wire::{ApiKey, ErrorCode, Request};

use super::Admin;
use crate::error::{Resource, ResponseError};
use crate::{BrokerId, Call, Destination, Error, Reply, Result, TopicPartition};

/// Whose answer it is that is being read.
pub(super) struct Answer {
    api: ApiKey,
    broker: Arc<str>,
}

/// What says that somebody else is to be asked, or the same later: then the request has not been carried out.
const ASK_AGAIN: &[ErrorCode] = &[
    ErrorCode::NotController,
    ErrorCode::NotCoordinator,
    ErrorCode::CoordinatorNotAvailable,
    ErrorCode::CoordinatorLoadInProgress,
    ErrorCode::ThrottlingQuotaExceeded,
];

impl Answer {
    /// The answer of a broker to an `R`.
    pub(super) fn new<R: Request>(broker: Arc<str>) -> Answer {
        Answer { api: ApiKey::from_code(R::API_KEY).expect("every request has a key"), broker }
    }

    /// The error that a code stands for, if it is one.
    pub(super) fn check(&self, code: i16, message: Option<&str>) -> Result<()> {
        if code == ErrorCode::None.code() { Ok(()) } else { Err(self.error(code, message).into()) }
    }

    /// The same, about something.
    pub(super) fn check_about(&self, code: i16, message: Option<&str>, about: Resource) -> Result<()> {
        if code == ErrorCode::None.code() {
            Ok(())
        } else {
            Err(self.error(code, message).about(about).into())
        }
    }

    /// What the answer says of a partition.
    pub(super) fn of_partition(
        &self,
        topic: &str,
        number: i32,
        code: i16,
        message: Option<&str>,
    ) -> (TopicPartition, Result<()>) {
        let partition = TopicPartition::new(topic, number);
        let checked = self.check_about(code, message, Resource::TopicPartition(partition.clone()));
        (partition, checked)
    }

    /// Fails if one of the codes says that the request is to be made again.
    pub(super) fn check_carried_out(&self, codes: impl IntoIterator<Item = i16>) -> Result<()> {
        let again = |code: &i16| ErrorCode::from_code(*code).is_some_and(|code| ASK_AGAIN.contains(&code));
        codes.into_iter().find(again).map_or(Ok(()), |code| self.check(code, None))
    }

    fn error(&self, code: i16, message: Option<&str>) -> ResponseError {
        ResponseError::new(self.api, code).with_message(message).with_broker(self.broker.clone())
    }

    /// The answer lacks something that it must have.
    pub(super) fn lacks(&self, what: &str) -> Error {
        Error::Malformed {
            broker: self.broker.clone(),
            reason: format!("{}: the answer lacks {what}", self.api.name()).into(),
        }
    }
}

impl Admin {
    /// Asks until the answer is read, or is an error that another try would not change.
    pub(super) async fn ask<R: Request, T>(
        &self,
        call: &Call,
        request: &R,
        read: impl Fn(R::Response, &Answer) -> Result<T>,
    ) -> Result<T> {
        let judge = |reply: Reply<R::Response>| read(reply.response, &Answer::new::<R>(reply.broker));
        self.client.request_until(R::NAME, self.within, call, request, judge).await
    }

    /// [`Admin::ask`] of the controller.
    pub(super) async fn ask_controller<R: Request, T>(
        &self,
        request: &R,
        read: impl Fn(R::Response, &Answer) -> Result<T>,
    ) -> Result<T> {
        self.ask(&Call::to(Destination::Controller), request, read).await
    }

    /// [`Admin::ask`] of any broker.
    pub(super) async fn ask_any<R: Request, T>(
        &self,
        request: &R,
        read: impl Fn(R::Response, &Answer) -> Result<T>,
    ) -> Result<T> {
        self.ask(&Call::to(Destination::Any), request, read).await
    }

    /// All brokers of the cluster, as it is now.
    pub(super) async fn broker_ids(&self) -> Result<Vec<BrokerId>> {
        let mut retrying = self.client.retrying("finding the brokers", self.within);
        loop {
            match self.client.refresh().await {
                Ok(cluster) => return Ok(cluster.brokers().map(|broker| broker.id).collect()),
                Err(error) => retrying.pause_after(&self.client, &Destination::Any, error).await?,
            }
        }
    }
}
