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

/// What the next task of a set gives. Waits for ever if there is none, and if the runtime is being shut down: that ends the tasks of
/// the set, and soon whoever waits for them. A panic goes on.
///
/// Cancel-safe.
pub(crate) async fn next_done<T: 'static>(tasks: &mut JoinSet<T>) -> T {
    match tasks.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Some(Err(_)) | None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_was_ended_from_outside_is_waited_for_in_vain() {
        let mut tasks = JoinSet::new();
        tasks.spawn(std::future::pending::<u8>()).abort();
        let waiting = timeout(Duration::from_secs(1), next_done(&mut tasks));
        assert!(waiting.await.is_err());
        tasks.spawn(async { 7 });
        assert_eq!(next_done(&mut tasks).await, 7);
    }
}
