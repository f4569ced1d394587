//! The threads that load shards, away from those that serve connections.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

#[derive(Debug, Default)]
pub(super) struct Loaders {
    stopping: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Loaders {
    /// Loads shards, as many at a time as there are processors. They serve one after another, as they are loaded. `load`
    /// loads the shard of an index, and tells whether there is one.
    pub(super) fn load(
        &self,
        shards: usize,
        load: impl Fn(usize, &AtomicBool) -> bool + Clone + Send + 'static,
    ) -> io::Result<()> {
        let count = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(shards);
        let next = Arc::new(AtomicUsize::new(0));
        let mut threads = self.threads.lock().expect("nobody panics with the lock held");
        threads.retain(|thread| !thread.is_finished());
        for _ in 0..count {
            let (next, stopping, load) = (Arc::clone(&next), Arc::clone(&self.stopping), load.clone());
            let started = thread::Builder::new()
                .name("shard-loader".into())
                .spawn(move || while load(next.fetch_add(1, Ordering::Relaxed), &stopping) {});
            threads.push(started?);
        }
        Ok(())
    }

    /// Ends what is being loaded, and waits for it.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let threads = std::mem::take(&mut *self.threads.lock().expect("nobody panics with the lock held"));
        for thread in threads {
            thread.join().expect("loading does not panic");
        }
    }
}
