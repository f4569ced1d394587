//! What the application and the member of its group have in common. Pure.
//!
//! ```text
//!  application ── subscribed, attendance, commits refused ──►  member  ──► coordinator
//!              ◄── turns, metadata, failure ───────────────
//! ```
//!
//! The member is a task's own ([`super::classic`], [`super::consumer`]); the application never waits for it.

use std::sync::Arc;
use std::time::Duration;

use ottla_wire::ErrorCode;
use tokio::time::Instant;

use super::attendance::Attendance;
use super::holding::Holding;
use super::{GroupMetadata, Pattern};
use crate::{Error, Result};

/// What the application wants of the group.
#[derive(Clone, Debug, Default)]
pub(crate) enum Subscribed {
    /// Nothing: it is no member.
    #[default]
    Nothing,
    Topics(Vec<Arc<str>>),
    Pattern(Pattern),
}

/// Why a commit was refused, where that says something about the member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// In whose name it was asked for.
    pub(crate) member: GroupMetadata,
}

/// What a member is to do about what the application did or did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To become a member.
    Enter,
    /// To stay what it is; if nothing happens, until then.
    Stay(Option<Instant>),
    /// To leave, because the application does not want to be in the group.
    Leave,
    /// To leave, because nobody asks for records.
    LeaveAbsent,
}

#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) subscribed: Subscribed,
    pub(crate) holding: Holding,
    pub(crate) attendance: Attendance,
    /// The member as the coordinator knows it.
    pub(crate) metadata: GroupMetadata,
    pub(crate) refusal: Option<Refusal>,
    /// It left because nobody asked for records.
    was_absent: bool,
    /// It wanted nothing for a while, perhaps too short a while for anybody to see.
    has_wanted_nothing: bool,
    /// Whether the coordinator may still count it among the members.
    pub(crate) is_in: bool,
    /// The application asked for it, whatever is known.
    pub(crate) rejoin: Option<&'static str>,
    failure: Option<Failure>,
    /// What the application should hear once.
    trouble: Option<Error>,
}

/// Why it is no member, and cannot become one by itself.
#[derive(Debug)]
struct Failure {
    error: Error,
    is_told: bool,
}

impl Membership {
    pub(crate) fn new(metadata: GroupMetadata, pause_max: Duration, now: Instant) -> Membership {
        Membership {
            subscribed: Subscribed::Nothing,
            holding: Holding::default(),
            attendance: Attendance::new(pause_max, now),
            metadata,
            refusal: None,
            was_absent: false,
            has_wanted_nothing: false,
            is_in: false,
            rejoin: None,
            failure: None,
            trouble: None,
        }
    }

    pub(crate) fn is_subscribed(&self) -> bool {
        !matches!(self.subscribed, Subscribed::Nothing)
    }

    pub(crate) fn has_pattern(&self) -> bool {
        matches!(self.subscribed, Subscribed::Pattern(_))
    }

    /// From here on it wants this. What went wrong before is forgotten.
    pub(crate) fn subscribe(&mut self, subscribed: Subscribed, now: Instant) {
        self.subscribed = subscribed;
        self.has_wanted_nothing |= !self.is_subscribed();
        self.failure = None;
        self.attendance.renew(now);
    }

    /// What is wanted of a member, which is outside of its group or in it.
    pub(crate) fn wish(&mut self, is_out: bool, now: Instant) -> Wish {
        let is_wanted = self.is_subscribed() && !self.has_failed();
        let has_left = std::mem::take(&mut self.has_wanted_nothing);
        let is_absent = self.attendance.is_absent(now);
        match is_out {
            true if is_wanted && !(self.was_absent && is_absent) => {
                self.was_absent = false;
                Wish::Enter
            }
            true => Wish::Stay(None),
            false if !is_wanted || has_left => Wish::Leave,
            false if is_absent => {
                tracing::warn!(target: "ottla_client::group", group = &*self.metadata.group_id,
                    "nobody asked for records within max.poll.interval.ms: the member leaves");
                self.was_absent = true;
                Wish::LeaveAbsent
            }
            false => Wish::Stay(self.attendance.lasts_until()),
        }
    }

    /// Somebody asks for records. What failed and was told is tried again, unless it will never do.
    pub(crate) fn polled(&mut self) -> Result<()> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        let Some(failure) = &mut self.failure else { return Ok(()) };
        if failure.is_told && !failure.error.is_fatal() {
            self.failure = None;
            return Ok(());
        }
        failure.is_told = true;
        Err(failure.error.clone())
    }

    /// Has the application hear of something that does not end its membership.
    pub(crate) fn tell(&mut self, trouble: Error) {
        self.trouble = Some(trouble);
    }

    pub(crate) fn fail(&mut self, error: Error) {
        self.failure = Some(Failure { error, is_told: false });
    }

    /// Whether nothing is tried until the application does something.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether there is something for the application to do or to hear.
    pub(crate) fn wants_application(&self) -> bool {
        let is_told = self.trouble.is_none();
        !self.holding.is_settled()
            || !is_told
            || self.failure.as_ref().is_some_and(|failure| !failure.is_told)
    }
}
