//! Who follows a partition, and what changed of the partitions that somebody follows.
//!
//! A follower is told of one change and is then none any more: who has looked follows again. So a follower that went
//! away without a word costs a partition no more than one who is there, and what does not change costs nothing.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// Those who follow one partition. Without any, it costs an atomic read to tell of a change.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    count: AtomicUsize,
    list: Mutex<Vec<Follower>>,
}

#[derive(Debug)]
struct Follower {
    changes: Arc<Changes>,
    /// What it calls the partition.
    at: usize,
}

/// What changed, by the names that the follower gave, until it asks.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    list: Mutex<Vec<usize>>,
    notify: Notify,
}

impl Followers {
    /// Tells all: there is more to read, or something else to be told.
    pub(crate) fn tell(&self) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let told = {
            let mut list = self.lock();
            self.count.store(0, Ordering::Release);
            std::mem::take(&mut *list)
        };
        told.iter().for_each(|follower| follower.changes.add(follower.at));
    }

    /// Tells of the next change. Look after this: what came before is not told.
    pub(super) fn add(&self, changes: &Arc<Changes>, at: usize) {
        let mut list = self.lock();
        list.push(Follower { changes: Arc::clone(changes), at });
        self.count.store(list.len(), Ordering::Release);
    }

    pub(super) fn remove(&self, changes: &Arc<Changes>, at: usize) {
        let mut list = self.lock();
        let is_it = |follower: &Follower| follower.at == at && Arc::ptr_eq(&follower.changes, changes);
        if let Some(index) = list.iter().position(is_it) {
            list.swap_remove(index);
        }
        self.count.store(list.len(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Follower>> {
        self.list.lock().expect("nobody panics with the lock held")
    }
}

impl Changes {
    /// Returns when something changed since the last time. Cancel-safe.
    pub(crate) async fn happened(&self) {
        self.notify.notified().await;
    }

    /// What changed and was not asked for yet.
    pub(super) fn take(&self) -> Vec<usize> {
        std::mem::take(&mut *self.lock())
    }

    fn add(&self, at: usize) {
        self.lock().push(at);
        self.notify.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<usize>> {
        self.list.lock().expect("nobody panics with the lock held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_follower_is_told_once_which_of_its_partitions_changed() {
        let (partitions, changes) = ([Followers::default(), Followers::default()], Arc::default());
        partitions.iter().enumerate().for_each(|(at, followers)| followers.add(&changes, at));
        partitions[1].tell();
        partitions[1].tell();
        changes.happened().await;
        assert_eq!(changes.take(), [1]);
        assert!(changes.take().is_empty());

        partitions[1].add(&changes, 7);
        partitions[1].tell();
        assert_eq!(changes.take(), [7]);
    }

    #[test]
    fn who_has_left_is_not_told() {
        let (followers, stays, leaves) = (Followers::default(), Arc::default(), Arc::default());
        followers.add(&stays, 1);
        followers.add(&leaves, 1);
        followers.remove(&leaves, 1);
        followers.tell();
        assert_eq!((stays.take(), leaves.take()), (vec![1], vec![]));
        assert!(followers.lock().is_empty());
    }
}
