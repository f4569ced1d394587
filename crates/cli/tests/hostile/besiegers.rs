//! Attacks that last: connections that are held and take, or would take, memory.

use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};

use super::client::TURN;

/// They stay until they are told to go, and come back when they are thrown out.
pub(crate) struct Besiegers {
    stay: SyncSender<()>,
    thrown_out: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

/// What one does in each turn.
#[derive(Debug, Clone)]
pub(crate) enum Acts {
    /// Sends nothing, ever.
    Silent,
    /// Sends this, a byte now and then.
    Slow(Vec<u8>),
    /// Sends this, and no more.
    Stops(Vec<u8>),
    /// Sends this again and again, and never reads what is answered.
    NeverReads(Vec<u8>),
}

struct Connection {
    address: SocketAddr,
    acts: Acts,
    stream: Option<TcpStream>,
    sent: usize,
}

impl Besiegers {
    pub(crate) fn start(address: SocketAddr, all: impl IntoIterator<Item = Acts>) -> Besiegers {
        let open = |acts| Connection { address, acts, stream: connect(address), sent: 0 };
        let mut connections: Vec<Connection> = all.into_iter().map(open).collect();
        let (stay, told) = mpsc::sync_channel(0);
        let thrown_out = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&thrown_out);
        let thread = thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = told.recv_timeout(TURN) {
                let ended = connections.iter_mut().filter_map(Connection::turn).filter(|stays| !stays);
                count.fetch_add(ended.count(), Ordering::Relaxed);
            }
        });
        Besiegers { stay, thrown_out, thread }
    }

    /// How often one was.
    pub(crate) fn thrown_out(&self) -> usize {
        self.thrown_out.load(Ordering::Relaxed)
    }

    /// Ends their connections.
    pub(crate) fn go(self) {
        drop(self.stay);
        self.thread.join().expect("they go")
    }
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_nonblocking(true).expect("it does not block");
    Some(stream)
}

impl Connection {
    /// Whether it is still connected; None if it was not.
    fn turn(&mut self) -> Option<bool> {
        let Some(stream) = &mut self.stream else {
            (self.stream, self.sent) = (connect(self.address), 0);
            return None;
        };
        let unsent = match &self.acts {
            Acts::Silent => return Some(true),
            Acts::Slow(bytes) => &bytes[self.sent..bytes.len().min(self.sent + 1)],
            Acts::Stops(bytes) => &bytes[self.sent..],
            Acts::NeverReads(bytes) => &bytes[self.sent % bytes.len()..],
        };
        match stream.write(unsent) {
            Ok(sent) => self.sent += sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.stream = None,
        }
        Some(self.stream.is_some())
    }
}
