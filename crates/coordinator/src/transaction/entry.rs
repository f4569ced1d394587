//! A transactional id in memory.

use super::metadata::Transaction;
use crate::AppendId;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) transaction: Transaction,
    /// The append that the last change came with: what is told of it waits for that.
    pub(super) changed_by: AppendId,
}
