//! Fetching: sessions that remember what a consumer reads, waiting for data without polling, and reads that wait
//! for the disk.

pub(crate) mod changes;
pub(crate) mod cold;
pub(crate) mod session;
pub(crate) mod sessions;
