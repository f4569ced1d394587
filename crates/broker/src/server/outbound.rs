//! Responses on their way into a socket: memory by vectored writes, ranges of files by `sendfile`.

use std::{
    io::{self, IoSlice},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Buf;
use ottla_log::{
    Cold,
    disk::{RealFile, is_cached},
};
use ottla_wire::{FilePart, Part, Writer};
use tokio::{io::Interest, net::TcpStream};

use crate::fetch::cold::ColdReads;

/// Pieces of memory that one write takes.
const SLICES_MAX: usize = 64;
/// What of a file is looked for in memory, and then sent, at once.
const SENT_MAX: u64 = 1024 * 1024;

/// What the socket has taken of an answer, for whoever looks on.
pub(crate) type Taken = AtomicU64;

/// Writes all that the writer has collected. Not cancel-safe: after a dropped call the connection must be closed.
pub(crate) async fn write_all(
    stream: &TcpStream,
    out: Writer,
    cold_reads: &ColdReads,
    taken: &Taken,
) -> io::Result<()> {
    let mut parts = out.into_parts();
    let mut from = 0;
    while from < parts.len() {
        match &mut parts[from] {
            Part::File(file) => {
                send_file(stream, file, cold_reads, taken).await?;
                from += 1;
            }
            Part::Bytes(_) => {
                let written = write_some(stream, &parts[from..]).await?;
                add(taken, written);
                from += consume(&mut parts[from..], written);
            }
        }
    }
    Ok(())
}

/// Writes what the socket takes at once, usually all of a short answer; the rest is given back.
pub(crate) fn try_write<'a>(stream: &TcpStream, mut bytes: &'a [u8]) -> io::Result<&'a [u8]> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
            Err(e) => return Err(e),
        }
    }
    Ok(bytes)
}

/// Writes the rest of an answer. Not cancel-safe either.
pub(crate) async fn write_slice(stream: &TcpStream, mut bytes: &[u8], taken: &Taken) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        let rest = try_write(stream, bytes)?;
        add(taken, bytes.len() - rest.len());
        bytes = rest;
    }
    Ok(())
}

fn add(taken: &Taken, bytes: usize) {
    taken.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
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

async fn send_file(
    stream: &TcpStream,
    part: &FilePart,
    cold_reads: &ColdReads,
    taken: &Taken,
) -> io::Result<()> {
    let mut position = part.position;
    let end = part.position + u64::try_from(part.len).unwrap_or(u64::MAX);
    while position < end {
        // In this order: while a slow client is waited for, what was in memory may leave it.
        stream.writable().await?;
        let count = (end - position).min(SENT_MAX);
        load_if_cold(part, position, count, cold_reads).await?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let sent = stream.try_io(Interest::WRITABLE, || {
            Ok(rustix::fs::sendfile(stream, &*part.file, Some(&mut position), count)?)
        });
        match sent {
            // The response has promised more bytes than the file has: the connection cannot go on.
            Ok(0) => {
                let reason = "a segment is shorter than its index says";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Ok(sent) => add(taken, sent),
            Err(_would_block) => {}
        }
    }
    Ok(())
}

/// `sendfile` would wait for the disk, and with it every connection of this thread.
async fn load_if_cold(part: &FilePart, position: u64, len: u64, cold_reads: &ColdReads) -> io::Result<()> {
    let file = RealFile::from(Arc::clone(&part.file));
    if is_cached(&file, position, len)? {
        return Ok(());
    }
    cold_reads.load(Cold::range(Arc::new(file), position, len)).await.map_err(io::Error::other)
}
