//! Where consuming begins, and where it is.

use std::time::Duration;

use crate::config::OffsetReset;
use crate::group::CommittedOffset;
use crate::{Epoch, Offset};

/// Where consuming of a partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// At the first record.
    Earliest,
    /// After the last record.
    Latest,
    /// At this offset, or the next one that is there. Outside of what the partition holds, `auto.offset.reset` decides.
    Offset(Offset),
    /// At the first record of at least this timestamp, in milliseconds since 1970-01-01T00:00:00Z; after the last record if there is
    /// none.
    Timestamp(i64),
    /// Where `auto.offset.reset` says. That of `none` makes it an error.
    Reset,
    /// At the offset that the group committed; where there is none, as `auto.offset.reset` says. Wants `group.id`.
    Committed,
}

/// The next offset, and the epoch of the record before it, by which a broker sees whether its log is the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) offset: Offset,
    pub(super) epoch: Option<Epoch>,
}

/// An offset that is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Earliest,
    Latest,
    Timestamp(i64),
    /// The record that is not older, when it is asked.
    Since(Duration),
    /// What the group committed.
    Committed,
}

/// How a partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    At(Position),
    Seek(Target),
}

impl StartAt {
    /// None if `auto.offset.reset` is to say where, and says nowhere.
    pub(super) fn begin(self, reset: OffsetReset) -> Option<Begin> {
        let target = match self {
            StartAt::Offset(offset) => return Some(Begin::At(Position::at(offset.max(0)))),
            StartAt::Earliest => Target::Earliest,
            StartAt::Latest => Target::Latest,
            StartAt::Timestamp(timestamp) => Target::Timestamp(timestamp),
            StartAt::Committed => Target::Committed,
            StartAt::Reset => return Target::of(reset).map(Begin::Seek),
        };
        Some(Begin::Seek(target))
    }
}

impl Position {
    pub(super) fn at(offset: Offset) -> Position {
        Position { offset, epoch: None }
    }
}

impl From<CommittedOffset> for Position {
    fn from(committed: CommittedOffset) -> Position {
        Position { offset: committed.offset, epoch: committed.leader_epoch }
    }
}

impl Target {
    /// What a reset of the policy asks for; None if the policy is none.
    pub(super) fn of(reset: OffsetReset) -> Option<Target> {
        match reset {
            OffsetReset::Earliest => Some(Target::Earliest),
            OffsetReset::Latest => Some(Target::Latest),
            OffsetReset::ByDuration(duration) => Some(Target::Since(duration)),
            OffsetReset::None => None,
        }
    }

    /// As ListOffsets has it. Negative timestamps mean something else there, so that none goes below 0. None where not the
    /// partition's leader is asked, but the group's coordinator.
    pub(super) fn timestamp(self, wall_ms: i64) -> Option<i64> {
        Some(match self {
            Target::Latest => -1,
            Target::Earliest => -2,
            Target::Timestamp(timestamp) => timestamp.max(0),
            Target::Since(duration) => {
                let ago = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                wall_ms.saturating_sub(ago).max(0)
            }
            Target::Committed => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_asked_for_as_the_protocol_has_it() {
        for (target, expected) in [
            (Target::Latest, Some(-1)),
            (Target::Earliest, Some(-2)),
            (Target::Timestamp(7), Some(7)),
            (Target::Timestamp(-2), Some(0)),
            (Target::Since(Duration::from_millis(30)), Some(70)),
            (Target::Since(Duration::from_secs(1)), Some(0)),
            (Target::Since(Duration::MAX), Some(0)),
            (Target::Committed, None),
        ] {
            assert_eq!(target.timestamp(100), expected, "{target:?}");
        }
    }
}
