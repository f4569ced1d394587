//! A queue in which a place is taken at once and waited for later.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::unconstrained;

/// Lets one through at a time, in the order in which places were taken.
#[derive(Debug)]
pub(crate) struct Queue(Arc<Semaphore>);

/// A place in a queue. Who drops it gives it up.
pub(crate) enum Place {
    First(OwnedSemaphorePermit),
    Behind(Pin<Box<dyn Future<Output = OwnedSemaphorePermit> + Send>>),
}

impl Queue {
    pub(crate) fn new() -> Queue {
        Queue(Arc::new(Semaphore::new(1)))
    }

    /// The place behind all that were taken before.
    pub(crate) fn place(&self) -> Place {
        let asking = self.0.clone().acquire_owned();
        // A task that has used up its turn takes its place nevertheless.
        let mut waiting = Box::pin(unconstrained(async { asking.await.expect("nobody closes it") }));
        // The first look is what takes the place. Who waits looks again, and is woken then.
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Place::First(permit),
            Poll::Pending => Place::Behind(waiting),
        }
    }
}

impl Place {
    /// Waits until all before it are done; those behind it wait until what this gives is dropped.
    ///
    /// Cancel-safe: the place is given up.
    pub(crate) async fn turn(self) -> OwnedSemaphorePermit {
        match self {
            Place::First(permit) => permit,
            Place::Behind(waiting) => waiting.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn turns_come_in_the_order_of_places_whoever_waits_first_and_whoever_goes() {
        let (queue, (tell, mut told)) = (Queue::new(), mpsc::channel(4));
        let mut places: Vec<_> = (0..4).map(|number| (number, queue.place())).collect();
        drop(places.remove(1));
        for (number, place) in places.into_iter().rev() {
            let tell = tell.clone();
            tokio::spawn(async move {
                let _turn = place.turn().await;
                tell.send(number).await.unwrap();
            });
        }
        for number in [0, 2, 3] {
            assert_eq!(told.recv().await, Some(number));
        }
    }
}
