//! One connection: a task that reads requests, starts them in order, and answers them in order.
//!
//! ```text
//!             frame complete             durable, or at once
//! reading ──────────────────► started ────────────────────────► answered ──► reading
//! ```
//!
//! Several produce requests may be started and not yet answered: their records wait for the same flush. Any other
//! request starts only when all before it have been answered, so that it sees what they did.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    ApiKey, Writer,
    frame::{self, HeaderError, RequestFrame},
};
use tokio::{net::TcpStream, sync::watch, time::timeout};
use tracing::debug;

use super::{
    admission::{Admitted, UNCOUNTED_MAX},
    inbound::{FrameError, Inbound},
    limits::Place,
    outbound,
};
use crate::{
    Broker,
    api::{self, Context, Refused, produce},
    clock,
    durable::Until,
};

/// Produce requests of one connection that may wait for their flush.
const AWAITING_MAX: usize = 128;
/// Answers are sent on before more than this has piled up.
const OUT_MAX: usize = 256 * 1024;
/// Memory that an answered connection keeps for its next answer.
const OUT_KEPT: usize = 1024;
/// A frame that takes memory from everybody must arrive within this time.
const LARGE_FRAME_TIME: Duration = Duration::from_secs(60);
/// A client that has closed its side may still wait for an answer; a long poll is not worth it.
const HALF_CLOSED_TIME: Duration = Duration::from_secs(2);

/// Who is at the other end.
#[derive(Debug)]
pub(crate) struct ConnectionInfo {
    pub(crate) peer: SocketAddr,
    /// The listener that it came in by: it decides which address others are told.
    pub(crate) listener: Arc<str>,
    /// Name and version, once the client has said them with ApiVersions.
    pub(crate) software: OnceLock<(ByteString, ByteString)>,
    _place: Place,
}

impl ConnectionInfo {
    pub(crate) fn new(peer: SocketAddr, listener: Arc<str>, place: Place) -> ConnectionInfo {
        ConnectionInfo { peer, listener, software: OnceLock::new(), _place: place }
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the client closed it")]
    ByClient,
    #[error("nothing was said for too long")]
    Idle,
    #[error("the broker stops")]
    Stopping,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Refused(#[from] Refused),
}

struct Connection {
    broker: Arc<Broker>,
    stream: TcpStream,
    info: ConnectionInfo,
    inbound: Inbound,
    /// Memory for the frame that is being read, and since when.
    admitted: Option<(Admitted, Instant)>,
    awaiting: VecDeque<Awaiting>,
    out: Writer,
    /// The client sends nothing more.
    at_end: bool,
    stop: watch::Receiver<bool>,
}

/// A produce request whose records are on their way to the disk.
struct Awaiting {
    produced: produce::Produced,
    correlation_id: i32,
    version: i16,
    started: Instant,
    _admitted: Option<(Admitted, Instant)>,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(
    broker: Arc<Broker>,
    stream: TcpStream,
    info: ConnectionInfo,
    stop: watch::Receiver<bool>,
) {
    let peer = info.peer;
    let _counted = broker.metrics.connection_opened(&info.listener);
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "cannot switch off Nagle's algorithm");
    }
    let inbound = Inbound::new(broker.settings.request_bytes_max);
    let connection = Connection {
        broker,
        stream,
        info,
        inbound,
        admitted: None,
        awaiting: VecDeque::new(),
        out: Writer::new(),
        at_end: false,
        stop,
    };
    if let Err(reason) = Box::pin(connection.run()).await {
        debug!(%peer, %reason, "connection ended");
    }
}

impl Connection {
    async fn run(mut self) -> Result<(), Ended> {
        loop {
            self.start_buffered().await?;
            self.answer_durable();
            self.flush().await?;
            if self.at_end && self.awaiting.is_empty() {
                return Err(Ended::ByClient);
            }
            self.wait().await?;
        }
    }

