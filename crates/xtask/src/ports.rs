//! Ports for servers that are started.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    process,
};

use anyhow::{Context, Result};

/// Below those that the system gives to outgoing connections: a server that takes seconds to start binds late.
const PORTS: Range<u16> = 20_000..32_000;

/// The first of so many free ports in a row.
pub(crate) fn free_address(count: u16) -> Result<SocketAddr> {
    let first = usize::try_from(process::id())? % PORTS.len();
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut ports = PORTS.cycle().skip(first).take(PORTS.len());
    let port = ports.find(|port| (*port..*port + count).all(is_free));
    Ok((Ipv4Addr::LOCALHOST, port.context("not enough ports in a row are free")?).into())
}
