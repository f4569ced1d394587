//! The segment-sync thread: makes segments durable, moves the recovery points, and frees the journal behind them.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use ottla_config::LogsConfig;
use tracing::{error, info, warn};

use super::{Storage, fail, lock, parallel, room::parking::Parking};
use crate::{
    clock,
    partition::{Partition, State, producer_entries},
    topics::Topics,
};

/// How often it looks whether there is something to do.
const TURN: Duration = Duration::from_millis(250);
const TURN_MIN: Duration = Duration::from_millis(5);
/// As Kafka has it.
const NEVER: u64 = i64::MAX.unsigned_abs();
/// A small disk keeps this part of itself free instead of the configured reserve.
const RESERVE_PART: u64 = 20;
/// A batch goes to the journal and to its segment, and others take space too.
const LOOKS_PER_RESERVE: u64 = 8;

pub(crate) struct Syncing {
    parking: Arc<Parking>,
    thread: JoinHandle<()>,
}

struct Syncer {
    storage: Arc<Storage>,
    topics: Arc<Topics>,
    intervals: Intervals,
    last: Instant,
    /// For logs that `flush.ms` has waited for.
    looked: Instant,
}

/// How often things are done.
#[derive(Clone, Copy, Debug)]
struct Intervals {
    sync: Duration,
    /// Longer than the turn only if it was asked for.
    flush_look: Duration,
}

impl Syncing {
    pub(crate) fn start(
        storage: &Arc<Storage>,
        topics: &Arc<Topics>,
        config: &LogsConfig,
    ) -> std::io::Result<Syncing> {
        storage.watch_space();
        let parking = Arc::new(Parking::default());
        let (storage, topics) = (Arc::clone(storage), Arc::clone(topics));
        let (intervals, now) = (Intervals::new(config), clock::now());
        let turn = intervals.turn();
        let mut syncer = Syncer { storage, topics, intervals, last: now, looked: now };
        let thread = std::thread::Builder::new().name("segment-sync".into()).spawn({
            let parking = Arc::clone(&parking);
            move || {
                while parking.park(turn) {
                    syncer.turn();
                }
            }
        })?;
        Ok(Syncing { parking, thread })
    }

    pub(crate) fn stop(self) {
        self.parking.stop();
        self.thread.join().expect("the segment sync does not panic");
    }
}

impl Intervals {
    fn new(config: &LogsConfig) -> Intervals {
        // Kafka's default is never, with which flush.ms of a topic would have no effect.
        let asked = u64::try_from(config.flush_scheduler_interval_ms).ok().filter(|ms| *ms < NEVER);
        Intervals {
            sync: Duration::from_millis(config.recovery_point_interval_ms.into()),
            flush_look: asked.map_or(TURN, Duration::from_millis).max(TURN_MIN),
        }
    }

    fn turn(self) -> Duration {
        self.flush_look.min(TURN)
    }
}

impl Syncer {
    fn turn(&mut self) {
        self.storage.watch_space();
        if self.looked.elapsed() >= self.intervals.flush_look {
            self.storage.ask_for_timely_flushes();
            self.looked = clock::now();
        }
        let usage = self.storage.journal.usage();
        let journal_fills = usage.needed > usage.limit / 4;
        let is_due = self.last.elapsed() >= self.intervals.sync && !lock(&self.storage.unsynced).is_empty();
        if journal_fills || is_due {
            self.storage.sync_segments(&self.topics);
            self.last = clock::now();
        }
    }
}

impl Storage {
    /// Syncs every partition that was written to, then lets go of the journal up to where it was durable before.
    pub(crate) fn sync_segments(&self, topics: &Topics) {
        let _one_at_a_time = lock(&self.syncing);
        // Whose entries are durable by now has a tail that is listed, or on its way, or written.
        let up_to = self.journal.durable();
        match self.write_tails() {
            Ok(()) => {}
            Err(error) if error.is_storage_full() => return,
            Err(error) => fail("cannot write to a segment", &error),
        }
        let mut unsynced = std::mem::take(&mut *lock(&self.unsynced));
        unsynced.sort_unstable_by_key(|partition| (partition.topic.id, partition.index));
        unsynced.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let synced = parallel::try_for_each(&unsynced, |partition| self.sync_partition(partition))
            .and_then(|()| self.write_checkpoints(topics));
        if let Err(error) = synced {
            // The journal stays as it is: it is let go of only up to recovery points that are on the disk.
            error!(%error, "cannot move the recovery points");
            lock(&self.unsynced).extend(unsynced);
            return;
        }
        unsynced.iter().for_each(|partition| partition.lock().recovery_point_was_stored());
        if let Err(error) = self.release(up_to) {
            fail("cannot release journal files", &error);
        }
    }

    /// What only the page cache has must not be lost from under what the journal is about to have.
    pub(crate) fn sync_below_journal(&self, state: &mut State) {
        if state.is_deleted() {
            return;
        }
        let before = state.log.unwritten_bytes();
        let synced = state.log.sync().and_then(|_| self.sync_names());
        if let Err(error) = synced {
            fail("cannot make a segment durable", &error);
        }
        self.room.tail_changed(before, state.log.unwritten_bytes());
    }

    /// The names of all folders.
    pub(super) fn sync_names(&self) -> ottla_log::Result<()> {
        let synced = self.files.disk().sync_dir(&self.dir);
        synced.map_err(|source| ottla_log::Error::Io { action: "sync", path: self.dir.clone(), source })
    }

    /// An error means that the disk is full; it will be tried again.
    fn sync_partition(&self, partition: &Partition) -> ottla_log::Result<()> {
        let _alone = partition.begin_sync();
        let work = {
            let mut state = partition.lock();
            if state.is_deleted() {
                return Ok(());
            }
            state.keep_producers();
            state.log.take_sync()
        };
        if let Err(error) = work.run() {
            let mut state = partition.lock();
            if state.is_deleted() {
                return Ok(());
            }
            if error.is_storage_full() {
                state.log.not_synced(work);
                return Err(error);
            }
            fail("cannot make a segment durable", &error);
        }
        let mut state = partition.lock();
        let before = state.log.unwritten_bytes();
        state.log.synced(work);
        self.room.tail_changed(before, state.log.unwritten_bytes());
        Ok(())
    }

    /// Below the reserve produce is refused, so that deletion, compaction and the metadata log can go on.
    pub(super) fn watch_space(&self) {
        let Ok(space) = self.files.disk().free_space(&self.dir) else { return };
        let reserve = self.reserve_bytes.min(space.total / RESERVE_PART);
        self.room.space_is_seen(reserve / LOOKS_PER_RESERVE);
        let low = space.free.saturating_sub(self.room.unwritten_bytes()) < reserve;
        let was_low = self.room.set_space_is_low(low);
        if low && !was_low {
            warn!(free = space.free, dir = %self.dir.display(), "the disk is nearly full: produce is refused until space is freed");
        } else if was_low && !low {
            info!(free = space.free, dir = %self.dir.display(), "the disk has space again: produce is accepted");
        }
    }
}

impl State {
    /// Keeps the producers' state beside the recovery point, so that a start after a kill replays only what follows.
    fn keep_producers(&mut self) {
        let end = self.log.end_offset();
        if self.log.snapshot_offsets().last() != Some(&end) {
            self.log.write_producer_snapshot(end, &producer_entries(&self.replica));
        }
    }
}