    /// Starts the requests that are here whole, as far as order and limits allow.
    async fn start_buffered(&mut self) -> Result<(), Ended> {
        while self.awaiting.len() < AWAITING_MAX {
            let Some(frame) = self.inbound.next_frame()? else { break };
            self.start(frame).await?;
            if self.out.len() > OUT_MAX {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn start(&mut self, frame: Bytes) -> Result<(), Ended> {
        let started = clock::now();
        let admitted = self.admitted.take();
        let request = frame::decode_request(frame)?;
        if request.api != ApiKey::Produce {
            self.settle().await;
            return self.serve(request, started).await;
        }
        let (correlation_id, version) = (request.correlation_id, request.version);
        self.broker.room_to_write().await;
        let context = Context::new(&self.broker, &self.info, &request);
        let produced = produce::start(&context, request)?;
        self.awaiting.push_back(Awaiting { produced, correlation_id, version, started, _admitted: admitted });
        Ok(())
    }

    /// Waits until all that was produced on this connection is durable, and answers it.
    async fn settle(&mut self) {
        let all = self.awaiting.iter().fold(Until::default(), |all, one| all.and(one.produced.until));
        self.broker.durable.reached(all).await;
        self.answer_durable();
    }

    /// Serves a request that is not Produce, unless the client goes away meanwhile.
    async fn serve(&mut self, request: RequestFrame, started: Instant) -> Result<(), Ended> {
        let (api, version) = (request.api, request.version);
        if !self.out.is_empty() {
            self.flush().await?;
        }
        let context = Context::new(&self.broker, &self.info, &request);
        let at_end = &mut self.at_end;
        tokio::select! {
            biased;
            served = api::serve(&context, request, &mut self.out) => served?,
            ended = gone(&self.stream, &mut self.inbound, at_end) => return Err(ended),
            _ = self.stop.changed() => return Err(Ended::Stopping),
        }
        self.broker.metrics.request_served(api, version, started);
        Ok(())
    }

    /// Answers the produce requests at the front whose records are durable.
    fn answer_durable(&mut self) {
        while let Some(first) = self.awaiting.front() {
            if !self.broker.durable.has_reached(first.produced.until) {
                break;
            }
            let done = self.awaiting.pop_front().expect("there is a first");
            if let Some(response) = &done.produced.response {
                frame::encode_response(
                    &mut self.out,
                    ApiKey::Produce,
                    done.version,
                    done.correlation_id,
                    response,
                );
            }
            self.broker.metrics.request_served(ApiKey::Produce, done.version, done.started);
        }
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        if self.out.is_empty() {
            return Ok(());
        }
        let time_max = self.broker.settings.idle_max;
        let written = match self.out.as_contiguous() {
            Some(bytes) => timeout(time_max, outbound::write_slice(&self.stream, bytes)).await,
            None => {
                let out = std::mem::take(&mut self.out);
                timeout(time_max, outbound::write_all(&self.stream, out, &self.broker.cold_reads)).await
            }
        };
        written.map_err(|_elapsed| Ended::Idle)??;
        self.out.clear(OUT_KEPT);
        Ok(())
    }

    /// Waits for something to read, for memory to read it into, or for the first awaited flush.
    async fn wait(&mut self) -> Result<(), Ended> {
        let large = self.frame_to_admit()?;
        let reads = !self.at_end && self.awaiting.len() < AWAITING_MAX && large.is_none();
        let until = self.awaiting.front().map(|a| a.produced.until);
        let quiet = self.quiet_time();
        tokio::select! {
            readable = self.stream.readable(), if reads => {
                readable?;
                self.at_end = self.inbound.read(&self.stream)?.is_none();
                Ok(())
            }
            permit = self.broker.admission.admit(large.unwrap_or(0)), if large.is_some() => {
                self.admitted = Some((permit, clock::now()));
                Ok(())
            }
            () = self.broker.durable.reached(until.unwrap_or_default()), if until.is_some() => Ok(()),
            () = tokio::time::sleep(quiet), if until.is_none() => Err(Ended::Idle),
            _ = self.stop.changed(), if until.is_none() => Err(Ended::Stopping),
        }
    }

    /// How long the connection may stay silent.
    fn quiet_time(&self) -> Duration {
        match &self.admitted {
            Some((_, since)) => LARGE_FRAME_TIME.saturating_sub(clock::now() - *since),
            None => self.broker.settings.idle_max,
        }
    }

    /// The size of the frame that has begun, if it needs memory beyond what every connection may have and has not got
    /// it yet. While it waits, what was produced before goes on being answered: that gives memory back.
    fn frame_to_admit(&self) -> Result<Option<usize>, Ended> {
        let size = self.inbound.frame_size()?;
        Ok(size.filter(|size| *size > UNCOUNTED_MAX && self.admitted.is_none() && !self.at_end))
    }
}

/// Reads ahead while a request is served; returns when the client has gone for good.
async fn gone(stream: &TcpStream, inbound: &mut Inbound, at_end: &mut bool) -> Ended {
    while !*at_end && !inbound.is_full() {
        if let Err(error) = stream.readable().await {
            return Ended::Io(error);
        }
        match inbound.read(stream) {
            Err(error) => return Ended::Io(error),
            Ok(None) => *at_end = true,
            Ok(Some(_)) => {}
        }
    }
    if *at_end {
        tokio::time::sleep(HALF_CLOSED_TIME).await;
        return Ended::ByClient;
    }
    std::future::pending().await
}
