//! What carries bytes to a broker and back.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

use crate::address::Address;
use crate::config::ClientConfig;
use crate::{Error, Result};

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
}

impl Transport {
    pub(crate) fn new(config: &ClientConfig) -> Result<Transport> {
        if config.security.security_protocol != crate::config::SecurityProtocol::Plaintext {
            return Err(Error::Config("security.protocol: only PLAINTEXT is supported yet".into()));
        }
        Ok(Transport {
            send_buffer_bytes: config.send_buffer_bytes,
            receive_buffer_bytes: config.receive_buffer_bytes,
        })
    }

    /// Connects to one of the addresses of a broker that is known as `broker`.
    pub(crate) async fn connect(&self, _broker: &Address, to: SocketAddr) -> io::Result<Stream> {
        let tcp = self.connect_tcp(to).await?;
        let (reader, writer) = tcp.into_split();
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
