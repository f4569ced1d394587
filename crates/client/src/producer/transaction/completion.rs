//! What becomes of something that several may wait for.

use std::sync::Arc;

use tokio::sync::SetOnce;

use crate::Result;

/// Set once; clones share it.
#[derive(Clone, Debug, Default)]
pub(in crate::producer) struct Completion {
    result: Arc<SetOnce<Result<()>>>,
}

impl Completion {
    /// It ended so. What it ended in first stays.
    pub(super) fn set(&self, result: Result<()>) {
        // Whoever is second has nothing to add.
        let _set_before = self.result.set(result);
    }

    /// Waits for it. Cancel-safe.
    pub(in crate::producer) async fn wait(&self) -> Result<()> {
        self.result.wait().await.clone()
    }

    #[cfg(test)]
    pub(in crate::producer) fn now(&self) -> Option<Result<()>> {
        self.result.get().cloned()
    }
}
