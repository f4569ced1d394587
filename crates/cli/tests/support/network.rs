//! A network between a client and a broker that delays, cuts, swallows and mixes up what goes through it.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a network does with the connections that are made from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Each piece is delayed.
    Delay(Duration),
    /// After so many bytes from the client both ways end, in the middle of whatever it is.
    CutRequests(u64),
    /// After so many bytes from the broker both ways end: what was asked was done, and nobody learns it.
    CutAnswers(u64),
    /// After so many bytes from the broker nothing more comes, and no way ends.
    Silence(u64),
    /// After so many bytes from the broker its way ends, and the client's stays open.
    HalfClose(u64),
    /// The answer of this number, from 0 on, comes behind the next one, if there soon is one.
    Reorder(u64),
    /// The answer of this number lacks its last bytes; the next one follows at once.
    Truncate(u64),
}

/// Ways in which a network fails: by turns in the one manner and in the other.
pub(crate) const FAULTS: &[(&str, [Fault; 2])] = &[
    ("delay", [Fault::Delay(Duration::from_millis(3)), Fault::None]),
    ("cut-requests", [Fault::CutRequests(2_000), Fault::CutRequests(4_001)]),
    ("cut-answers", [Fault::CutAnswers(2_000), Fault::CutAnswers(3_001)]),
    ("silence", [Fault::None, Fault::Silence(2_500)]),
    ("half-close", [Fault::HalfClose(2_500), Fault::CutAnswers(3_301)]),
    ("reorder", [Fault::Reorder(4), Fault::Reorder(7)]),
    ("truncate", [Fault::Truncate(4), Fault::Truncate(7)]),
];

/// How long an answer that is to be overtaken waits for the next one.
const HELD: Duration = Duration::from_millis(50);
/// How many bytes a truncated answer lacks.
const LOST: usize = 3;

/// What stands between clients and a broker. It ends when it is dropped.
pub(crate) struct Network {
    pub(crate) address: SocketAddr,
    fault: watch::Sender<Fault>,
    connections: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Network {
    /// Nothing has to listen there yet.
    pub(crate) async fn before(broker: SocketAddr) -> Network {
        Network::between(SocketAddr::from(([127, 0, 0, 1], 0)), broker).await
    }

    /// The same at an address that the broker tells clients.
    pub(crate) async fn between(address: SocketAddr, broker: SocketAddr) -> Network {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (fault, seen) = watch::channel(Fault::None);
        let connections = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, broker, seen, connections.clone()));
        Network { address, fault, connections, tasks }
    }

    /// What happens to connections from now on.
    pub(crate) fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Ends, and leaves the address to others.
    pub(crate) async fn end(mut self) {
        self.tasks.shutdown().await;
    }

    /// Connections that were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    broker: SocketAddr,
    fault: watch::Receiver<Fault>,
    connections: Arc<AtomicUsize>,
) {
    let mut open = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.expect("it listens");
        connections.fetch_add(1, Ordering::Relaxed);
        let fault = *fault.borrow();
        // A broker that is down refuses the client, too.
        open.spawn(async move {
            if let Ok(broker) = TcpStream::connect(broker).await {
                carry(client, broker, fault).await;
            }
        });
    }
}

async fn carry(client: TcpStream, broker: TcpStream, fault: Fault) {
    let (from_client, to_client) = client.into_split();
    let (from_broker, to_broker) = broker.into_split();
    let unlimited = u64::MAX;
    let (requests, answers) = match fault {
        Fault::CutRequests(bytes) => (bytes, unlimited),
        Fault::CutAnswers(bytes) | Fault::Silence(bytes) | Fault::HalfClose(bytes) => (unlimited, bytes),
        Fault::None | Fault::Delay(_) | Fault::Reorder(_) | Fault::Truncate(_) => (unlimited, unlimited),
    };
    let pause = if let Fault::Delay(pause) = fault { pause } else { Duration::ZERO };
    let asking = pipe(from_client, to_broker, requests, pause);
    let answering = async {
        if matches!(fault, Fault::Reorder(_) | Fault::Truncate(_)) {
            // That the connection ends is the point.
            let _ended = mix_up(from_broker, to_client, fault).await;
            return;
        }
        let to_client = pipe(from_broker, to_client, answers, pause).await;
        match fault {
            Fault::Silence(_) => {
                let _kept_open = to_client;
                std::future::pending::<()>().await;
            }
            Fault::HalfClose(_) => {
                drop(to_client);
                std::future::pending::<()>().await;
            }
            Fault::None
            | Fault::Delay(_)
            | Fault::CutRequests(_)
            | Fault::CutAnswers(_)
            | Fault::Reorder(_)
            | Fault::Truncate(_) => {}
        }
    };
    tokio::select! {
        _ended = asking => {}
        () = answering => {}
    }
}

/// Carries up to so many bytes, and gives the way out back.
async fn pipe<W: AsyncWrite + Unpin>(
    mut from: impl AsyncRead + Unpin,
    mut to: W,
    bytes_max: u64,
    pause: Duration,
) -> W {
    let mut left = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let mut buffer = vec![0; 16 * 1024];
    while left > 0 {
        let room = left.min(buffer.len());
        let Ok(count @ 1..) = from.read(&mut buffer[..room]).await else { return to };
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return to;
        }
        left -= count;
    }
    to
}

/// Carries answers one by one, except for what is to happen to one of them.
async fn mix_up(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    fault: Fault,
) -> io::Result<()> {
    for number in 0.. {
        let mut answer = read_answer(&mut from).await?;
        if fault == Fault::Truncate(number) {
            answer.truncate(answer.len().saturating_sub(LOST));
        }
        if fault == Fault::Reorder(number) {
            let mut next = std::pin::pin!(read_answer(&mut from));
            tokio::select! {
                next = &mut next => to.write_all(&next?).await?,
                () = tokio::time::sleep(HELD) => {
                    to.write_all(&answer).await?;
                    answer = next.await?;
                }
            }
        }
        to.write_all(&answer).await?;
    }
    Ok(())
}

/// An answer with its size before it.
async fn read_answer(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let size = from.read_u32().await?;
    let mut answer = size.to_be_bytes().to_vec();
    let read = from.take(size.into()).read_to_end(&mut answer).await?;
    if read < size as usize { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}
