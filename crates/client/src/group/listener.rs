//! Hearing of what a rebalance gives and takes.

use std::pin::Pin;

use crate::TopicPartition;
use crate::consumer::Consumer;

/// What a listener does, boxed: `Box::pin(async move { ... })`.
pub type Listening<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Hears of the partitions that a consumer is given, and has to give away, by its group.
///
/// It is called within [`Consumer::poll`] and whatever else asks for records, never while a lock is held, and may use the
/// consumer: to commit, to seek, to look at positions; only not to ask for records. If the call that asks for records is
/// dropped in the middle, the next one calls the listener again.
///
/// As long as it takes, the group waits: no longer than `max.poll.interval.ms`.
pub trait RebalanceListener: Send + Sync {
    /// These came to what the consumer has; none, if a rebalance gave it nothing new. A seek in here decides where they begin.
    fn assigned<'a>(&'a self, _consumer: &'a Consumer, _partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async {})
    }

    /// These go to other members when this is done: what was processed of them can still be committed. With
    /// `enable.auto.commit` that is done already.
    fn revoked<'a>(&'a self, _consumer: &'a Consumer, _partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async {})
    }

    /// These may be other members' already: nothing can be committed. By default as if they were revoked.
    fn lost<'a>(&'a self, consumer: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        self.revoked(consumer, partitions)
    }
}
