//! The addresses that a broker serves, and what clients are told of them.

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

use ottla_config::{BrokerConfig, Listener as ListenerConfig, NetworkConfig};

use super::StartError;
use crate::{
    http::Http,
    server::{self, Listener, SocketOptions},
};

/// An address that the broker listens on.
#[derive(Clone, Debug)]
pub struct Address {
    pub listener: String,
    pub bound: SocketAddr,
    /// What clients are told.
    pub advertised: (String, u16),
}

/// Bound, so that clients may connect; they are answered once the broker serves.
pub(super) struct Sockets {
    pub(super) listeners: Vec<Listener>,
    pub(super) addresses: Vec<Address>,
    pub(super) http: Option<Http>,
}

impl Sockets {
    /// Health is told from here on, however long the logs take to open.
    pub(super) fn bind(config: &BrokerConfig) -> Result<Sockets, StartError> {
        let (listeners, addresses) = bind_listeners(&config.network)?;
        let http = config.node.metrics_listener.as_ref().map(serve_metrics).transpose()?;
        Ok(Sockets { listeners, addresses, http })
    }
}

fn bind_listeners(network: &NetworkConfig) -> Result<(Vec<Listener>, Vec<Address>), StartError> {
    let options = SocketOptions::from(network);
    let bind = |config: &ListenerConfig| {
        let told = network.listeners.advertised.iter().find(|one| one.name == config.name);
        bind_listener(config, told.unwrap_or(config), options).map_err(|source| StartError::Listen {
            listener: config.name.clone(),
            address: format!("{}:{}", bracketed(&config.host), config.port),
            source,
        })
    };
    network.listeners.broker.iter().map(bind).collect()
}

fn bind_listener(
    config: &ListenerConfig,
    told: &ListenerConfig,
    options: SocketOptions,
) -> io::Result<(Listener, Address)> {
    let socket = bind(&config.host, config.port, options)?;
    let bound = socket.local_addr()?;
    let address = Address { listener: config.name.clone(), bound, advertised: advertised(told, bound) };
    Ok((Listener { name: config.name.as_str().into(), socket }, address))
}

fn serve_metrics((host, port): &(String, u16)) -> Result<Http, StartError> {
    let served = bind(host, *port, SocketOptions::default()).and_then(Http::start);
    served.map_err(|source| StartError::Metrics { address: format!("{}:{port}", bracketed(host)), source })
}

/// An empty host is every interface.
fn bind(host: &str, port: u16, options: SocketOptions) -> io::Result<TcpListener> {
    let host = if host.is_empty() { "0.0.0.0" } else { host };
    let mut found = (host, port).to_socket_addrs()?;
    let none = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    server::bind(found.next().ok_or_else(none)?, options)
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A host or port that was left open is that of the bound socket, or of this machine.
fn advertised(told: &ListenerConfig, bound: SocketAddr) -> (String, u16) {
    let host = match told.host.as_str() {
        "" if bound.ip().is_unspecified() => host_name(),
        "" => bound.ip().to_string(),
        host => host.to_owned(),
    };
    (host, if told.port == 0 { bound.port() } else { told.port })
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
