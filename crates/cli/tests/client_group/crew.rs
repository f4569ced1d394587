//! Members that consume, each in a task of its own, and what they consumed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::TopicPartition;
use ottla_client::config::ConsumerConfig;
use ottla_client::consumer::Consumer;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Node;

/// What all members consumed, in the order in which they did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(TopicPartition, i64)>>>);

/// One member.
pub(crate) struct Member {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    assigned: watch::Receiver<Vec<TopicPartition>>,
}

/// What a member does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Commits {
    /// Nothing: `enable.auto.commit` does.
    Auto,
    /// Each time it has processed what it was given.
    Each,
}

impl Log {
    pub(crate) fn add(&self, partition: TopicPartition, offset: i64) {
        self.0.lock().expect("no test panicked").push((partition, offset));
    }

    fn offsets(&self) -> BTreeMap<TopicPartition, BTreeSet<i64>> {
        let mut offsets = BTreeMap::<_, BTreeSet<i64>>::new();
        for (partition, offset) in self.0.lock().expect("no test panicked").iter() {
            offsets.entry(partition.clone()).or_default().insert(*offset);
        }
        offsets
    }

    pub(crate) fn count(&self) -> usize {
        self.offsets().values().map(BTreeSet::len).sum()
    }

    /// How many records came more than once.
    pub(crate) fn repeated(&self) -> usize {
        let different = self.count();
        self.0.lock().expect("no test panicked").len() - different
    }

    /// Waits until so many records of each of the partitions have been consumed, none left out.
    pub(crate) async fn has_all(&self, topic: &str, partitions: i32, count: i64) {
        let expected: BTreeSet<i64> = (0..count).collect();
        for number in 0..partitions {
            let partition = TopicPartition::new(topic, number);
            while self.offsets().get(&partition) != Some(&expected) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// No member skipped a record: whatever was consumed of a partition, what lies before it was consumed before.
    pub(crate) fn check_nothing_skipped(&self) {
        let mut next = BTreeMap::<TopicPartition, i64>::new();
        for (partition, offset) in self.0.lock().expect("no test panicked").iter() {
            let next = next.entry(partition.clone()).or_default();
            assert!(offset <= next, "{partition}: {offset} came when {next} was next");
            *next = (*next).max(offset + 1);
        }
    }
}

impl Member {
    pub(crate) fn start(node: &Node, config: ConsumerConfig, topic: &'static str, log: &Log) -> Member {
        let commits = if config.enable_auto_commit { Commits::Auto } else { Commits::Each };
        let consumer = node.consumer(config);
        consumer.subscribe([topic]).expect("it has a group");
        let (stop, stopped) = watch::channel(false);
        let (tell, assigned) = watch::channel(Vec::new());
        let task = tokio::spawn(consume(consumer, commits, log.clone(), tell, stopped));
        Member { task, stop, assigned }
    }

    /// Waits until it has so many partitions.
    pub(crate) async fn has(&mut self, count: usize) {
        self.assigned.wait_for(|assigned| assigned.len() == count).await.expect("it runs");
    }

    pub(crate) fn assigned(&self) -> Vec<TopicPartition> {
        self.assigned.borrow().clone()
    }

    /// Has it close in good order.
    pub(crate) async fn close(self) {
        self.stop.send(true).expect("it runs");
        self.task.await.expect("it does not panic");
    }

    /// Ends it as if its process had died.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _aborted = self.task.await;
    }
}

async fn consume(
    consumer: Consumer,
    commits: Commits,
    log: Log,
    tell: watch::Sender<Vec<TopicPartition>>,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        let polled = tokio::select! {
            polled = consumer.poll(Duration::from_millis(20)) => polled,
            _ = stopped.changed() => break,
        };
        match polled {
            Ok(records) => {
                for record in &records {
                    log.add(record.partition.clone(), record.offset);
                }
                if commits == Commits::Each && !records.is_empty() {
                    // A rebalance may refuse it: then the records come again.
                    let _refused = consumer.commit().await;
                }
            }
            Err(error) => assert!(error.is_retriable(), "{error}"),
        }
        tell.send_if_modified(|known| {
            let assigned = consumer.assignment();
            let is_new = *known != assigned;
            *known = assigned;
            is_new
        });
    }
    consumer.close().await;
}
