//! Bytes from a socket, cut into frames.
//!
//! ```text
//! i32 size | size bytes | i32 size | size bytes | ...
//! ```
//!
//! Memory follows the bytes that came, not the size that was announced. A frame that outgrows what every connection may
//! have is given more in steps: when half of its room is filled, four times as much. So what it holds is at most eight
//! times what came.

use std::io;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::net::TcpStream;

use super::admission::UNCOUNTED_MAX;

/// What is asked of the allocator when a connection has something to read.
const BUFFER_SIZE: usize = 32 * 1024;
/// How much more room a large frame gets at a time.
const GROWTH: usize = 4;
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
    /// What the unread bytes may take.
    room: usize,
}

impl Inbound {
    pub(crate) fn new(frame_max: usize) -> Inbound {
        Inbound { buffer: BytesMut::new(), frame_max, room: UNCOUNTED_MAX }
    }

    /// The size of the frame at the front, once its first four bytes are here.
    fn frame_size(&self) -> Result<Option<usize>, FrameError> {
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
        self.room = UNCOUNTED_MAX;
        Ok(Some(frame.split_off(SIZE_LENGTH)))
    }

    /// How much more memory the frame at the front must be given before it is read on.
    pub(crate) fn room_wanted(&self) -> Result<Option<usize>, FrameError> {
        let Some(size) = self.frame_size()? else { return Ok(None) };
        let whole = SIZE_LENGTH + size;
        let wants = self.room < whole && self.buffer.len() >= self.room / 2;
        Ok(wants.then(|| whole.min(self.room * GROWTH) - self.room))
    }

    /// Lets the frame at the front take so much more.
    pub(crate) fn give_room(&mut self, more: usize) {
        self.room += more;
    }

    /// Whether a frame has begun and is not here whole.
    pub(crate) fn is_within_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Reads what the socket has and there is room for: the number of bytes, or None at its end. Call it when the socket
    /// is readable and this is not full.
    pub(crate) fn read(&mut self, stream: &TcpStream) -> io::Result<Option<usize>> {
        self.make_room();
        let free = self.room.saturating_sub(self.buffer.len());
        match stream.try_read_buf(&mut (&mut self.buffer).limit(free)) {
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
        let missing = whole.min(self.room).saturating_sub(self.buffer.len());
        let spare = self.buffer.capacity() - self.buffer.len();
        if missing > spare {
            self.buffer.reserve(missing);
        } else if spare < BUFFER_SIZE / 4 && missing == 0 {
            self.buffer.reserve(BUFFER_SIZE);
        }
    }

    /// Whether reading on would take memory that it has not been given.
    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= self.room
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

    const MIB: usize = 1 << 20;

    fn inbound(bytes: &[u8], frame_max: usize) -> Inbound {
        Inbound { buffer: BytesMut::from(bytes), ..Inbound::new(frame_max) }
    }

    #[test]
    fn frames_are_cut_where_their_sizes_say() {
        let mut inbound = inbound(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9, 0, 0], 100);
        assert_eq!(inbound.next_frame().unwrap().unwrap(), [7, 8][..]);
        assert_eq!(inbound.next_frame().unwrap().unwrap(), [9][..]);
        assert!(inbound.next_frame().unwrap().is_none());
        assert_eq!(inbound.buffer.len(), 2);
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        for size in [0, -1, i32::MIN, 101, i32::MAX] {
            let mut inbound = inbound(&size.to_be_bytes(), 100);
            assert!(inbound.next_frame().is_err(), "{size}");
        }
    }

    #[test]
    fn a_frame_that_is_announced_and_does_not_come_takes_no_more_than_any() {
        let mut inbound = inbound(&(90_i32 << 20).to_be_bytes(), 100 * MIB);
        inbound.make_room();
        assert_eq!(inbound.room_wanted().unwrap(), None);
        assert!(inbound.buffer.capacity() <= 2 * UNCOUNTED_MAX, "{}", inbound.buffer.capacity());
    }

    #[test]
    fn a_large_frame_gets_room_as_it_arrives() {
        let size = 3 * MIB;
        let announced = i32::try_from(size).unwrap().to_be_bytes();
        let mut inbound = inbound(&announced, 100 * MIB);
        let mut steps = Vec::new();
        while inbound.next_frame().unwrap().is_none() {
            if let Some(more) = inbound.room_wanted().unwrap() {
                inbound.give_room(more);
                steps.push((inbound.buffer.len(), inbound.room));
            }
            let whole = SIZE_LENGTH + size;
            let arrived = (inbound.buffer.len() + 10_000).min(inbound.room).min(whole);
            inbound.make_room();
            inbound.buffer.resize(arrived, 1);
            assert!(inbound.buffer.capacity() <= 2 * inbound.room, "{}", inbound.buffer.capacity());
        }
        assert!(steps.iter().all(|(came, room)| *room <= 8 * came), "{steps:?}");
        assert_eq!(steps.last().unwrap().1, SIZE_LENGTH + size);
        assert_eq!(inbound.room, UNCOUNTED_MAX);
    }

    #[test]
    fn what_is_read_ahead_of_a_large_frame_stays_within_the_room_of_any() {
        let mut bytes = (90_i32 << 20).to_be_bytes().to_vec();
        bytes.resize(UNCOUNTED_MAX, 0);
        assert!(inbound(&bytes, 100 * MIB).is_full());
    }
}
