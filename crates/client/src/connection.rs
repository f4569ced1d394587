//! One connection to a broker: requests go out in order, and answers come back in that order.
//!
//! ```text
//!  send ──► queue ──► write ──► socket ──► read ──► the caller that waits
//!                       │                    ▲
//!                       └──── in flight ─────┘
//! ```
//!
//! A task of its own writes and reads ([`run`]); it ends, and with it everything that waits, when the broker closes the
//! connection, sends what is no answer or answers too late, and when the connection was not used for long. A connection that
//! ended is not mended: whoever needs one takes a new one from the [`crate::link::Link`].

mod authenticate;
mod frames;
mod handshake;
mod in_flight;
mod open;
mod parts;
mod run;
mod versions;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::{ApiKey, DecodeError, Message as _, Reader, Request, Writer, frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::metrics::Counts;
use crate::{Error, Result, clock};
use in_flight::{InFlight, Pending};
pub(crate) use open::{Opening, called, open};
pub(crate) use versions::{Features, Versions};

/// Requests that wait for their answers on one connection, and those that wait to be written.
const IN_FLIGHT_MAX: usize = 100;

/// A connection. Cheap to clone; once nobody has it, it closes.
#[derive(Clone)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Outgoing>,
}

/// What the handles and the task have in common.
struct Shared {
    /// How errors call the broker.
    broker: Arc<str>,
    client_id: String,
    versions: Arc<Versions>,
    counts: Arc<Counts>,
    in_flight: InFlight,
    slots: Arc<Semaphore>,
}

/// A request on its way to the socket.
struct Outgoing {
    frame: Writer,
    is_answered: bool,
    pending: Pending,
}

impl Connection {
    /// Which versions of requests the broker serves.
    pub(crate) fn versions(&self) -> &Versions {
        &self.shared.versions
    }

    /// How errors call the broker.
    pub(crate) fn broker(&self) -> &Arc<str> {
        &self.shared.broker
    }

    /// Whether the connection takes requests, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Requests that wait for their answers.
    pub(crate) fn load(&self) -> usize {
        IN_FLIGHT_MAX - self.shared.slots.available_permits()
    }

    /// Queues a request; those who call one after the other are sent and answered in that order. Waits while too many are in
    /// flight.
    ///
    /// Cancel-safe: dropped before it is done, nothing was queued. If what it gives is dropped, the request may still be sent.
    pub(crate) async fn send<R: Request>(
        &self,
        request: &R,
        version: i16,
        timeout: Duration,
    ) -> Result<Waiting<R>> {
        let waiting = self.queue(request, version, timeout, true).await?;
        Ok(Waiting { shared: self.shared.clone(), version, waiting, response: PhantomData })
    }

    /// As [`Connection::send`], for a request that the broker does not answer: done once it is written.
    ///
    /// Cancel-safe: dropped before it is done, the request may still be sent.
    pub(crate) async fn send_unanswered<R: Request>(
        &self,
        request: &R,
        version: i16,
        timeout: Duration,
    ) -> Result<()> {
        let written = self.queue(request, version, timeout, false).await?;
        written.await.unwrap_or_else(|_dropped| Err(self.shared.ended(api_of::<R>()))).map(drop)
    }

    async fn queue<R: Request>(
        &self,
        request: &R,
        version: i16,
        timeout: Duration,
        is_answered: bool,
    ) -> Result<oneshot::Receiver<Result<Bytes>>> {
        let deadline = clock::now() + timeout;
        let api = api_of::<R>();
        let slot = self.slot(api, deadline, timeout).await?;
        let place = match timeout_at(deadline, self.queue.reserve()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_closed)) => return Err(self.shared.ended(api)),
            Err(_elapsed) => return Err(self.shared.too_late(api, timeout)),
        };
        let (answer, waiting) = oneshot::channel();
        let correlation_id = self.shared.in_flight.next_id();
        let mut frame = Writer::new();
        let client_id = Some(self.shared.client_id.as_str());
        frame::encode_request(&mut frame, api, version, correlation_id, client_id, request);
        let pending = Pending { correlation_id, api, version, deadline, timeout, answer, _slot: Some(slot) };
        place.send(Outgoing { frame, is_answered, pending });
        Ok(waiting)
    }

    async fn slot(&self, api: ApiKey, deadline: Instant, timeout: Duration) -> Result<OwnedSemaphorePermit> {
        match timeout_at(deadline, self.shared.slots.clone().acquire_owned()).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_closed)) => Err(self.shared.ended(api)),
            Err(_elapsed) => Err(self.shared.too_late(api, timeout)),
        }
    }
}

fn api_of<R: Request>() -> ApiKey {
    ApiKey::from_code(R::API_KEY).expect("every request has a key")
}

/// A request that was queued, and the answer that will come.
pub(crate) struct Waiting<R> {
    shared: Arc<Shared>,
    version: i16,
    waiting: oneshot::Receiver<Result<Bytes>>,
    response: PhantomData<fn() -> R>,
}

impl<R: Request> Waiting<R> {
    /// Waits for the answer, no longer than the request's timeout.
    ///
    /// Cancel-safe: the answer is thrown away when it comes.
    pub(crate) async fn response(self) -> Result<R::Response> {
        let api = api_of::<R>();
        let body = self.waiting.await.unwrap_or_else(|_dropped| Err(self.shared.ended(api)))?;
        let mut reader = Reader::new(body);
        let response = R::Response::decode(&mut reader, self.version)
            .map_err(|error| self.shared.malformed(api, &error))?;
        self.shared.throttle(response.throttle_time_ms());
        Ok(response)
    }
}

impl Shared {
    /// The connection ended before it answered.
    fn ended(&self, api: ApiKey) -> Error {
        let reason = self.in_flight.end_reason().unwrap_or_else(|| "it was closed".into());
        Error::Disconnected { broker: self.broker.clone(), api, reason }
    }

    fn too_late(&self, api: ApiKey, after: Duration) -> Error {
        Error::RequestTimeout { broker: self.broker.clone(), api, after }
    }

    fn malformed(&self, api: ApiKey, error: &DecodeError) -> Error {
        Error::Malformed { broker: self.broker.clone(), reason: format!("{}: {error}", api.name()).into() }
    }

    /// Lets nothing be written for a while, as the broker asks (KIP-219). Older brokers are silent themselves instead.
    fn throttle(&self, milliseconds: i32) {
        let pause = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        if pause.is_zero() {
            return;
        }
        self.counts.throttled(pause);
        if self.versions.lets_clients_throttle() {
            self.in_flight.be_silent_until(clock::now() + pause);
        }
    }
}
