//! The segment-flush thread: makes batches durable in their segments before they are acknowledged, for topics that do
//! without the journal and ask for that (`flush.messages`, `flush.ms`).
//!
//! ```text
//! asked for ──► queued for the next round ──► flushed with all others of the round ──► published
//! ```
//! What is asked for while a round is under way shares the next one.

use std::{
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use super::{Storage, fail, lock, parallel, room::parking::Parking};
use crate::{
    durable::{Durable, FlushRound},
    partition::{FlushTime, Partition, State},
};

/// It is told when there is something to do.
const TURN: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
pub(super) struct Flushes {
    /// The round that has not begun.
    next: Mutex<Round>,
    /// Partitions with something that waits for `flush.ms`, each once.
    timely: Mutex<Vec<Arc<Partition>>>,
    thread: Parking,
}

#[derive(Debug)]
struct Round {
    number: FlushRound,
    partitions: Vec<Arc<Partition>>,
}

impl Default for Round {
    fn default() -> Round {
        Round { number: FlushRound::ZERO.next(), partitions: Vec::new() }
    }
}

pub(crate) struct Flushing {
    storage: Arc<Storage>,
    thread: JoinHandle<()>,
}

impl Flushing {
    pub(crate) fn start(storage: &Arc<Storage>, durable: &Arc<Durable>) -> std::io::Result<Flushing> {
        let (storage, durable) = (Arc::clone(storage), Arc::clone(durable));
        let thread = std::thread::Builder::new().name("segment-flush".into()).spawn({
            let storage = Arc::clone(&storage);
            move || {
                while storage.flushes.thread.park(TURN) {
                    storage.flush_asked(&durable);
                }
                storage.flush_asked(&durable);
            }
        })?;
        Ok(Flushing { storage, thread })
    }

    /// Flushes what was asked for and ends.
    pub(crate) fn stop(self) {
        self.storage.flushes.thread.stop();
        self.thread.join().expect("the segment flush does not panic");
    }
}

impl Flushes {
    fn queue(&self, partition: &Arc<Partition>) -> FlushRound {
        let (round, is_first) = {
            let mut next = lock(&self.next);
            next.partitions.push(Arc::clone(partition));
            (next.number, next.partitions.len() == 1)
        };
        if is_first {
            self.thread.unpark();
        }
        round
    }

    fn begin(&self) -> Round {
        let mut next = lock(&self.next);
        let following = Round { number: next.number.next(), partitions: Vec::new() };
        std::mem::replace(&mut next, following)
    }
}

impl Storage {
    /// Has what is written flushed in the background. It is durable with the round that is given back.
    pub(crate) fn ask_for_flush(&self, partition: &Arc<Partition>, state: &mut State) -> FlushRound {
        state.ask_for_flush(|| self.flushes.queue(partition))
    }

    /// Notes a partition that has begun to wait for `flush.ms`.
    pub(crate) fn list_timely(&self, partition: &Arc<Partition>) {
        lock(&self.flushes.timely).push(Arc::clone(partition));
    }

    /// Asks for those that have waited long enough.
    pub(crate) fn ask_for_timely_flushes(&self) {
        let listed = std::mem::take(&mut *lock(&self.flushes.timely));
        let waiting = listed.into_iter().filter(|partition| {
            let mut state = partition.lock();
            let waits = state.look_at_flush_time();
            if waits == FlushTime::Come {
                self.ask_for_flush(partition, &mut state);
            }
            waits == FlushTime::Waits
        });
        let waiting: Vec<Arc<Partition>> = waiting.collect();
        lock(&self.flushes.timely).extend(waiting);
    }

    /// One round: flushes all that was asked for.
    pub(crate) fn flush_asked(&self, durable: &Durable) {
        let round = self.flushes.begin();
        let flushed = parallel::try_for_each(&round.partitions, |partition| self.flush_partition(partition));
        if let Err(error) = flushed {
            fail("cannot make a segment durable", &error);
        }
        durable.publish_flush(round.number);
    }

    fn flush_partition(&self, partition: &Partition) -> ottla_log::Result<()> {
        let _alone = partition.begin_sync();
        let (flush, has_durable_name) = {
            let mut state = partition.lock();
            let Some(flush) = state.begin_flush()? else { return Ok(()) };
            (flush, state.has_durable_name())
        };
        let done = flush.run().and_then(|()| if has_durable_name { Ok(()) } else { self.sync_names() });
        match done {
            Ok(()) => partition.flushed(flush),
            // Its folder has another name by now.
            Err(_) if partition.lock().is_deleted() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
