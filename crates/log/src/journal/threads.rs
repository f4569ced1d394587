//! Two threads per data directory: one that does the rounds, one that writes files ahead of their use.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::journal::Journal;
use super::rounds::{Event, Rounds, Step};
use crate::disk::raise_thread_priority;
use crate::error::Error;

/// Ends the threads when dropped, after all that was appended is written and synced.
#[derive(Debug)]
pub struct JournalThreads<T: Send + 'static> {
    journal: Arc<Journal<T>>,
    rounds: Option<JoinHandle<()>>,
    preparer: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
}

impl<T: Send + 'static> JournalThreads<T> {
    /// Starts the threads. `warn` hears of files that could not be prepared: a matter of speed alone.
    pub fn start<F>(
        rounds: Rounds<T, F>,
        warn: impl FnMut(Error) + Send + 'static,
    ) -> io::Result<JournalThreads<T>>
    where
        F: FnMut(Event<'_, T>) + Send + 'static,
    {
        let stopping = Arc::new(AtomicBool::new(false));
        let mut threads = JournalThreads {
            journal: Arc::clone(rounds.journal()),
            rounds: None,
            preparer: None,
            stopping: Arc::clone(&stopping),
        };
        let prepared = Arc::clone(rounds.journal());
        let preparer = named("journal-files").spawn(move || prepare_files(&prepared, &stopping, warn))?;
        threads.journal.files.set_preparer(preparer.thread().clone());
        threads.preparer = Some(preparer);
        threads.rounds = Some(named("journal").spawn(move || do_rounds(rounds))?);
        Ok(threads)
    }

    /// Ends the threads, after all that was appended is written and synced, unless the journal failed or the device is full.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.journal.queue.stop();
        join(self.rounds.take());
        self.stopping.store(true, Ordering::Release);
        if let Some(preparer) = &self.preparer {
            preparer.thread().unpark();
        }
        join(self.preparer.take());
    }
}

impl<T: Send + 'static> Drop for JournalThreads<T> {
    fn drop(&mut self) {
        self.end();
    }
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned())
}

/// A panic in an observer is one in the process.
fn join(thread: Option<JoinHandle<()>>) {
    if let Some(Err(panic)) = thread.map(JoinHandle::join)
        && !thread::panicking()
    {
        std::panic::resume_unwind(panic);
    }
}

fn do_rounds<T, F: FnMut(Event<'_, T>)>(mut rounds: Rounds<T, F>) {
    rounds.tell(Event::Started(&raise_thread_priority()));
    loop {
        match rounds.run() {
            Step::Worked => {}
            Step::Idle if rounds.wait() => {}
            Step::Full if rounds.pause() => {}
            Step::Idle | Step::Full | Step::Failed => return,
        }
    }
}

fn prepare_files<T>(journal: &Journal<T>, stopping: &AtomicBool, mut warn: impl FnMut(Error)) {
    while !stopping.load(Ordering::Acquire) {
        match journal.prepare() {
            Ok(true) => {}
            Ok(false) => thread::park(),
            Err(error) => warn(error),
        }
    }
}
