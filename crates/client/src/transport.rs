//! What carries bytes to a broker and back.

mod lenient;
mod pem;
mod tls;

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

use crate::Result;
use crate::address::Address;
use crate::config::ClientConfig;
pub(crate) use tls::Tls;

/// The way in and the way out of a connection, whatever secures it.
pub(crate) struct Stream {
    pub(crate) reader: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) writer: Box<dyn AsyncWrite + Send + Unpin>,
}

/// Makes streams as the configuration wants them.
#[derive(Debug)]
pub(crate) struct Transport {
    send_buffer_bytes: Option<u32>,
    receive_buffer_bytes: Option<u32>,
    /// None where everything is sent in the open.
    tls: Option<Tls>,
}

impl Transport {
    /// Reads the certificates and the key that the configuration names.
    pub(crate) fn new(config: &ClientConfig) -> Result<Transport> {
        let security = &config.security;
        Ok(Transport {
            send_buffer_bytes: config.send_buffer_bytes,
            receive_buffer_bytes: config.receive_buffer_bytes,
            tls: security.security_protocol.has_tls().then(|| Tls::new(security)).transpose()?,
        })
    }

    /// Connects to one of the addresses of a broker that is known as `broker`.
    pub(crate) async fn connect(&self, broker: &Address, to: SocketAddr) -> io::Result<Stream> {
        let tcp = self.connect_tcp(to).await?;
        let Some(tls) = &self.tls else {
            let (reader, writer) = tcp.into_split();
            return Ok(Stream { reader: Box::new(reader), writer: Box::new(writer) });
        };
        let (reader, writer) = tokio::io::split(tls.secure(&broker.host, tcp).await?);
        Ok(Stream { reader: Box::new(reader), writer: Box::new(writer) })
    }

    async fn connect_tcp(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.set_nodelay(true)?;
        socket.connect(to).await
    }
}
