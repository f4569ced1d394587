//! Pushing metrics to brokers that ask for them (KIP-714), with `enable.metrics.push`.
//!
//! | file | holds |
//! |---|---|
//! | `reporter` | the core: what is asked and pushed when, what answers make of that |
//! | `collect` | a client's metrics, by the names that brokers ask for |
//! | `otlp` | how they are written |
//!
//! The task here carries out. It begins when the client's first connection is up, and does not keep the client alive.

mod collect;
mod otlp;
mod reporter;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ottla_records::Codec;
use ottla_wire::Uuid;
use ottla_wire::messages::{GetTelemetrySubscriptionsRequest, PushTelemetryRequest};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep_until, timeout};

use crate::client::WeakClient;
use crate::{Call, Client, Destination, Error, Result, clock, random};
use reporter::{Next, Push, Reporter};

/// How long closing a client waits for the last push.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a client and the task that pushes its metrics have in common.
#[derive(Debug)]
pub(crate) struct Telemetry {
    reporter: Mutex<Reporter>,
    /// Something was answered.
    moved: Notify,
}

impl Telemetry {
    pub(crate) fn new(retry_backoff: Duration) -> Telemetry {
        let reporter = Reporter::new(retry_backoff, clock::now(), clock::wall_ms());
        Telemetry { reporter: Mutex::new(reporter), moved: Notify::new() }
    }

    fn reporter(&self) -> MutexGuard<'_, Reporter> {
        // Nothing panics while it holds the lock.
        self.reporter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until nobody will ever ask for metrics, or the client is gone.
pub(crate) async fn run(client: WeakClient, mut is_up: watch::Receiver<bool>) {
    if is_up.wait_for(|is_up| *is_up).await.is_err() {
        return;
    }
    loop {
        let Some(client) = client.upgrade() else { return };
        let next = client.telemetry().reporter().next(clock::now());
        match next {
            Next::Over => return,
            Next::Wait(until) => {
                drop(client);
                sleep_until(until).await;
            }
            Next::Subscribe(id) => subscribe(&client, id).await,
            Next::Push(push) => {
                let result = send(&client, &push).await;
                client.telemetry().reporter().pushed(result, clock::now());
            }
        }
    }
}

async fn subscribe(client: &Client, client_instance_id: Uuid) {
    let request = GetTelemetrySubscriptionsRequest { client_instance_id };
    let answered = client.request(&Call::to(Destination::Any), &request).await;
    let answered = answered.map(|reply| reply.response);
    if let Err(error) = &answered {
        tracing::debug!(target: "ottla_client::telemetry", %error, "nobody was asked for a subscription");
    }
    client.telemetry().reporter().subscribed(answered, clock::now(), random::fraction());
    client.telemetry().moved.notify_waiters();
}

/// The code that a broker answers with, if it does.
async fn send(client: &Client, push: &Push) -> Result<i16> {
    let (metrics, now) = (client.metrics(), clock::wall_ms());
    let points = collect::points(&metrics);
    let wanted = points.into_iter().filter(|point| push.wants(point.name));
    let payload = client.telemetry().reporter().payload(wanted, client.config().client_rack.as_deref(), now);
    let payload = Codec::from(push.compression).pack(&payload);
    if payload.len() > push.bytes_max {
        tracing::warn!(target: "ottla_client::telemetry", bytes = payload.len(), max = push.bytes_max, "too much to push");
        return Ok(ottla_wire::ErrorCode::TelemetryTooLarge.code());
    }
    let request = PushTelemetryRequest {
        client_instance_id: push.client_instance_id,
        subscription_id: push.subscription_id,
        terminating: push.is_last,
        compression_type: reporter::id_of(push.compression),
        metrics: payload.into(),
    };
    Ok(client.request(&Call::to(Destination::Any), &request).await?.response.error_code)
}

impl Client {
    /// What brokers call this client where its metrics go (KIP-714): it is given by the first broker that is asked, and stays. Waits
    /// for that as long as it may.
    ///
    /// [`Error::Config`] if `enable.metrics.push` is off, or no broker takes metrics. Cancel-safe.
    pub async fn client_instance_id(&self, within: Duration) -> Result<Uuid> {
        if !self.config().enable_metrics_push {
            return Err(Error::Config("enable.metrics.push: is off".into()));
        }
        let waiting = async {
            loop {
                let mut moved = std::pin::pin!(self.telemetry().moved.notified());
                // What happens after the look below is not missed.
                moved.as_mut().enable();
                let (id, is_over) = {
                    let reporter = self.telemetry().reporter();
                    (reporter.client_instance_id(), reporter.is_over())
                };
                match id {
                    Some(id) => return Ok(id),
                    None if is_over => {
                        return Err(Error::Config("enable.metrics.push: the broker takes no metrics".into()));
                    }
                    None => moved.await,
                }
            }
        };
        let late = |_elapsed| {
            Err(Error::Timeout {
                what: "learning the client's instance id".into(),
                after: within,
                last: None,
            })
        };
        timeout(within, waiting).await.unwrap_or_else(late)
    }

    /// Pushes metrics the last time, if a broker asked for them.
    pub(crate) async fn push_last(&self) {
        let Some(push) = self.telemetry().reporter().terminate() else { return };
        match timeout(FAREWELL, send(self, &push)).await {
            Ok(Ok(_code)) => {}
            Ok(Err(error)) => {
                tracing::debug!(target: "ottla_client::telemetry", %error, "the last metrics were not pushed");
            }
            Err(_elapsed) => {
                tracing::debug!(target: "ottla_client::telemetry", "the last metrics were not pushed in time");
            }
        }
    }
}
