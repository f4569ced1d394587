//! The two requests that a benchmark sends itself: is it ready, and forget these topics.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

const API_VERSIONS: i16 = 18;
const DELETE_TOPICS: i16 = 20;
const RESPONSE_BYTES_MAX: u32 = 1 << 20;

/// Returns once the server has answered ApiVersions version 0.
pub(crate) fn api_versions(address: SocketAddr, patience: Duration) -> Result<()> {
    let response = call(address, patience, &request(API_VERSIONS, 0))?;
    let code = response.get(4..6).context("ApiVersions was answered with too few bytes")?;
    ensure!(code == [0, 0], "ApiVersions was answered with error code {code:?}");
    Ok(())
}

/// Version 1. Topics that do not exist are no error.
pub(crate) fn delete_topics(address: SocketAddr, topics: &[String], patience: Duration) -> Result<()> {
    let mut frame = request(DELETE_TOPICS, 1);
    frame.extend(i32::try_from(topics.len())?.to_be_bytes());
    for topic in topics {
        frame.extend(i16::try_from(topic.len())?.to_be_bytes());
        frame.extend(topic.as_bytes());
    }
    frame.extend(i32::try_from(patience.as_millis())?.to_be_bytes());
    call(address, patience, &frame).map(drop)
}

/// Header version 1, with no client id, without the length before it.
fn request(api: i16, version: i16) -> Vec<u8> {
    let correlation = 0_i32.to_be_bytes();
    [&api.to_be_bytes()[..], &version.to_be_bytes(), &correlation, &(-1_i16).to_be_bytes()].concat()
}

/// The response, correlation id included.
fn call(address: SocketAddr, patience: Duration, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(&[&u32::try_from(request.len())?.to_be_bytes(), request].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    ensure!(length <= RESPONSE_BYTES_MAX, "a response of {length} bytes");
    let mut response = vec![0; usize::try_from(length)?];
    stream.read_exact(&mut response)?;
    Ok(response)
}
