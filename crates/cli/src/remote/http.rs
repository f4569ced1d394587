//! What brokers tell over HTTP, beside Kafka's protocol.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// More than a broker answers.
const ANSWER_MAX: usize = 16 << 20;

/// What is at this path, on a connection of its own.
pub(crate) async fn http_get(address: &str, path: &str) -> Result<Bytes> {
    let asked = async || {
        let answered = timeout(ANSWERED_WITHIN, exchange(address, path)).await;
        answered.with_context(|| format!("no answer within {ANSWERED_WITHIN:?}"))?
    };
    asked().await.with_context(|| format!("http://{address}{path}"))
}

async fn exchange(address: &str, path: &str) -> Result<Bytes> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let asking = async move {
        let request = Request::get(path).header(HOST, address).body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
        let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
        match status {
            StatusCode::OK => Ok(body),
            _ => bail!("{status}: {}", String::from_utf8_lossy(&body).trim_end()),
        }
    };
    // The connection ends when nobody can ask any more.
    let (answered, _ended) = tokio::join!(asking, connection);
    answered
}
