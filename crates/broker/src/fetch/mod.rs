//! Fetching: sessions that remember what a consumer reads, and waiting for data without polling.

pub(crate) mod session;
pub(crate) mod wait;
