//! The same for many partitions, on several threads.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

/// A file system that is asked for several syncs at once joins them in one commit of its own journal: thousands of files
/// are synced dozens of times sooner than one after the other.
const THREADS: usize = 4;
/// One after the other they take a second or so, and leave the device to those who wait for the journal.
const FEW: usize = 64;

/// Calls `act` for each item, on threads of its own unless the items are few, and gives an error if one failed. After an
/// error no further item is begun.
pub(super) fn try_for_each<T: Sync, E: Send>(
    items: &[T],
    act: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    if items.len() < FEW {
        return items.iter().try_for_each(act);
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = act(item) {
                next.store(items.len(), Ordering::Relaxed);
                *failed.lock().expect("nobody panics with the lock held") = Some(error);
            }
        }
    };
    std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    failed.into_inner().expect("nobody panics with the lock held").map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    fn check(count: u64) {
        let items: Vec<u64> = (1..=count).collect();
        let sum = AtomicU64::new(0);
        let added = try_for_each(&items, |item| {
            sum.fetch_add(*item, Ordering::Relaxed);
            Ok::<(), ()>(())
        });
        assert_eq!((added, sum.into_inner()), (Ok(()), count * (count + 1) / 2), "of {count}");
    }

    #[test]
    fn each_item_is_seen_once() {
        [0, 1, FEW as u64 - 1, FEW as u64, 1000].into_iter().for_each(check);
    }

    #[test]
    fn an_error_is_told() {
        let items: Vec<u32> = (0..1000).collect();
        let act = |item: &u32| if *item == 700 { Err(*item) } else { Ok(()) };
        assert_eq!(try_for_each(&items, act), Err(700));
        assert_eq!(try_for_each(&items[..701], act), Err(700));
    }
}
