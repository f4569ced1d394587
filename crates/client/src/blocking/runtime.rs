//! The thread on which the tasks of a blocking client run.

use std::io;
use std::sync::Arc;

use tokio::runtime::Builder;

/// A runtime of one thread. Cheap to clone; it ends with the last clone, without waiting for anything.
#[derive(Clone, Debug)]
pub(super) struct Runtime {
    shared: Arc<Owned>,
}

/// Taken only when it is dropped.
#[derive(Debug)]
struct Owned(Option<tokio::runtime::Runtime>);

impl Runtime {
    pub(super) fn new() -> io::Result<Runtime> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(2)
            .thread_name("ottla-client")
            .enable_all()
            .build()?;
        Ok(Runtime { shared: Arc::new(Owned(Some(runtime))) })
    }

    /// Waits for a future.
    pub(super) fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime().block_on(future)
    }

    /// Calls what starts tasks.
    pub(super) fn enter<T>(&self, call: impl FnOnce() -> T) -> T {
        let _entered = self.runtime().enter();
        call()
    }

    fn runtime(&self) -> &tokio::runtime::Runtime {
        self.shared.0.as_ref().expect("it is taken only when it is dropped")
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
