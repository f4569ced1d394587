//! Listening sockets.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use ottla_config::NetworkConfig;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tracing::{debug, info, warn};

use super::{
    connection::{self, ConnectionInfo},
    rate::ConnectionRate,
};
use crate::{Broker, clock};

/// Pending connections that the kernel keeps for us where the configuration does not say: with std's 128 a burst of
/// thousands waits for SYN retries.
const BACKLOG: u32 = 4096;

/// How often a listener that accepts no more looks whether it may again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A bound socket and the name of the listener that it serves.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) name: Arc<str>,
    pub(crate) socket: std::net::TcpListener,
}

/// What a listening socket is given; accepted ones have its receive buffer from the first byte on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SocketOptions {
    backlog: Option<u32>,
    receive_buffer_bytes: Option<u32>,
}

impl From<&NetworkConfig> for SocketOptions {
    fn from(network: &NetworkConfig) -> SocketOptions {
        SocketOptions { backlog: network.backlog, receive_buffer_bytes: network.receive_buffer_bytes }
    }
}

/// Binds an address. Another process on the port is `AddrInUse`.
pub(crate) fn bind(address: SocketAddr, options: SocketOptions) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    if let Some(bytes) = options.receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes as usize)?;
    }
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(options.backlog.unwrap_or(BACKLOG)).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

impl Listener {
    /// Accepts connections until told to stop, then waits for theirs to end.
    pub(crate) async fn run(self, broker: Arc<Broker>, mut stop: watch::Receiver<bool>) -> io::Result<()> {
        let listener = TcpListener::from_std(self.socket)?;
        let mut connections = JoinSet::new();
        let mut rate = ConnectionRate::default();
        loop {
            let config = broker.config();
            let gate = Gate { broker: &broker, network: &config.network, listener: &self.name };
            let wait = gate.wait(connections.len(), &rate);
            tokio::select! {
                accepted = listener.accept(), if wait.is_zero() => match accepted {
                    Ok((stream, peer)) => if let Some(info) = gate.admit(&stream, peer, &mut rate) {
                        connections.spawn(connection::serve(Arc::clone(&broker), stream, info, stop.clone()));
                    },
                    Err(error) => refused(&error).await,
                },
                () = tokio::time::sleep(wait), if !wait.is_zero() => {}
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

/// Decides who comes in by a listener, and when.
struct Gate<'a> {
    broker: &'a Broker,
    network: &'a NetworkConfig,
    listener: &'a Arc<str>,
}

impl Gate<'_> {
    /// How long nobody is accepted. Those who come meanwhile wait in the system's queue.
    fn wait(&self, connections: usize, rate: &ConnectionRate) -> Duration {
        if !self.has_room(connections) {
            return LOOK_AGAIN;
        }
        let (limits, now) = (&self.broker.connection_limits, clock::now());
        let of_broker = limits.rate().wait(self.rate_of_broker(), now);
        of_broker.max(rate.wait(self.rate_of_listener(), now)).min(LOOK_AGAIN)
    }

    /// Whether the listener may have another connection beside those that it has.
    fn has_room(&self, connections: usize) -> bool {
        let max = self.network.connections_max_of.get(&**self.listener).copied().unwrap_or(u32::MAX);
        let is_protected = self.network.is_protected(self.listener);
        connections < max as usize && (is_protected || self.broker.connection_limits.have_room(self.network))
    }

    fn admit(
        &self,
        stream: &TcpStream,
        peer: SocketAddr,
        rate: &mut ConnectionRate,
    ) -> Option<ConnectionInfo> {
        let (limits, now) = (&self.broker.connection_limits, clock::now());
        limits.rate().count(self.rate_of_broker(), now);
        rate.count(self.rate_of_listener(), now);
        let Some(place) = limits.take_place(self.network, peer.ip()) else {
            info!(%peer, "refused a connection: the address has as many as it may");
            return None;
        };
        if let Some(bytes) = self.network.send_buffer_bytes
            && let Err(error) = SockRef::from(stream).set_send_buffer_size(bytes as usize)
        {
            debug!(%peer, %error, "cannot set the send buffer");
        }
        Some(ConnectionInfo::new(peer, Arc::clone(self.listener), place))
    }

    /// The limit of all listeners together, which is not for the one among brokers.
    fn rate_of_broker(&self) -> u32 {
        if self.network.is_protected(self.listener) { u32::MAX } else { self.network.connection_rate_max }
    }

    fn rate_of_listener(&self) -> u32 {
        self.network.connection_rate_max_of.get(&**self.listener).copied().unwrap_or(u32::MAX)
    }
}

/// Out of descriptors is the usual reason: the connection stays in the backlog until one is free.
async fn refused(error: &io::Error) {
    debug!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(10)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_the_buffer_that_is_given() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let size = |receive_buffer_bytes| {
            let options = SocketOptions { receive_buffer_bytes, ..SocketOptions::default() };
            SockRef::from(&bind(any, options).unwrap()).recv_buffer_size().unwrap()
        };
        // Linux takes twice of what is asked for, others exactly that.
        assert!([20_000, 40_000].contains(&size(Some(20_000))));
        assert!(![20_000, 40_000].contains(&size(None)));
    }
}
