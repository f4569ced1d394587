//! Waiting for a partition to have more to read.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// Those who wait at one partition. Empty, it costs an atomic read to wake them.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    count: AtomicUsize,
    list: Mutex<Vec<Arc<Notify>>>,
}

impl Waiters {
    /// Wakes all: there is more to read, or an error to be told.
    pub(crate) fn wake(&self) {
        if self.count.load(Ordering::Acquire) > 0 {
            self.lock().iter().for_each(|waiter| waiter.notify_one());
        }
    }

    fn add(&self, waiter: &Arc<Notify>) {
        let mut list = self.lock();
        list.push(Arc::clone(waiter));
        self.count.store(list.len(), Ordering::Release);
    }

    fn remove(&self, waiter: &Arc<Notify>) {
        let mut list = self.lock();
        if let Some(index) = list.iter().position(|other| Arc::ptr_eq(other, waiter)) {
            list.swap_remove(index);
        }
        self.count.store(list.len(), Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Notify>>> {
        self.list.lock().expect("nobody panics with the lock held")
    }
}

/// Something that can be waited at.
pub(crate) trait Waitable {
    fn waiters(&self) -> &Waiters;
}

/// A fetch that waits at several partitions; it leaves them all when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<W: Waitable> {
    notify: Arc<Notify>,
    at: Vec<Arc<W>>,
}

impl<W: Waitable> Waiting<W> {
    /// Waits at these from now on. Look again after this, before [`Waiting::woken`]: what came before is not told.
    pub(crate) fn at(places: Vec<Arc<W>>) -> Waiting<W> {
        let notify = Arc::new(Notify::new());
        places.iter().for_each(|place| place.waiters().add(&notify));
        Waiting { notify, at: places }
    }

    /// Returns when one of them was woken since the last time. Cancel-safe.
    pub(crate) async fn woken(&self) {
        self.notify.notified().await;
    }
}

impl<W: Waitable> Drop for Waiting<W> {
    fn drop(&mut self) {
        self.at.iter().for_each(|place| place.waiters().remove(&self.notify));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Place(Waiters);

    impl Waitable for Place {
        fn waiters(&self) -> &Waiters {
            &self.0
        }
    }

    #[tokio::test]
    async fn a_waiter_is_woken_by_any_of_its_places_and_leaves_them_all() {
        let places = [Arc::new(Place::default()), Arc::new(Place::default())];
        let waiting = Waiting::at(places.to_vec());
        places[1].0.wake();
        waiting.woken().await;
        drop(waiting);
        assert!(places.iter().all(|place| place.0.lock().is_empty()));
    }
}
