//! Trying again: what may help, after which pause, and until when.

use std::sync::Arc;
use std::time::Duration;

use ottla_wire::ErrorCode;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Call, Client, Destination, Reply, coordinators};
use crate::backoff::Backoff;
use crate::{Error, Result, clock, random};

/// One call that is tried until it succeeds, fails for good, or its time is over.
pub(crate) struct Retrying {
    what: Arc<str>,
    within: Duration,
    deadline: Instant,
    backoff: Backoff,
    failures: u32,
    last: Option<Arc<Error>>,
}

impl Client {
    /// Begins a call that may take so long in all.
    pub(crate) fn retrying(&self, what: impl Into<Arc<str>>, within: Duration) -> Retrying {
        let config = self.config();
        Retrying {
            what: what.into(),
            within,
            deadline: clock::now() + within,
            backoff: Backoff { first: config.retry_backoff, max: config.retry_backoff_max },
            failures: 0,
            last: None,
        }
    }

    /// Makes a request until `judge` accepts the answer, it fails for good, or its time is over.
    ///
    /// Cancel-safe; whether the broker acts on the last request is not known then.
    pub(crate) async fn request_until<R: ottla_wire::Request, T>(
        &self,
        what: impl Into<Arc<str>>,
        within: Duration,
        call: &Call,
        request: &R,
        judge: impl Fn(Reply<R::Response>) -> Result<T>,
    ) -> Result<T> {
        let mut retrying = self.retrying(what, within);
        loop {
            let reply = retrying.in_time(self.request(call, request)).await;
            match reply.and_then(&judge) {
                Ok(value) => return Ok(value),
                Err(error) => retrying.pause_after(self, call.destination(), error).await?,
            }
        }
    }

    /// What an error says about what is known.
    pub(crate) fn learn_from(&self, destination: &Destination, error: &Error) {
        let is_about_metadata = error.code().is_none_or(|code| EXPIRES_METADATA.contains(&code));
        if is_about_metadata {
            self.expire_metadata();
        }
        if let Destination::Coordinator(coordinator) = destination
            && coordinators::has_moved(error)
        {
            self.forget_coordinator(coordinator);
        }
    }
}

/// What says that the leaders or the controller that are known are not those that are.
const EXPIRES_METADATA: &[ErrorCode] = &[
    ErrorCode::NotLeaderOrFollower,
    ErrorCode::LeaderNotAvailable,
    ErrorCode::FencedLeaderEpoch,
    ErrorCode::UnknownLeaderEpoch,
    ErrorCode::UnknownTopicOrPartition,
    ErrorCode::UnknownTopicId,
    ErrorCode::InconsistentTopicId,
    ErrorCode::KafkaStorageError,
    ErrorCode::ReplicaNotAvailable,
    ErrorCode::ListenerNotFound,
    ErrorCode::NotController,
    ErrorCode::NetworkException,
];

impl Retrying {
    /// Waits for something no longer than there is time.
    pub(crate) async fn in_time<T>(&self, trying: impl Future<Output = Result<T>>) -> Result<T> {
        timeout_at(self.deadline, trying).await.unwrap_or_else(|_elapsed| Err(self.too_late()))
    }

    /// After a failure: gives the error back if another try would not help or there is no time for it; else pauses.
    pub(crate) async fn pause_after(
        &mut self,
        client: &Client,
        destination: &Destination,
        error: Error,
    ) -> Result<()> {
        let is_over = clock::now() >= self.deadline;
        if !error.is_retriable() || (is_over && matches!(error, Error::Timeout { .. })) {
            return Err(error);
        }
        client.learn_from(destination, &error);
        tracing::debug!(target: "ottla_client::retry", what = %self.what, %error, failures = self.failures, "tried");
        self.failures = self.failures.saturating_add(1);
        self.last = Some(Arc::new(error));
        let until = clock::now() + self.backoff.pause(self.failures, random::fraction());
        sleep_until(until.min(self.deadline)).await;
        if clock::now() >= self.deadline { Err(self.too_late()) } else { Ok(()) }
    }

    fn too_late(&self) -> Error {
        Error::Timeout { what: self.what.clone(), after: self.within, last: self.last.clone() }
    }
}
