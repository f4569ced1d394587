//! Frames out of a stream: a size of four bytes, then so many bytes.

use std::io;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

/// What is read at least at once, and what a frame gets before its bytes are there.
const CHUNK: usize = 64 * 1024;

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    #[error("the broker closed the connection")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("a response of {0} bytes")]
    TooLarge(i64),
    #[error("it sent a part of an answer, and no more for {0:?}")]
    Stalled(Duration),
}

/// Cuts what a broker sends into frames. It never takes more memory than twice what has come, whatever size is announced.
pub(super) struct Frames<R> {
    reader: R,
    buffer: BytesMut,
    size_max: usize,
    /// How long nothing may come in the middle of a frame. A broker may take its time before it answers, but not while.
    patience: Duration,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(reader: R, size_max: usize, patience: Duration) -> Frames<R> {
        Frames { reader, buffer: BytesMut::new(), size_max, patience }
    }

    /// The next frame without its size.
    ///
    /// Cancel-safe: what has come of it is kept.
    pub(super) async fn next(&mut self) -> Result<Bytes, FrameError> {
        loop {
            if let Some(frame) = self.take()? {
                return Ok(frame);
            }
            if self.read().await? == 0 {
                return Err(FrameError::Closed);
            }
        }
    }

    async fn read(&mut self) -> Result<usize, FrameError> {
        let is_begun = !self.buffer.is_empty();
        let reading = self.reader.read_buf(&mut self.buffer);
        if !is_begun {
            return Ok(reading.await?);
        }
        let read = timeout(self.patience, reading).await;
        Ok(read.map_err(|_elapsed| FrameError::Stalled(self.patience))??)
    }

    /// A frame that is there as a whole; else makes room for more of it.
    fn take(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(size) = self.buffer.first_chunk::<4>().copied().map(i32::from_be_bytes) else {
            self.buffer.reserve(CHUNK);
            return Ok(None);
        };
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= self.size_max)
            .ok_or(FrameError::TooLarge(size.into()))?;
        if self.buffer.len() < 4 + size {
            let missing = 4 + size - self.buffer.len();
            self.buffer.reserve(missing.min(self.buffer.len().max(CHUNK)));
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(self.buffer.split_to(size).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn frames(bytes: &[u8]) -> (Vec<Bytes>, FrameError) {
        let mut frames = Frames::new(bytes, 10, Duration::MAX);
        let mut found = Vec::new();
        loop {
            match frames.next().await {
                Ok(frame) => found.push(frame),
                Err(error) => return (found, error),
            }
        }
    }

    #[tokio::test]
    async fn frames_are_cut_where_their_sizes_say() {
        let (found, end) = frames(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9]).await;
        assert_eq!(found, [&[7, 8][..], &[], &[9]]);
        assert!(matches!(end, FrameError::Closed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_may_begin_late_but_then_goes_on() {
        let (mut broker, reader) = tokio::io::duplex(64);
        let patience = Duration::from_secs(3);
        let mut frames = Frames::new(reader, 10, patience);
        let sending = async {
            tokio::time::sleep(patience * 10).await;
            for part in [&[0, 0][..], &[0, 2, 7], &[8], &[0, 0, 0, 2, 7]] {
                broker.write_all(part).await.unwrap();
                tokio::time::sleep(patience / 2).await;
            }
        };
        let reading = async { (frames.next().await, frames.next().await) };
        let ((whole, part), ()) = tokio::join!(reading, sending);
        assert_eq!(whole.unwrap(), &[7, 8][..]);
        assert!(matches!(part, Err(FrameError::Stalled(told)) if told == patience));
    }

    #[tokio::test]
    async fn a_size_below_zero_or_too_large_is_an_error_and_costs_no_memory() {
        for (bytes, size) in [([0, 0, 0, 11], 11), ([0x7f, 0xff, 0xff, 0xff], 0x7fff_ffff), ([0xff; 4], -1)] {
            let (found, end) = frames(&bytes).await;
            assert!(found.is_empty());
            assert!(matches!(end, FrameError::TooLarge(told) if told == size), "{end}");
        }
    }
}
