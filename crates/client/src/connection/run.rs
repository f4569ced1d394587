//! The task of a connection: writes what is queued, reads what comes, and ends the connection when it must.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ottla_wire::messages::ResponseHeader;
use ottla_wire::{Message as _, Reader};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::frames::{FrameError, Frames};
use super::in_flight::{InFlight, Pending};
use super::parts::Parts;
use super::{Outgoing, Shared, handshake};
use crate::{Error, clock};

/// Requests that are written together take no more than about so many bytes.
const WRITTEN_TOGETHER_MAX: usize = 1024 * 1024;

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
    pub(super) requests: mpsc::Receiver<Outgoing>,
    pub(super) idle_max: Duration,
    pub(super) response_bytes_max: usize,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Run<R, W> {
    /// Until the connection ends. What was queued or waits then fails.
    pub(super) async fn run(self) {
        let Run { shared, mut frames, mut writer, mut requests, idle_max, response_bytes_max } = self;
        let end = tokio::select! {
            end = write(&shared, &mut requests, &mut writer) => end,
            end = read(&shared, &mut frames, response_bytes_max) => end,
            end = watch(&shared, idle_max) => end,
        };
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
    // Whoever asked may be gone.
    let _gone = pending.answer.send(Err(error));
}

/// Writes what is queued, several requests at once where they are there, until nobody can queue any more and all is answered.
async fn write(
    shared: &Shared,
    requests: &mut mpsc::Receiver<Outgoing>,
    writer: &mut (impl AsyncWrite + Unpin),
) -> End {
    while let Some(first) = requests.recv().await {
        sleep_until(shared.in_flight.silent_until()).await;
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

/// Gives each answer to the request that it belongs to: the oldest.
async fn read(shared: &Shared, frames: &mut Frames<impl AsyncRead + Unpin>, max: usize) -> End {
    loop {
        let frame = match frames.next().await {
            Ok(frame) => frame,
            Err(error) => return ended(shared, &error, max),
        };
        let Some(pending) = shared.in_flight.pop(clock::now()) else {
            return malformed(shared, "an answer that nobody asked for");
        };
        match body(frame, &pending) {
            // Whoever asked may be gone.
            Ok(body) => drop(pending.answer.send(Ok(body))),
            Err(reason) => {
                let end = malformed(shared, &reason);
                fail(shared, pending, &end);
                return end;
            }
        }
        shared.in_flight.answered.notify_one();
    }
}

fn ended(shared: &Shared, error: &FrameError, max: usize) -> End {
    match handshake::end(&shared.broker, error, max) {
        Some(error) => End::Error(error),
        None => End::Broken(error.to_string().into()),
    }
}

fn malformed(shared: &Shared, reason: &str) -> End {
    End::Error(Error::Malformed { broker: shared.broker.clone(), reason: reason.into() })
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
