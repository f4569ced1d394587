//! Connections by the listener that they came in by.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// The listeners are known when the broker starts.
#[derive(Debug)]
pub(crate) struct Connections {
    listeners: Box<[Arc<Listener>]>,
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) name: String,
    opened: AtomicU64,
    closed: AtomicU64,
}

/// A connection that is counted as open until this is dropped.
#[derive(Debug)]
pub(crate) struct Connected(Arc<Listener>);

impl Connections {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Connections {
        let listener = |name: &str| {
            Arc::new(Listener { name: name.to_owned(), opened: AtomicU64::new(0), closed: AtomicU64::new(0) })
        };
        Connections { listeners: names.map(listener).collect() }
    }

    pub(crate) fn open(&self, listener: &str) -> Connected {
        let found = self.listeners.iter().find(|known| known.name == listener);
        let listener = found.expect("connections come in by listeners that the broker was started with");
        listener.opened.fetch_add(1, Relaxed);
        Connected(Arc::clone(listener))
    }

    pub(super) fn listeners(&self) -> &[Arc<Listener>] {
        &self.listeners
    }
}

impl Listener {
    /// All that ever were.
    pub(super) fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    pub(super) fn open_now(&self) -> u64 {
        // In this order, so that a connection which comes and goes meanwhile does not count as minus one.
        let closed = self.closed.load(Relaxed);
        self.opened().saturating_sub(closed)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.closed.fetch_add(1, Relaxed);
    }
}
