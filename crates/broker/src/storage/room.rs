//! How much waits in memory for the segment writer, and whether the disk has space left.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// Tails together may take this much before producers are kept waiting.
const UNWRITTEN_MAX: u64 = 48 << 20;
/// Beyond this the segment writer does not wait for its next turn: the least while the bytes are still in the processor's
/// cache, more the more partitions they are of.
const UNWRITTEN_HIGH_MIN: u64 = 2 << 20;
const UNWRITTEN_HIGH_MAX: u64 = 16 << 20;
/// So much of one partition is worth a write.
const WRITE_WORTHWHILE: u64 = 64 << 10;
/// Room is looked for again after this time even if nobody told of it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Bytes in tails, and whether there is space to write them to.
#[derive(Debug, Default)]
pub(crate) struct Room {
    unwritten: AtomicU64,
    /// How many partitions wait for the segment writer.
    listed: AtomicU64,
    space_is_low: AtomicBool,
    /// Appended since the free space was looked at.
    unseen: AtomicU64,
    /// It is looked at again after so much.
    unseen_max: AtomicU64,
    freed: Notify,
    /// The segment writer sleeps and wants to be told of a high level.
    pub(super) writer: parking::Parking,
}

impl Room {
    /// A tail went from `before` bytes to `after`. Every change is told once, under the partition's lock.
    pub(crate) fn tail_changed(&self, before: u64, after: u64) {
        if after >= before {
            self.grew(after - before);
        } else {
            self.unwritten.fetch_sub(before - after, Ordering::Relaxed);
            self.freed.notify_waiters();
        }
    }

    fn grew(&self, bytes: u64) {
        let before = self.unwritten.fetch_add(bytes, Ordering::Relaxed);
        let high = self.high();
        if before < high && before + bytes >= high {
            self.writer.unpark();
        }
    }

    fn high(&self) -> u64 {
        let worthwhile = self.listed.load(Ordering::Relaxed) * WRITE_WORTHWHILE;
        worthwhile.clamp(UNWRITTEN_HIGH_MIN, UNWRITTEN_HIGH_MAX)
    }

    /// Whether the segment writer has no time to wait for more.
    pub(super) fn is_high(&self) -> bool {
        self.unwritten_bytes() >= self.high()
    }

    pub(super) fn set_listed(&self, partitions: usize) {
        self.listed.store(partitions as u64, Ordering::Relaxed);
    }

    pub(crate) fn unwritten_bytes(&self) -> u64 {
        self.unwritten.load(Ordering::Relaxed)
    }

    /// Called for each batch; true when it is time to look at the free space, lest the reserve be used up between two
    /// turns of the thread that looks anyway.
    pub(super) fn appended(&self, bytes: u64) -> bool {
        let before = self.unseen.fetch_add(bytes, Ordering::Relaxed);
        let max = self.unseen_max.load(Ordering::Relaxed);
        before < max && before + bytes >= max
    }

    /// The free space is looked at now, and again when so many bytes have been appended.
    pub(super) fn space_is_seen(&self, bytes_until_next: u64) {
        self.unseen_max.store(bytes_until_next, Ordering::Relaxed);
        self.unseen.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_free(&self) -> bool {
        self.unwritten_bytes() < UNWRITTEN_MAX
    }

    /// Waits a moment for room. Look again after it.
    pub(crate) async fn wait(&self) {
        // That time passed is as good a reason to look as any.
        let _elapsed = timeout(LOOK_AGAIN, self.freed.notified()).await;
    }

    pub(crate) fn space_is_low(&self) -> bool {
        self.space_is_low.load(Ordering::Relaxed)
    }

    pub(super) fn set_space_is_low(&self, low: bool) -> bool {
        self.space_is_low.swap(low, Ordering::Relaxed)
    }
}

pub(super) mod parking {
    //! A thread that sleeps until its next turn, or until it is told to come earlier.

    use std::{
        sync::{Condvar, Mutex, MutexGuard},
        time::Duration,
    };

    #[derive(Debug, Default)]
    pub(crate) struct Parking {
        state: Mutex<State>,
        changed: Condvar,
    }

    #[derive(Debug, Default)]
    struct State {
        wanted: bool,
        stopping: bool,
    }

    impl Parking {
        /// Sleeps for at most `turn`; false once it is time to stop.
        pub(crate) fn park(&self, turn: Duration) -> bool {
            let state = self.lock();
            let (mut state, _timeout) = self
                .changed
                .wait_timeout_while(state, turn, |state| !state.wanted && !state.stopping)
                .expect("nobody panics with the lock held");
            state.wanted = false;
            !state.stopping
        }

        pub(crate) fn unpark(&self) {
            self.lock().wanted = true;
            self.changed.notify_one();
        }

        pub(crate) fn is_stopping(&self) -> bool {
            self.lock().stopping
        }

        pub(crate) fn stop(&self) {
            self.lock().stopping = true;
            self.changed.notify_one();
        }

        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().expect("nobody panics with the lock held")
        }
    }
}
