//! Responses on their way into a socket: memory by vectored writes, ranges of files by `sendfile`.

use std::io::{self, IoSlice};

use bytes::Buf;
use ottla_wire::{FilePart, Part, Writer};
use tokio::{io::Interest, net::TcpStream};

/// Pieces of memory that one write takes.
const SLICES_MAX: usize = 64;

/// Writes all that the writer has collected. Not cancel-safe: after a dropped call the connection must be closed.
pub(crate) async fn write_all(stream: &TcpStream, out: Writer) -> io::Result<()> {
    let mut parts = out.into_parts();
    let mut from = 0;
    while from < parts.len() {
        match &mut parts[from] {
            Part::File(file) => {
                send_file(stream, file).await?;
                from += 1;
            }
            Part::Bytes(_) => {
                let written = write_some(stream, &parts[from..]).await?;
                from += consume(&mut parts[from..], written);
            }
        }
    }
    Ok(())
}

/// Writes a short answer, usually in one call.
pub(crate) async fn write_slice(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

async fn write_some(stream: &TcpStream, parts: &[Part]) -> io::Result<usize> {
    let slices: Vec<IoSlice<'_>> = parts
        .iter()
        .take(SLICES_MAX)
        .map_while(|part| match part {
            Part::Bytes(bytes) => Some(IoSlice::new(bytes)),
            Part::File(_) => None,
        })
        .collect();
    loop {
        match stream.try_write_vectored(&slices) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            result => return result,
        }
    }
}

/// Drops what was written; the number of pieces that are done.
fn consume(parts: &mut [Part], mut written: usize) -> usize {
    let mut done = 0;
    for part in parts {
        let Part::Bytes(bytes) = part else { break };
        let taken = written.min(bytes.len());
        bytes.advance(taken);
        written -= taken;
        if !bytes.is_empty() {
            break;
        }
        done += 1;
    }
    done
}

async fn send_file(stream: &TcpStream, part: &FilePart) -> io::Result<()> {
    let mut position = part.position;
    let end = part.position + u64::try_from(part.len).unwrap_or(u64::MAX);
    while position < end {
        let count = usize::try_from(end - position).unwrap_or(usize::MAX);
        let sent = stream
            .async_io(Interest::WRITABLE, || {
                Ok(rustix::fs::sendfile(stream, &*part.file, Some(&mut position), count)?)
            })
            .await?;
        if sent == 0 {
            // The response has promised more bytes than the file has: the connection cannot go on.
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a segment is shorter than its index says",
            ));
        }
    }
    Ok(())
}
