//! What carries records to the disk and looks after them there, beside those who serve requests.

use std::{io, sync::Arc, thread::JoinHandle};

use ottla_log::journal::{Event, JournalThreads, Rounds};
use tracing::warn;

use crate::{
    Broker,
    durable::Durable,
    foundation::Foundation,
    storage::{Cleaning, Flushing, Placed, Retention, Syncing, Writing},
};

pub(super) struct Threads {
    journal: JournalThreads<Placed>,
    writing: Writing,
    flushing: Flushing,
    syncing: Syncing,
    retention: Retention,
    cleaning: Cleaning,
}

impl Threads {
    /// Those that others need come first.
    pub(super) fn start<F>(
        on: &Foundation,
        rounds: Rounds<Placed, F>,
        durable: &Arc<Durable>,
    ) -> io::Result<Threads>
    where
        F: FnMut(Event<'_, Placed>) + Send + 'static,
    {
        let unprepared = |error| warn!(%error, "cannot prepare a journal file");
        Ok(Threads {
            journal: JournalThreads::start(rounds, unprepared)?,
            writing: Writing::start(&on.storage)?,
            flushing: Flushing::start(&on.storage, durable)?,
            syncing: Syncing::start(&on.storage, &on.topics, &on.config().logs)?,
            retention: Retention::start(&on.topics, &on.configs, &on.deletions)?,
            cleaning: Cleaning::start(&on.storage, &on.topics, &on.configs, &on.deletions)?,
        })
    }

    /// Ends them after what they have to do. The controller's thread ends with the last handle to its queue, which the
    /// broker has; an error is its panic.
    pub(super) fn stop(self, broker: Arc<Broker>, controller: JoinHandle<()>) -> std::thread::Result<()> {
        self.retention.stop();
        self.cleaning.stop();
        drop(broker);
        controller.join()?;
        self.journal.stop();
        self.writing.stop();
        self.syncing.stop();
        self.flushing.stop();
        Ok(())
    }
}
