//! The memory that requests may take while they are read and served, over all connections.

use std::sync::Arc;

use ottla_config::NetworkConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Frames up to this size are not counted: they fit the buffer that a connection may have anyway.
pub(crate) const UNCOUNTED_MAX: usize = 64 * 1024;
const UNIT: usize = 1024;
/// Where the configuration does not say.
const BYTES_MAX: u64 = 128 << 20;

/// Hands out memory for large frames. Whoever finds none left stops reading its socket until some is given back.
#[derive(Debug)]
pub(crate) struct Admission {
    units: Arc<Semaphore>,
    units_max: u32,
}

/// Memory in use by a frame; given back when dropped.
#[derive(Debug)]
pub(crate) struct Admitted(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

impl Admission {
    pub(crate) fn configured(network: &NetworkConfig) -> Admission {
        let bytes_max = network.queued_request_bytes_max.unwrap_or(BYTES_MAX);
        Admission::new(usize::try_from(bytes_max).unwrap_or(usize::MAX))
    }

    pub(crate) fn new(bytes_max: usize) -> Admission {
        let units_max = u32::try_from(bytes_max / UNIT).unwrap_or(u32::MAX).max(1);
        let permits =
            usize::try_from(units_max).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Admission { units: Arc::new(Semaphore::new(permits)), units_max }
    }

    /// Waits until there is memory for a frame of this size. A frame larger than all of it is admitted alone.
    ///
    /// Cancel-safe: a dropped wait takes nothing.
    pub(crate) async fn admit(&self, frame: usize) -> Admitted {
        if frame <= UNCOUNTED_MAX {
            return Admitted(None);
        }
        let units = u32::try_from(frame.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units_max);
        let permit = Arc::clone(&self.units).acquire_many_owned(units).await;
        Admitted(Some(permit.expect("the semaphore is never closed")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_waits_until_memory_is_given_back() {
        let admission = Admission::new(1 << 20);
        let first = admission.admit(900 << 10).await;
        let second = admission.admit(200 << 10);
        tokio::pin!(second);
        assert!(futures_poll_once(second.as_mut()).await.is_none());
        drop(first);
        second.await;
    }

    #[tokio::test]
    async fn small_frames_are_never_kept_waiting() {
        let admission = Admission::new(1 << 20);
        let _all = admission.admit(1 << 30).await;
        admission.admit(UNCOUNTED_MAX).await;
    }

    async fn futures_poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        std::future::poll_fn(|cx| match std::pin::Pin::new(&mut future).poll(cx) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
