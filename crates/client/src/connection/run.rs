//! The task of a connection: writes what is queued, reads what comes, and ends the connection when it must.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::messages::ResponseHeader;
use ottla_wire::{Message as _, Reader, Request, Writer, frame};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::authenticate::{Ask, Session};
use super::frames::{FrameError, Frames};
use super::in_flight::{InFlight, Pending};
use super::parts::Parts;
use super::{Outgoing, Shared, api_of, handshake};
use crate::error::OtherListener;
use crate::{Error, clock};

/// Requests that are written together take no more than about so many bytes.
const WRITTEN_TOGETHER_MAX: usize = 1024 * 1024;

/// No answer is so large: the broker and this client read each other's bytes out of step.
const OUT_OF_STEP: i64 = 256 * 1024 * 1024;

/// Why a connection ends.
enum End {
    /// Nobody has it any more, or nobody used it for long.
    Unused,
    /// As an operating system or a broker has it.
    Broken(Arc<str>),
    /// An answer did not come in time.
    TooLate,
    /// All who wait are told the same.
    Error(Error),
}

pub(super) struct Run<R, W> {
    pub(super) shared: Arc<Shared>,
    pub(super) frames: Frames<R>,
    pub(super) writer: W,
    pub(super) session: Option<Session>,
    pub(super) requests: mpsc::Receiver<Outgoing>,
    pub(super) idle_max: Duration,
    pub(super) response_bytes_max: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin + Send> Run<R, W> {
    /// Until the connection ends. What was queued or waits then fails.
    pub(super) async fn run(self) {
        let Run { shared, mut frames, mut writer, session, mut requests, idle_max, response_bytes_max } =
            self;
        let is_known = session.is_some();
        let end = tokio::select! {
            end = write(&shared, session, &mut requests, &mut writer) => end,
            end = read(&shared, &mut frames, response_bytes_max, is_known) => end,
            end = watch(&shared, idle_max) => end,
        };
        shared.counts.disconnected();
        let waiting = shared.in_flight.end(end.reason());
        // From here on nobody can queue.
        requests.close();
        shared.slots.close();
        tracing::debug!(target: "ottla_client::connection", broker = %shared.broker, reason = %end.reason(), "ended");
        for pending in waiting {
            fail(&shared, pending, &end);
        }
        while let Some(queued) = requests.recv().await {
            fail(&shared, queued.pending, &end);
        }
    }
}

impl End {
    fn reason(&self) -> Arc<str> {
        match self {
            End::Unused => "it was not used for connections.max.idle.ms".into(),
            End::Broken(reason) => reason.clone(),
            End::TooLate => "another request was not answered in time".into(),
            End::Error(error) => error.to_string().into(),
        }
    }
}

fn fail(shared: &Shared, pending: Pending, end: &End) {
    let error = match end {
        End::TooLate if pending.deadline <= clock::now() => shared.too_late(pending.api, pending.timeout),
        End::Error(error) => error.clone(),
        End::TooLate | End::Unused | End::Broken(_) => shared.ended(pending.api),
    };
    shared.counts.unanswered(pending.api);
    // Whoever asked may be gone.
    let _gone = pending.answer.send(Err(error));
}

/// Writes what is queued, several requests at once where they are there, until nobody can queue any more and all is answered.
async fn write(
    shared: &Shared,
    mut session: Option<Session>,
    requests: &mut mpsc::Receiver<Outgoing>,
    writer: &mut (impl AsyncWrite + Unpin + Send),
) -> End {
    while let Some(first) = requests.recv().await {
        sleep_until(shared.in_flight.silent_until()).await;
        if let Some(session) = session.as_mut().filter(|session| session.is_due(clock::now()))
            && let Err(end) = renew(shared, session, &first.pending, writer).await
        {
            fail(shared, first.pending, &end);
            return end;
        }
        let (mut parts, unanswered) = gather(&shared.in_flight, first, requests);
        if let Err(error) = write_all(writer, &mut parts).await {
            return End::Broken(error.to_string().into());
        }
        for pending in unanswered {
            let _gone = pending.answer.send(Ok(Bytes::new()));
        }
    }
    while !shared.in_flight.is_empty() {
        shared.in_flight.answered.notified().await;
    }
    End::Unused
}

/// Tells the broker again who we are, before a request that waits for that. Nothing else is written meanwhile.
async fn renew(
    shared: &Shared,
    session: &mut Session,
    first: &Pending,
    writer: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<(), End> {
    let mut renewing = Renewing { shared, writer, deadline: first.deadline, timeout: first.timeout };
    let renewed = timeout_at(first.deadline, session.renew(&shared.versions, &mut renewing)).await;
    renewed.map_err(|_elapsed| End::TooLate)?.map_err(End::Error)
}

/// Makes requests while the connection is in use: their answers come behind those that others wait for.
struct Renewing<'a, W> {
    shared: &'a Shared,
    writer: &'a mut W,
    deadline: Instant,
    timeout: Duration,
}

impl<W: AsyncWrite + Unpin + Send> Ask for Renewing<'_, W> {
    fn broker(&self) -> &Arc<str> {
        &self.shared.broker
    }

