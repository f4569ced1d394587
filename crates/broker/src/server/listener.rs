//! Listening sockets.

use std::{io, net::SocketAddr, sync::Arc};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tracing::{debug, warn};

use super::connection::{self, ConnectionInfo};
use crate::Broker;

/// Pending connections that the kernel keeps for us: with std's 128 a burst of thousands waits for SYN retries.
const BACKLOG: i32 = 4096;

/// A bound socket and the name of the listener that it serves.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) name: Arc<str>,
    pub(crate) socket: std::net::TcpListener,
}

/// Binds an address. Another process on the port is `AddrInUse`.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Listener {
    /// Accepts connections until told to stop, then waits for theirs to end.
    pub(crate) async fn run(self, broker: Arc<Broker>, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let listener = TcpListener::from_std(self.socket)?;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let info = ConnectionInfo::new(peer, Arc::clone(&self.name));
                        connections.spawn(connection::serve(Arc::clone(&broker), stream, info, stop.clone()));
                    }
                    Err(error) => refused(&error).await,
                },
                Some(ended) = connections.join_next(), if !connections.is_empty() => {
                    if let Err(error) = ended {
                        warn!(%error, "a connection's task failed");
                    }
                }
                _ = stop.changed() => break,
            }
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
        Ok(())
    }
}

/// Out of descriptors is the usual reason: the connection stays in the backlog until one is free.
async fn refused(error: &io::Error) {
    debug!(%error, "cannot accept a connection");
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
}
