//! Hearing of what brokers said to acknowledgements.

use std::ops::RangeInclusive;

use crate::{Offset, Result, TopicPartition};

/// Hears whether brokers know what became of records.
///
/// It is called within [`ShareConsumer::poll`](super::ShareConsumer::poll),
/// [`commit`](super::ShareConsumer::commit), [`commit_async`](super::ShareConsumer::commit_async) and
/// [`close`](super::ShareConsumer::close), never while a lock is held, and must not block.
pub trait AcknowledgementListener: Send + Sync {
    /// A broker answered what was said of the records at these offsets of a partition, or it cannot be told of them: then they are
    /// delivered again, to whomever. Offsets at which there are no records may be among them.
    fn acknowledged(
        &self,
        partition: &TopicPartition,
        offsets: &[RangeInclusive<Offset>],
        result: &Result<()>,
    );
}

/// What a listener is to hear.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub(super) partition: TopicPartition,
    pub(super) offsets: Vec<RangeInclusive<Offset>>,
    pub(super) result: Result<()>,
}
