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
    sync::{Arc, OnceLock, atomic::Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_wire::{
    ApiKey, Writer,
    frame::{self, HeaderError, RequestFrame},
};
use tokio::{net::TcpStream, sync::watch};
use tracing::{debug, info};

use super::{
    admission::Admitted,
    inbound::{FrameError, Inbound},
    limits::Place,
    outbound::{self, Taken},
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
/// A request that has begun must be whole within this time, a large one must have filled the room that it was given.
const FRAME_TIME: Duration = Duration::from_secs(60);
/// A client that has closed its side may still wait for an answer; a long poll is not worth it.
const HALF_CLOSED_TIME: Duration = Duration::from_secs(2);
/// Answers that hold less, as those do that stand in files, are not given up for the memory of others.
const GIVEN_UP_MIN: usize = 4 * 1024;
/// When the broker stops, a client may read an answer for so long.
const STOPPING_TIME: Duration = Duration::from_secs(2);

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
    #[error("a request began and did not come")]
    Unfinished,
    #[error("its request held memory for long that others waited for")]
    Held,
    #[error("it did not read its answers, and others waited for their memory")]
    Unread,
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
    /// Memory for the frame that is being read, beyond what every connection may have.
    admitted: Option<Admitted>,
    /// When the frame that is being read began, or was last given memory.
    frame_since: Option<Instant>,
    awaiting: VecDeque<Awaiting>,
    out: Writer,
    /// When the client was first sent an answer.
    answered_first: Option<Instant>,
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
    _admitted: Option<Admitted>,
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
        frame_since: None,
        awaiting: VecDeque::new(),
        out: Writer::new(),
        answered_first: None,
        at_end: false,
        stop,
    };
    match Box::pin(connection.run()).await {
        Err(reason @ (Ended::Held | Ended::Unread)) => info!(%peer, %reason, "closed a connection"),
        Err(reason) => debug!(%peer, %reason, "connection ended"),
        Ok(()) => {}
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
        self.frame_since = None;
        let admitted = self.admitted.take();
        let request = frame::decode_request(frame)?;
        if request.api != ApiKey::Produce {
            self.settle().await;
            return self.serve(request, started, admitted.as_ref()).await;
        }
        let (correlation_id, version) = (request.correlation_id, request.version);
        self.broker.room_to_write().await;
        let context = Context::new(&self.broker, &self.info, &request);
        let produced = produce::start(&context, request).await?;
        self.awaiting.push_back(Awaiting { produced, correlation_id, version, started, _admitted: admitted });
        Ok(())
    }

    /// Waits until all that was produced on this connection is durable, and answers it.
    async fn settle(&mut self) {
        let all = self.awaiting.iter().fold(Until::default(), |all, one| all.and(one.produced.until));
        self.broker.durable.reached(all).await;
        self.answer_durable();
    }

    /// Serves a request that is not Produce, unless the client goes away meanwhile, or others want the memory that it holds.
    async fn serve(
        &mut self,
        request: RequestFrame,
        started: Instant,
        admitted: Option<&Admitted>,
    ) -> Result<(), Ended> {
        let (api, version) = (request.api, request.version);
        if !self.out.is_empty() {
            self.flush().await?;
        }
        let broker = &self.broker;
        let context = Context::new(broker, &self.info, &request);
        let answered_first = self.answered_first;
        let served = async {
            if !api::answers_briefly(api) {
                broker.unsent.room(answered_first, started).await;
            }
            api::serve(&context, request, &mut self.out).await
        };
        let at_end = &mut self.at_end;
        tokio::select! {
            biased;
            served = served => served?,
            ended = gone(&self.stream, &mut self.inbound, at_end) => return Err(ended),
            () = held_for_long(broker, admitted) => return Err(Ended::Held),
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
        let taken = Taken::default();
        if let Some(bytes) = self.out.as_contiguous() {
            let rest = outbound::try_write(&self.stream, bytes)?;
            if !rest.is_empty() {
                let write = outbound::write_slice(&self.stream, rest, &taken);
                let mut stop = self.stop.clone();
                self.send(bytes.len(), write, &taken, &mut stop).await?;
            }
        } else {
            let out = std::mem::take(&mut self.out);
            let memory = out.bytes_in_memory();
            let write = outbound::write_all(&self.stream, out, &self.broker.cold_reads, &taken);
            let mut stop = self.stop.clone();
            self.send(memory, write, &taken, &mut stop).await?;
        }
        self.out.clear(OUT_KEPT);
        self.answered_first.get_or_insert_with(clock::now);
        Ok(())
    }

    /// Sends what the client may be slow to take.
    async fn send(
        &self,
        memory: usize,
        write: impl Future<Output = io::Result<()>>,
        taken: &Taken,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), Ended> {
        let unsent = &self.broker.unsent;
        let _held = unsent.hold(memory);
        let mut pace = unsent.pace(clock::now());
        let mut write = std::pin::pin!(write);
        let mut time_out = std::pin::pin!(tokio::time::sleep(self.broker.settings.idle_max));
        loop {
            tokio::select! {
                biased;
                written = write.as_mut() => return Ok(written?),
                () = time_out.as_mut() => return Err(Ended::Idle),
                () = unsent.give_way(), if memory >= GIVEN_UP_MIN => if pace.is_slow(taken.load(Ordering::Relaxed), clock::now()) {
                    return Err(Ended::Unread);
                },
                Ok(()) = stop.changed() => time_out.as_mut().reset(tokio::time::Instant::now() + STOPPING_TIME),
            }
        }
    }

    /// Waits for something to read, for memory to read it into, or for the first awaited flush.
    async fn wait(&mut self) -> Result<(), Ended> {
        let wanted = self.room_wanted()?;
        let reads = !self.at_end && self.awaiting.len() < AWAITING_MAX && wanted.is_none();
        let until = self.awaiting.front().map(|a| a.produced.until);
        let (quiet, ended) = self.quiet_time(wanted.is_some());
        let held = if reads { self.admitted.as_ref() } else { None };
        tokio::select! {
            readable = self.stream.readable(), if reads => {
                readable?;
                self.at_end = self.inbound.read(&self.stream)?.is_none();
                Ok(())
            }
            more = self.broker.admission.admit(wanted.unwrap_or(0)), if wanted.is_some() => {
                self.give_room(wanted.unwrap_or(0), more);
                Ok(())
            }
            () = self.broker.durable.reached(until.unwrap_or_default()), if until.is_some() => Ok(()),
            () = tokio::time::sleep(quiet), if until.is_none() => Err(ended),
            () = held_for_long(&self.broker, held) => Err(Ended::Held),
            _ = self.stop.changed(), if until.is_none() => Err(Ended::Stopping),
        }
    }

    /// How long the connection may go on without anything to do, and what that is called.
    fn quiet_time(&mut self, waits_for_memory: bool) -> (Duration, Ended) {
        let idle_max = self.broker.settings.idle_max;
        if waits_for_memory || !self.inbound.is_within_frame() {
            return (idle_max, Ended::Idle);
        }
        let now = clock::now();
        let since = *self.frame_since.get_or_insert(now);
        (FRAME_TIME.min(idle_max).saturating_sub(now - since), Ended::Unfinished)
    }

    /// What the frame that has begun needs beyond the memory that it has. While it waits, what was produced before goes
    /// on being answered: that gives memory back.
    fn room_wanted(&mut self) -> Result<Option<usize>, Ended> {
        let wanted = if self.at_end { None } else { self.inbound.room_wanted()? };
        match (wanted, &self.admitted) {
            (Some(more), Some(admitted)) if admitted.has_turn() => {
                self.inbound.give_room(more);
                Ok(None)
            }
            _ => Ok(wanted),
        }
    }

    fn give_room(&mut self, bytes: usize, more: Admitted) {
        self.inbound.give_room(bytes);
        self.frame_since = Some(clock::now());
        match &mut self.admitted {
            Some(admitted) => admitted.add(more),
            None => self.admitted = Some(more),
        }
    }
}

/// Ends when a request has held memory for long, and somebody else waits for some.
async fn held_for_long(broker: &Broker, admitted: Option<&Admitted>) {
    let Some(admitted) = admitted else { return std::future::pending().await };
    loop {
        broker.admission.give_way().await;
        if admitted.gives_way(clock::now()) {
            return;
        }
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
