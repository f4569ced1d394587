//! One partition that is assigned: where it is consumed, and what has to happen before it can be fetched. Pure.
//!
//! | phase | meaning | next |
//! |---|---|---|
//! | [`Phase::Seeking`] | an offset is to be asked for | [`Phase::Asking`], once a request is on its way |
//! | [`Phase::Asking`] | it was asked for | [`Phase::Consuming`]; after a failure seeking again |
//! | [`Phase::Consuming`] | the position is known | seeking, if it is out of range and `auto.offset.reset` says where to go |

use std::time::Duration;

use ottla_wire::Uuid;
use tokio::time::Instant;

use super::position::{Begin, Position, Target};
use crate::backoff::Backoff;
use crate::{BrokerId, Error, Offset};

/// What has to happen before records can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Seeking(Target),
    Asking(Target),
    Consuming,
}

/// A partition that is assigned.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) phase: Phase,
    /// Counts assignments and seeks, so that what was asked for before one of them is known by it.
    pub(super) round: u64,
    /// The topic that the position is of, once it is known: another one may get its name.
    topic_id: Option<Uuid>,
    /// The next record that is given.
    pub(super) position: Position,
    /// The next record that is fetched: behind what is buffered.
    pub(super) fetching: Position,
    /// A request that names it is on its way.
    pub(super) is_in_flight: bool,
    pub(super) is_paused: bool,
    pub(super) buffered_bytes: usize,
    pub(super) high_watermark: Option<Offset>,
    pub(super) log_start: Option<Offset>,
    /// A replica that the leader said to read from (KIP-392), and until when.
    pub(super) preferred: Option<(BrokerId, Instant)>,
    /// What the next poll tells; until then the partition rests.
    pub(super) error: Option<Error>,
    failures: u32,
    retry_at: Option<Instant>,
}

impl Assigned {
    pub(super) fn new(begin: Begin, round: u64) -> Assigned {
        let mut assigned = Assigned {
            phase: Phase::Consuming,
            round,
            topic_id: None,
            position: Position::at(0),
            fetching: Position::at(0),
            is_in_flight: false,
            is_paused: false,
            buffered_bytes: 0,
            high_watermark: None,
            log_start: None,
            preferred: None,
            error: None,
            failures: 0,
            retry_at: None,
        };
        assigned.begin(begin, round);
        assigned
    }

    /// Begins anew, as `round`.
    pub(super) fn begin(&mut self, begin: Begin, round: u64) {
        self.topic_id = None;
        match begin {
            Begin::At(position) => self.go_to(position, round),
            Begin::Seek(target) => {
                self.forget(round);
                self.phase = Phase::Seeking(target);
            }
        }
    }

    /// Goes on from there, as `round`.
    pub(super) fn go_to(&mut self, position: Position, round: u64) {
        self.forget(round);
        self.phase = Phase::Consuming;
        self.position = position;
        self.fetching = position;
    }

    /// Throws away what was fetched, and has it fetched again when it is wanted, as `round`.
    pub(super) fn unfetch(&mut self, round: u64) {
        self.round = round;
        self.fetching = self.position;
        self.buffered_bytes = 0;
        if let Phase::Asking(target) = self.phase {
            self.phase = Phase::Seeking(target);
        }
    }

    fn forget(&mut self, round: u64) {
        self.unfetch(round);
        self.error = None;
        self.preferred = None;
        self.succeeded();
    }

    /// Whether something may be asked about it now; else when, if time is all that it waits for.
    pub(super) fn is_due(&self, now: Instant) -> Result<bool, Instant> {
        if self.error.is_some() || self.is_in_flight {
            return Ok(false);
        }
        match self.retry_at {
            Some(retry_at) if retry_at > now => Err(retry_at),
            _ => Ok(true),
        }
    }

    /// Whether its topic is gone, and this is another one of the same name. Where the position is not known, it will be of this one.
    pub(super) fn is_of_another(&mut self, now: Option<Uuid>) -> bool {
        let Some(now) = now else { return false };
        match (self.phase, self.topic_id) {
            (Phase::Consuming, Some(known)) => known != now,
            (Phase::Asking(_), _) => false,
            (Phase::Consuming, None) | (Phase::Seeking(_), _) => {
                self.topic_id = Some(now);
                false
            }
        }
    }

    /// Whether it wants to be fetched: it has less than `bytes_max` buffered.
    pub(super) fn wants_more(&self, bytes_max: usize) -> bool {
        self.phase == Phase::Consuming && !self.is_paused && self.buffered_bytes < bytes_max
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.retry_at = None;
    }

    /// Rests a while.
    pub(super) fn failed(&mut self, backoff: Backoff, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        // All of a consumer's partitions may rest equally long: it is consumers that must not come back together, and their
        // connections see to that.
        self.retry_at = Some(now + backoff.pause(self.failures, 0.5));
        if let Phase::Asking(target) = self.phase {
            self.phase = Phase::Seeking(target);
        }
    }

    /// The replica to read from, if it is not the leader.
    pub(super) fn preferred(&self, now: Instant) -> Option<BrokerId> {
        self.preferred.filter(|(_, until)| *until > now).map(|(broker, _)| broker)
    }

    pub(super) fn prefer(&mut self, broker: BrokerId, now: Instant, lasting: Duration) {
        self.preferred = Some((broker, now + lasting));
    }

    /// How many offsets lie between its position and its end, as far as both are known.
    pub(super) fn lag(&self) -> Option<i64> {
        Some(self.high_watermark?.saturating_sub(self.known_position()?).max(0))
    }

    /// Its position, once it is known.
    pub(super) fn known_position(&self) -> Option<Offset> {
        (self.phase == Phase::Consuming).then_some(self.position.offset)
    }
}
