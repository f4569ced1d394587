//! The task that looks after all shards: it sleeps until a position is durable or a timer is due.

use std::sync::Arc;

use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tracing::error;

use super::{Core, Shards, alarm::Next};

/// The running task.
#[derive(Debug)]
pub(crate) struct Driver {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Driver {
    /// Starts the task on the runtime of the caller.
    pub(crate) fn start<C: Core>(shards: &Arc<Shards<C>>) -> Driver {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(drive(Arc::clone(shards), stopping));
        Driver { stop, task }
    }

    /// Lets no timer come up any more.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            error!(%error, "the task that drives a coordinator failed");
        }
    }
}

async fn drive<C: Core>(shards: Arc<Shards<C>>, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow_and_update() {
        let next = shards.next();
        tokio::select! {
            () = shards.means.durable.reached(next.journal()), if next.journal.is_some() => {}
            () = shards.means.durable.reached(next.flush()), if next.flush.is_some() => {}
            () = shards.sleep_until(next), if next.deadline.is_some() => {}
            () = shards.means.alarm.sooner() => {}
            _ = stopping.changed() => {}
        }
        shards.hosted().iter().for_each(|shard| shard.wake());
    }
}

impl<C: Core> Shards<C> {
    fn next(&self) -> Next {
        self.means.alarm.set(self.hosted().iter().map(|shard| shard.next()))
    }

    async fn sleep_until(&self, next: Next) {
        if let Some(deadline) = next.deadline {
            tokio::time::sleep_until(Instant::from_std(self.means.started + deadline)).await;
        }
    }
}
