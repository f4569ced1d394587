//! The task that looks after all shards: it sleeps until a position is durable or a timer is due.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tracing::error;

use super::{Groups, alarm::Next};

/// The running task.
#[derive(Debug)]
pub(crate) struct Driver {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Driver {
    /// Starts the task on the runtime of the caller.
    pub(crate) fn start(groups: &Arc<Groups>) -> Driver {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(drive(Arc::clone(groups), stopping));
        Driver { stop, task }
    }

    /// Lets no timer come up any more.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            error!(%error, "the task that drives groups failed");
        }
    }
}

async fn drive(groups: Arc<Groups>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow_and_update() {
        let next = groups.next();
        tokio::select! {
            () = groups.means.durable.reached(next.journal()), if next.journal.is_some() => {}
            () = groups.means.durable.reached(next.flush()), if next.flush.is_some() => {}
            () = groups.sleep_until(next), if next.deadline.is_some() => {}
            () = groups.means.alarm.sooner() => {}
            _ = stopping.changed() => {}
        }
        groups.shards().iter().for_each(|shard| shard.wake());
    }
}

impl Groups {
    fn next(&self) -> Next {
        self.means.alarm.set(self.shards().iter().map(|shard| shard.next()))
    }

    async fn sleep_until(&self, next: Next) {
        if let Some(deadline) = next.deadline {
            tokio::time::sleep_until(Instant::from_std(self.means.started + deadline)).await;
        }
    }
}
