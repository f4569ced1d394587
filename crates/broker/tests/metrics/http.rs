//! Just enough of an HTTP client.

use std::{io::Read, net::SocketAddr};

use flate2::read::GzDecoder;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    exposition::Exposition,
    node::{Node, within},
};

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lower-case.
    pub(crate) head: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if self.head.contains("content-encoding: gzip") {
            GzDecoder::new(self.body.as_slice()).read_to_string(&mut text).expect("packed text");
        } else {
            text.push_str(std::str::from_utf8(&self.body).expect("text"));
        }
        text
    }
}

/// `headers` end in line breaks.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    let answer = within(path, async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.map(|_| answer)
    });
    let answer = answer.await.expect("an answer");
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).expect("text").to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head, body: answer[end + 4..].to_vec() }
}

pub(crate) fn address(node: &Node) -> SocketAddr {
    node.metrics_address().expect("metrics are served")
}

pub(crate) async fn scrape(node: &Node) -> Exposition {
    let answer = get(address(node), "/metrics", "").await;
    assert_eq!(answer.status, 200, "{}", answer.head);
    Exposition::parse(&answer.text())
}
