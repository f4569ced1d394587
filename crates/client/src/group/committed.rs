//! Where a group is.

use std::sync::Arc;

use crate::{Epoch, Offset};

/// Where a group is in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommittedOffset {
    /// The next record that it wants.
    pub offset: Offset,
    /// The term of the leader of the last record that it had.
    pub leader_epoch: Option<Epoch>,
    /// What it wrote beside it.
    pub metadata: Arc<str>,
}

impl CommittedOffset {
    /// That record is next.
    pub fn new(offset: Offset) -> CommittedOffset {
        CommittedOffset { offset, leader_epoch: None, metadata: Arc::from("") }
    }

    /// With a text beside it, which whoever reads the offset gets back.
    #[must_use]
    pub fn with_metadata(mut self, metadata: impl Into<Arc<str>>) -> CommittedOffset {
        self.metadata = metadata.into();
        self
    }
}
