//! Making a connection: the socket, what is exchanged first, and the task.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use super::authenticate::Session;
use super::frames::Frames;
use super::handshake::Handshake;
use super::in_flight::InFlight;
use super::{Connection, IN_FLIGHT_MAX, Shared, run};
use crate::address::Address;
use crate::error::{OtherListener, TlsProblem};
use crate::metrics::Counts;
use crate::sasl::Sasl;
use crate::tasks::Tasks;
use crate::transport::Transport;
use crate::{BrokerId, Error, Result, clock};

/// What a connection is to be.
pub(crate) struct Opening<'a> {
    pub(crate) transport: &'a Transport,
    /// None where nobody asks who we are.
    pub(crate) sasl: Option<&'a Arc<Sasl>>,
    pub(crate) counts: &'a Arc<Counts>,
    /// As it was configured or advertised.
    pub(crate) address: &'a Address,
    /// One of the addresses that it stands for.
    pub(crate) to: SocketAddr,
    /// The broker that advertises it.
    pub(crate) advertised_by: Option<BrokerId>,
    pub(crate) client_id: &'a str,
    pub(crate) response_bytes_max: usize,
    /// How long nothing may come in the middle of an answer.
    pub(crate) stall_max: Duration,
    pub(crate) idle_max: Duration,
}

impl Opening<'_> {
    fn broker(&self) -> Arc<str> {
        called(self.address, self.advertised_by).into()
    }

    fn unreachable(&self, error: &io::Error) -> Error {
        if let Some(problem) = TlsProblem::of(error) {
            return Error::Tls { broker: self.broker(), problem };
        }
        if let Some(seems) = OtherListener::of(error) {
            return Error::OtherListener { broker: self.broker(), seems };
        }
        let reason = if self.to.ip().to_string() == *self.address.host {
            error.to_string()
        } else {
            format!("{}: {error}", self.to)
        };
        Error::unreachable(self.address.to_string(), self.advertised_by, reason)
    }
}

/// How errors call the broker at an address.
pub(crate) fn called(address: &Address, advertised_by: Option<BrokerId>) -> String {
    match advertised_by {
        Some(id) => format!("broker {id} at {address}"),
        None => address.to_string(),
    }
}

/// Connects, learns what the broker serves, tells it who we are, and starts the task. How long it may take is the caller's to bound.
///
/// Cancel-safe: nothing is left behind.
pub(crate) async fn open(opening: &Opening<'_>, tasks: &Tasks) -> Result<Connection> {
    let connected = opening.transport.connect(opening.address, opening.to).await;
    let stream = connected.map_err(|error| opening.unreachable(&error))?;
    let broker = opening.broker();
    let mut frames = Frames::new(stream.reader, opening.response_bytes_max, opening.stall_max);
    let mut writer = stream.writer;
    let mut handshake = Handshake {
        frames: &mut frames,
        writer: &mut writer,
        broker: &broker,
        client_id: opening.client_id,
        response_max: opening.response_bytes_max,
    };
    let versions = Arc::new(handshake.versions().await?);
    let session = match opening.sasl {
        Some(sasl) => Some(Session::begin(sasl, &versions, &mut handshake).await?),
        None => None,
    };

    opening.counts.connected();
    let (queue, requests) = mpsc::channel(IN_FLIGHT_MAX);
    let shared = Arc::new(Shared {
        broker,
        client_id: opening.client_id.to_owned(),
        versions,
        counts: opening.counts.clone(),
        in_flight: InFlight::new(clock::now()),
        slots: Arc::new(Semaphore::new(IN_FLIGHT_MAX)),
    });
    let task = run::Run {
        shared: shared.clone(),
        frames,
        writer,
        session,
        requests,
        idle_max: opening.idle_max,
        response_bytes_max: opening.response_bytes_max,
    };
    tasks.spawn(task.run());
    Ok(Connection { shared, queue })
}
