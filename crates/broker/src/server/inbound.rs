//! Bytes from a socket, cut into frames.
//!
//! ```text
//! i32 size | size bytes | i32 size | size bytes | ...
//! ```

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;

use super::admission::UNCOUNTED_MAX;

/// What is asked of the allocator when a connection has something to read.
const BUFFER_SIZE: usize = 32 * 1024;
/// A larger frame gets memory as its bytes arrive, twice as much each time, not at its word.
const TRUSTED_MAX: usize = 1024 * 1024;
const SIZE_LENGTH: usize = 4;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("a frame of {size} bytes, where 1 to {max} are allowed")]
    Size { size: i32, max: usize },
}

/// The unread part of what a connection has received. Idle connections hold no memory.
#[derive(Debug)]
pub(crate) struct Inbound {
    buffer: BytesMut,
    frame_max: usize,
}

impl Inbound {
    pub(crate) fn new(frame_max: usize) -> Inbound {
        Inbound { buffer: BytesMut::new(), frame_max }
    }

    /// The size of the frame at the front, once its first four bytes are here.
    pub(crate) fn frame_size(&self) -> Result<Option<usize>, FrameError> {
        let Some(size) = self.buffer.first_chunk::<SIZE_LENGTH>() else { return Ok(None) };
        let size = i32::from_be_bytes(*size);
        match usize::try_from(size) {
            Ok(length) if (1..=self.frame_max).contains(&length) => Ok(Some(length)),
            _ => Err(FrameError::Size { size, max: self.frame_max }),
        }
    }

    /// Takes the frame at the front, without its size, if all of it is here.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(size) = self.frame_size()? else { return Ok(None) };
        if self.buffer.len() < SIZE_LENGTH + size {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(SIZE_LENGTH + size).freeze();
        Ok(Some(frame.split_off(SIZE_LENGTH)))
    }

    /// Reads what the socket has: the number of bytes, or None at its end. Call it when the socket is readable.
    pub(crate) fn read(&mut self, stream: &TcpStream) -> io::Result<Option<usize>> {
        self.make_room();
        match stream.try_read_buf(&mut self.buffer) {
            Ok(0) => Ok(None),
            Ok(read) => Ok(Some(read)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                self.release_if_empty();
                Ok(Some(0))
            }
            Err(e) => Err(e),
        }
    }

    fn make_room(&mut self) {
        let whole = self.frame_size().ok().flatten().map_or(0, |size| size + SIZE_LENGTH);
        let missing = whole.saturating_sub(self.buffer.len());
        let room = self.buffer.capacity() - self.buffer.len();
        if missing > room {
            self.buffer.reserve(missing.min(TRUSTED_MAX.max(self.buffer.len())));
        } else if room < BUFFER_SIZE / 4 && missing == 0 {
            self.buffer.reserve(BUFFER_SIZE);
        }
    }

    /// Whether reading on would take memory beyond what every connection may have.
    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= UNCOUNTED_MAX
    }

    /// Gives the memory back between requests.
    pub(crate) fn release_if_empty(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbound(bytes: &[u8]) -> Inbound {
        Inbound { buffer: BytesMut::from(bytes), frame_max: 100 }
    }

    #[test]
    fn frames_are_cut_where_their_sizes_say() {
        let mut inbound = inbound(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9, 0, 0]);
        assert_eq!(inbound.next_frame().unwrap().unwrap(), [7, 8][..]);
        assert_eq!(inbound.next_frame().unwrap().unwrap(), [9][..]);
        assert!(inbound.next_frame().unwrap().is_none());
        assert_eq!(inbound.buffer.len(), 2);
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        for size in [0, -1, i32::MIN, 101, i32::MAX] {
            let mut inbound = inbound(&size.to_be_bytes());
            assert!(inbound.next_frame().is_err(), "{size}");
        }
    }

    #[test]
    fn a_large_frame_gets_memory_as_it_arrives() {
        let mut inbound =
            Inbound { buffer: BytesMut::from(&(90_i32 << 20).to_be_bytes()[..]), frame_max: 100 << 20 };
        inbound.make_room();
        assert!(inbound.buffer.capacity() < 2 * TRUSTED_MAX, "{}", inbound.buffer.capacity());
    }
}