    async fn ask<Q: Request + Sync>(&mut self, request: &Q, version: i16) -> Result<Q::Response, Error> {
        let (shared, api) = (self.shared, api_of::<Q>());
        let (answer, waiting) = oneshot::channel();
        let correlation_id = shared.in_flight.next_id();
        let mut frame = Writer::new();
        frame::encode_request(&mut frame, api, version, correlation_id, Some(&shared.client_id), request);
        let (deadline, timeout) = (self.deadline, self.timeout);
        let pending = Pending { correlation_id, api, version, deadline, timeout, answer, _slot: None };
        let mut parts = Parts::default();
        parts.push(frame);
        shared.in_flight.push(pending, clock::now());
        write_all(self.writer, &mut parts).await.map_err(|_broken| shared.ended(api))?;
        let body = waiting.await.unwrap_or_else(|_dropped| Err(shared.ended(api)))?;
        Q::Response::decode(&mut Reader::new(body), version).map_err(|error| shared.malformed(api, &error))
    }
}

async fn write_all(writer: &mut (impl AsyncWrite + Unpin), parts: &mut Parts) -> io::Result<()> {
    writer.write_all_buf(parts).await?;
    writer.flush().await
}

/// What can be written now; those requests that are answered count as in flight from here on. A request whose caller is gone is
/// left out.
fn gather(
    in_flight: &InFlight,
    first: Outgoing,
    requests: &mut mpsc::Receiver<Outgoing>,
) -> (Parts, Vec<Pending>) {
    let (mut parts, mut unanswered) = (Parts::default(), Vec::new());
    let mut bytes = 0;
    let mut next = Some(first);
    while let Some(Outgoing { frame, is_answered, pending }) = next {
        if !pending.answer.is_closed() {
            bytes += frame.len();
            parts.push(frame);
            if is_answered {
                in_flight.push(pending, clock::now());
            } else {
                unanswered.push(pending);
            }
        }
        next = if bytes < WRITTEN_TOGETHER_MAX { requests.try_recv().ok() } else { None };
    }
    (parts, unanswered)
}

/// Gives each answer to the request that it belongs to: the oldest. A broker that took our word for who we are, or has answered
/// something, knows us.
async fn read(
    shared: &Shared,
    frames: &mut Frames<impl AsyncRead + Unpin>,
    max: usize,
    mut is_known: bool,
) -> End {
    loop {
        let frame = match frames.next().await {
            Ok(frame) => frame,
            Err(FrameError::Closed) if !is_known => return End::Error(wants_sasl(shared)),
            Err(error) => return ended(shared, &error, max),
        };
        let now = clock::now();
        let Some(pending) = shared.in_flight.pop(now) else {
            return End::Broken("it sent an answer that nobody asked for".into());
        };
        shared
            .counts
            .answered(pending.api, now.saturating_duration_since(pending.deadline - pending.timeout));
        match body(frame, &pending) {
            // Whoever asked may be gone.
            Ok(body) => drop(pending.answer.send(Ok(body))),
            Err(reason) => {
                // Who spoke the protocol until now does so again on another connection.
                let end = End::Broken(reason.into());
                fail(shared, pending, &end);
                return end;
            }
        }
        is_known = true;
        shared.in_flight.answered.notify_one();
    }
}

fn wants_sasl(shared: &Shared) -> Error {
    Error::OtherListener { broker: shared.broker.clone(), seems: OtherListener::WantsSasl }
}

fn ended(shared: &Shared, error: &FrameError, max: usize) -> End {
    match handshake::end(&shared.broker, error, max) {
        Some(Error::ResponseTooLarge { size, .. }) if !(0..OUT_OF_STEP).contains(&size) => {
            End::Broken(format!("it announced an answer of {size} bytes").into())
        }
        Some(error) => End::Error(error),
        None => End::Broken(error.to_string().into()),
    }
}

/// What follows the header of an answer, if that is the answer to this request.
fn body(frame: Bytes, pending: &Pending) -> Result<Bytes, String> {
    let mut reader = Reader::new(frame);
    let version = pending.api.response_header_version(pending.version);
    let header = ResponseHeader::decode(&mut reader, version)
        .map_err(|error| format!("{}: the header: {error}", pending.api.name()))?;
    if header.correlation_id != pending.correlation_id {
        let (name, found, expected) = (pending.api.name(), header.correlation_id, pending.correlation_id);
        return Err(format!("{name}: an answer with the number {found} instead of {expected}"));
    }
    let remaining = reader.remaining();
    Ok(reader.slice(remaining).expect("as many bytes remain"))
}

/// Ends the connection when an answer is late, or nothing was asked for long.
async fn watch(shared: &Shared, idle_max: Duration) -> End {
    loop {
        // That all is answered wakes nobody: so it is looked at again after the idle time, too.
        let until = match shared.in_flight.nearest_deadline() {
            Some(deadline) => deadline.min(clock::now() + idle_max),
            None => shared.in_flight.used_at() + idle_max,
        };
        tokio::select! {
            () = sleep_until(until) => {}
            () = shared.in_flight.changed.notified() => {}
        }
        let now = clock::now();
        match shared.in_flight.nearest_deadline() {
            Some(deadline) if deadline <= now => return End::TooLate,
            None if shared.in_flight.used_at() + idle_max <= now => return End::Unused,
            Some(_) | None => {}
        }
    }
}
