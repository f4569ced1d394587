//! What comes with a request besides its body.

use std::time::Duration;

use uuid::Uuid;

/// The time, as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since any fixed moment, never going back: timers follow it.
    pub uptime: Duration,
    /// Milliseconds since 1970: timestamps in records follow it.
    pub unix_millis: i64,
}

/// Who asks, when, and in which version.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub now: Now,
    pub api_version: i16,
    /// Empty if the client sent none.
    pub client_id: &'a str,
    /// As Kafka shows it in descriptions of groups: `/127.0.0.1`.
    pub client_host: &'a str,
    /// A random one for each request: a new member's ID is made of it.
    pub uuid: Uuid,
}

/// Names a request whose reply comes later; the caller chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);
