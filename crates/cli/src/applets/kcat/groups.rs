//! Rebalances, as `-G` hears of them.

use ottla_client::TopicPartition;
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::group::{Listening, RebalanceListener};

use super::options::Start;

/// Tells of them, and has new partitions begin where `-o` says.
pub(super) struct Rebalances {
    pub(super) group: String,
    pub(super) start: Start,
    pub(super) verbosity: i32,
}

impl Rebalances {
    fn tell(&self, consumer: &Consumer, what: &str, partitions: &[TopicPartition]) {
        if self.verbosity < 1 || partitions.is_empty() {
            return;
        }
        let member = consumer.group_metadata().map(|it| it.member_id.to_string()).unwrap_or_default();
        let shown: Vec<String> =
            partitions.iter().map(|it| format!("{} [{}]", it.topic, it.partition)).collect();
        sayln!("% Group {} rebalanced (memberid {member}): {what}: {}", self.group, shown.join(", "));
    }
}

impl RebalanceListener for Rebalances {
    fn assigned<'a>(&'a self, consumer: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async move {
            self.tell(consumer, "assigned", partitions);
            let ends = match self.start {
                Start::BeforeEnd(_) => consumer.end_offsets(partitions).await.unwrap_or_default(),
                Start::Unsaid | Start::Beginning | Start::End | Start::Stored | Start::At(_) => {
                    Default::default()
                }
            };
            for partition in partitions {
                let start = match self.start {
                    Start::Unsaid | Start::Stored => continue,
                    Start::Beginning => StartAt::Earliest,
                    Start::End => StartAt::Latest,
                    Start::At(offset) => StartAt::Offset(offset),
                    Start::BeforeEnd(count) => {
                        let end = ends.get(partition).copied().unwrap_or_default();
                        StartAt::Offset(end.saturating_sub(count).max(0))
                    }
                };
                // It was assigned just now, and if it is gone again there is nothing to begin.
                let _sought = consumer.seek(partition, start);
            }
        })
    }

    fn revoked<'a>(&'a self, consumer: &'a Consumer, partitions: &'a [TopicPartition]) -> Listening<'a> {
        Box::pin(async move { self.tell(consumer, "revoked", partitions) })
    }
}
