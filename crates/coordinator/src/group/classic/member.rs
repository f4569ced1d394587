//! A member of a classic group.

use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use crate::{Ticket, timers::Timer};

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: ByteString,
    /// Of static members (KIP-345).
    pub(crate) instance_id: Option<ByteString>,
    pub(crate) client_id: ByteString,
    pub(crate) client_host: ByteString,
    /// Milliseconds, as the member gave them.
    pub(crate) rebalance_timeout: i32,
    pub(crate) session_timeout: i32,
    /// In the order of its preference.
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) assignment: Bytes,
    pub(crate) waits_for_join: Option<Ticket>,
    pub(crate) waits_for_sync: Option<Ticket>,
    /// Until its first join is answered: it does not know its ID yet, so it can send no heartbeats.
    pub(crate) is_new: bool,
    pub(crate) session: Timer,
    /// Tells the order in which members joined.
    pub(super) number: u64,
}

/// A way to assign that a member supports, and what it says for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: ByteString,
    pub(crate) metadata: Bytes,
}

impl Member {
    pub(crate) fn session_timeout(&self) -> Duration {
        millis(self.session_timeout)
    }

    /// What it says for a protocol; empty if it does not support it.
    pub(crate) fn metadata(&self, protocol: Option<&ByteString>) -> Bytes {
        let supported = self.protocols.iter().find(|own| Some(&own.name) == protocol);
        supported.map(|own| own.metadata.clone()).unwrap_or_default()
    }

    /// Whether it is excused from heartbeats: it waits for an answer, and a client waits for one at a time.
    pub(crate) fn is_excused(&self) -> bool {
        !self.is_new && (self.waits_for_join.is_some() || self.waits_for_sync.is_some())
    }
}

pub(crate) fn millis(millis: i32) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
