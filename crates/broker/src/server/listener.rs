//! Listening sockets.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tracing::{debug, info, warn};

use super::connection::{self, ConnectionInfo};
use crate::Broker;

/// Pending connections that the kernel keeps for us: with std's 128 a burst of thousands waits for SYN retries.
const BACKLOG: i32 = 4096;

/// How often a listener that accepts no more looks whether it may again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

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
            let network = &broker.config().network;
            let have_room = broker.connection_limits.have_room(network);
            tokio::select! {
                accepted = listener.accept(), if have_room => match accepted {
                    Ok((stream, peer)) => match broker.connection_limits.take_place(network, peer.ip()) {
                        Some(place) => {
                            let info = ConnectionInfo::new(peer, Arc::clone(&self.name), place);
                            connections.spawn(connection::serve(Arc::clone(&broker), stream, info, stop.clone()));
                        }
                        None => info!(%peer, "refused a connection: the address has as many as it may"),
                    },
                    Err(error) => refused(&error).await,
                },
                () = tokio::time::sleep(LOOK_AGAIN), if !have_room => {}
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
    tokio::time::sleep(Duration::from_millis(10)).await;
}
