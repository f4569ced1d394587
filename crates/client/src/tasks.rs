//! The tasks of a client: counted, and ended with it.

use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// The set of a client's tasks. When it is dropped they are aborted.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: Mutex<JoinSet<()>>,
}

impl Tasks {
    /// Starts a task. Must be called within a runtime.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended need not be remembered. One that panicked is our mistake, and its panic was printed.
        while running.try_join_next().is_some() {}
        running.spawn(task);
    }

    /// Aborts all and waits until they are gone.
    ///
    /// Cancel-safe: those that are not gone yet are being aborted anyway.
    pub(crate) async fn close(&self) {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        running.shutdown().await;
    }
}
