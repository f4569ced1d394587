//! The segment-writer thread: carries tails to segment files, in runs as large as they have become meanwhile.

use std::{sync::Arc, thread::JoinHandle, time::Duration};

use tracing::error;

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
                while storage.room.writer.park(TURN) {
                    storage.write_tails();
                }
                storage.write_tails();
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
    /// Writes the tails of all partitions that have one.
    pub(super) fn write_tails(&self) {
        let listed = std::mem::take(&mut *lock(&self.unwritten));
        for partition in listed {
            self.write_tail(partition);
        }
    }

    fn write_tail(&self, partition: Arc<Partition>) {
        let writes = {
            let mut state = partition.lock();
            state.unlist();
            state.log.take_writes()
        };
        if let Err(error) = writes.run() {
            // The tail stays in memory and the journal keeps it safe: it is tried again with the next batch or sync.
            error!(topic = %partition.topic.name, partition = partition.index, %error, "cannot write to a segment");
            drop(writes);
            lock(&self.unsynced).push(partition);
            return;
        }
        {
            let mut state = partition.lock();
            let before = state.log.unwritten_bytes();
            state.log.written(writes);
            self.room.tail_changed(before, state.log.unwritten_bytes());
        }
        lock(&self.unsynced).push(partition);
    }
}
