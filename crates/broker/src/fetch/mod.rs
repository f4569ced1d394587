//! Fetching: sessions that remember what a consumer reads, waiting for data without polling, reads that wait for the
//! disk, and conversion for old clients.

pub(crate) mod changes;
pub(crate) mod cold;
pub(crate) mod conversion;
pub(crate) mod session;
pub(crate) mod sessions;
