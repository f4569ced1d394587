//! The threads that load shards, away from those that serve connections.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::{Existing, Shards};

#[derive(Debug, Default)]
pub(super) struct Loaders {
    stopping: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Loaders {
    /// Loads shards, as many at a time as there are processors. They serve one after another, as they are loaded.
    pub(super) fn load(&self, shards: &Shards, existing: &Arc<Existing>) -> io::Result<()> {
        let count = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(shards.len());
        let next = Arc::new(AtomicUsize::new(0));
        let mut threads = self.threads.lock().expect("nobody panics with the lock held");
        threads.retain(|thread| !thread.is_finished());
        for _ in 0..count {
            let (shards, existing) = (Arc::clone(shards), Arc::clone(existing));
            let (next, stopping) = (Arc::clone(&next), Arc::clone(&self.stopping));
            let started = thread::Builder::new().name("group-loader".into()).spawn(move || {
                while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
                    shard.load(&existing, &stopping);
                }
            });
            threads.push(started?);
        }
        Ok(())
    }

    /// Ends what is being loaded, and waits for it.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let threads = std::mem::take(&mut *self.threads.lock().expect("nobody panics with the lock held"));
        for thread in threads {
            thread.join().expect("loading groups does not panic");
        }
    }
}
