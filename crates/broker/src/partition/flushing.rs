//! When a partition's segments are flushed for its readers and producers: `flush.messages` and `flush.ms`, for topics
//! with durability `os`.
//!
//! As with Apache Kafka, whoever's batch makes a flush due is answered after it, and readers see that batch after it:
//!
//! ```text
//! flushed end ≤ asked ≤ written end
//!       └────────┴ on its way: the high watermark waits
//! ```

use std::time::Instant;

use ottla_log::Flush;
use ottla_records::Offset;

use super::{Partition, State};
use crate::{clock, durable::FlushRound, topics::Durability};

/// What `flush.ms` says of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlushTime {
    /// There is nothing to flush, or nobody asks for it.
    None,
    Waits,
    Come,
}

/// What was asked for, and when.
#[derive(Debug)]
pub(super) struct Flushing {
    /// A flush up to here was asked for.
    asked: Offset,
    /// The round that it waits for, until that begins.
    queued: Option<FlushRound>,
    /// The last round that was asked for.
    last: FlushRound,
    flushed_at: Instant,
    /// It is listed among those that wait for `flush.ms`.
    is_timely: bool,
    /// The folder's own name is durable.
    pub(super) has_durable_name: bool,
}

impl Flushing {
    pub(super) fn new(recovery_point: Offset) -> Flushing {
        Flushing {
            asked: 0,
            queued: None,
            last: FlushRound::ZERO,
            flushed_at: clock::now(),
            is_timely: false,
            // It was in a checkpoint, and these are written after the names.
            has_durable_name: recovery_point > 0,
        }
    }

    pub(super) fn last(&self) -> FlushRound {
        self.last
    }
}

impl State {
    /// Whether so many records were written since the last flush that was asked for.
    pub(super) fn has_flush_messages(&self) -> bool {
        let since = self.flushing.asked.max(self.log.flushed_end());
        self.log.written_end() - since >= self.settings.flush.messages
    }

    /// Something was written. Whether it waits for `flush.ms` and that is not known yet.
    pub(super) fn begins_to_wait(&mut self) -> bool {
        let waits = self.settings.flush.interval.is_some();
        waits && !std::mem::replace(&mut self.flushing.is_timely, true)
    }

    /// Whoever does not wait any more is to be taken off the list.
    pub(crate) fn look_at_flush_time(&mut self) -> FlushTime {
        let has_written = self.log.written_end() > self.flushing.asked.max(self.log.flushed_end());
        let waits = self.settings.durability == Durability::Os && has_written && !self.is_deleted;
        let waited = clock::now().duration_since(self.flushing.flushed_at);
        let time = match self.settings.flush.interval.filter(|_| waits) {
            Some(interval) if waited >= interval => FlushTime::Come,
            Some(_) => FlushTime::Waits,
            None => FlushTime::None,
        };
        self.flushing.is_timely = time == FlushTime::Waits;
        time
    }

    /// Asks for a flush of what is written. `queue` puts the partition into the next round; it is not called if the
    /// partition is in one already.
    pub(crate) fn ask_for_flush(&mut self, queue: impl FnOnce() -> FlushRound) -> FlushRound {
        self.flushing.asked = self.log.written_end();
        let round = *self.flushing.queued.get_or_insert_with(queue);
        self.flushing.last = round;
        round
    }

    /// The round for which the partition is queued has begun. `None` if its topic is gone.
    pub(crate) fn begin_flush(&mut self) -> ottla_log::Result<Option<Flush>> {
        self.flushing.queued = None;
        if self.is_deleted { Ok(None) } else { self.log.take_flush().map(Some) }
    }

    /// Where readers of a topic with durability `os` may read to.
    pub(super) fn readable_end(&self) -> Offset {
        let flushed = self.log.flushed_end();
        let waits = self.flushing.asked > flushed;
        if waits || self.settings.durability == Durability::Journal {
            flushed
        } else {
            self.log.written_end()
        }
    }

    pub(crate) fn has_durable_name(&self) -> bool {
        self.flushing.has_durable_name
    }
}

impl Partition {
    /// The flush is done, and the folder's name is durable too.
    pub(crate) fn flushed(&self, flush: Flush) {
        let readable_end = {
            let mut state = self.lock();
            state.log.flushed(flush);
            state.flushing.flushed_at = clock::now();
            state.flushing.has_durable_name = true;
            state.readable_end()
        };
        self.durable(readable_end);
    }
}
