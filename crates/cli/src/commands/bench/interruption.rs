//! Somebody wants the measurements to end: all of them at once, with what was measured so far.

use std::future::pending;

use tokio::sync::watch;

use crate::signals::{Asked, asked_to_end, end_when_asked_again};

/// Whether, and how, the process was asked to end. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Interruption(watch::Receiver<Option<Asked>>);

impl Interruption {
    /// Listens from now on, as long as the runtime is there. Who asks twice does not wait for a report.
    pub(super) fn listen() -> Interruption {
        let (teller, heard) = watch::channel(None);
        tokio::spawn(async move {
            if let Ok(asked) = asked_to_end().await {
                teller.send_replace(Some(asked));
                end_when_asked_again().await;
            }
        });
        Interruption(heard)
    }

    pub(super) fn asked(&self) -> Option<Asked> {
        *self.0.borrow()
    }

    /// Until somebody asks. Cancel-safe.
    pub(super) async fn wait(mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            // Signals cannot be heard here: they end the process by themselves.
            pending().await
        }
    }
}
