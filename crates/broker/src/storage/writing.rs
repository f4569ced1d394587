//! The segment-writer thread: carries tails to segment files, in runs as large as they have become meanwhile.

use std::{
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use tracing::{error, info};

use super::{Storage, lock};
use crate::partition::Partition;

/// Small batches of many partitions become few writes if they are given this time. They are durable in the journal.
const TURN: Duration = Duration::from_millis(200);

pub(crate) struct Writing {
    storage: Arc<Storage>,
    thread: JoinHandle<()>,
}

impl Writing {
    pub(crate) fn start(storage: &Arc<Storage>) -> std::io::Result<Writing> {
        let storage = Arc::clone(storage);
        let thread = std::thread::Builder::new().name("segment-writer".into()).spawn({
            let storage = Arc::clone(&storage);
            move || {
                // What could not be written was reported, and stays listed.
                let mut pause = TURN;
                while storage.room.writer.park(pause) {
                    let failed = storage.write_tails().is_err();
                    let is_late = !failed && storage.room.is_high();
                    pause = if is_late { Duration::ZERO } else { TURN };
                }
                let _failed = storage.write_tails();
            }
        })?;
        Ok(Writing { storage, thread })
    }

    /// Writes what there is and ends.
    pub(crate) fn stop(self) {
        self.storage.room.writer.stop();
        self.thread.join().expect("the segment writer does not panic");
    }
}

impl Storage {
    /// Writes the tails of all partitions that have one; when it returns, none that was listed before is still on its
    /// way. Those that cannot be written stay listed, and are tried again with the next turn.
    pub(super) fn write_tails(&self) -> ottla_log::Result<()> {
        let _one_at_a_time = self.writing.lock().expect("nobody panics with the lock held");
        let listed = self.take_unwritten();
        if listed.is_empty() {
            return Ok(());
        }
        let outcomes = listed.into_iter().map(|partition| self.write_tail(partition));
        let written = outcomes.fold(Ok(()), Result::and);
        self.report_failing(written.as_ref().err());
        written
    }

    fn write_tail(&self, partition: Arc<Partition>) -> ottla_log::Result<()> {
        let writes = {
            let mut state = partition.lock();
            state.unlist();
            state.log.take_writes()
        };
        if let Err(error) = writes.run() {
            drop(writes);
            return self.not_written(partition, error);
        }
        {
            let mut state = partition.lock();
            let before = state.log.unwritten_bytes();
            state.log.written(writes);
            self.room.tail_changed(before, state.log.unwritten_bytes());
        }
        lock(&self.unsynced).push(partition);
        Ok(())
    }

    /// The tail stays in memory, and the journal keeps it safe, until there is space to write it to.
    fn not_written(&self, partition: Arc<Partition>, error: ottla_log::Error) -> ottla_log::Result<()> {
        let mut state = partition.lock();
        if state.is_deleted() {
            self.room.tail_changed(state.log.unwritten_bytes(), 0);
            return Ok(());
        }
        let is_new = state.list();
        drop(state);
        if is_new {
            self.list_unwritten(partition);
        }
        Err(error)
    }

    /// Says once that segments cannot be written, and once that they can again.
    fn report_failing(&self, error: Option<&ottla_log::Error>) {
        let did_fail = self.writes_fail.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !did_fail => error!(%error, "segments cannot be written; it is tried again"),
            None if did_fail => info!("segments can be written again"),
            _ => {}
        }
    }
}
