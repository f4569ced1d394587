//! How many there are of something right now.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[derive(Debug, Default)]
pub(crate) struct Level(AtomicUsize);

/// Counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted<'a>(&'a Level);

impl Level {
    pub(crate) fn count(&self) -> Counted<'_> {
        self.0.fetch_add(1, Relaxed);
        Counted(self)
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}
