//! What a handler can ask and do while it has partitions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::claim::Queue;
use crate::consumer::{Consumer, ConsumerRecord, StartAt};
use crate::error::Error;
use crate::group::{CommittedOffset, GroupMetadata};
use crate::{Offset, Result, TopicPartition};

/// The time in which a handler has partitions. Cheap to clone.
///
/// What is marked is what the group goes on with: marking only raises an offset, [`Session::reset_offset`] sets it.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) consumer: Arc<Consumer>,
    state: Mutex<State>,
    /// Wakes the runner.
    pub(super) wake: Arc<Notify>,
    ended: tokio::sync::watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    claims: BTreeMap<TopicPartition, Arc<Queue>>,
    marks: BTreeMap<TopicPartition, CommittedOffset>,
    /// What was marked since it was committed last.
    has_news: bool,
    resets: Vec<Reset>,
    /// The handler's setup is done: there may be records on their way to claims.
    is_set_up: bool,
    is_cleaned_up: bool,
}

/// A place to go on from: the runner goes there between two polls.
#[derive(Debug)]
pub(super) struct Reset {
    pub(super) partition: TopicPartition,
    pub(super) offset: Offset,
    pub(super) done: oneshot::Sender<Result<()>>,
}

impl Session {
    pub(super) fn new(consumer: Arc<Consumer>, wake: Arc<Notify>) -> Session {
        let (ended, _) = tokio::sync::watch::channel(false);
        Session { inner: Arc::new(Inner { consumer, state: Mutex::default(), wake, ended }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The partitions that it has now, by topic.
    pub fn claims(&self) -> BTreeMap<Arc<str>, Vec<i32>> {
        let mut topics = BTreeMap::<Arc<str>, Vec<i32>>::new();
        for partition in self.state().claims.keys() {
            topics.entry(partition.topic.clone()).or_default().push(partition.partition);
        }
        topics
    }

    /// Who it is in its group: member id, generation or epoch.
    pub fn member(&self) -> GroupMetadata {
        self.inner.consumer.group_metadata().expect("a session is a group's")
    }

    /// The consumer below, which must not be asked for records.
    pub fn consumer(&self) -> &Consumer {
        &self.inner.consumer
    }

    /// This record is processed, and all before it.
    pub fn mark(&self, record: &ConsumerRecord) {
        let committed =
            CommittedOffset { leader_epoch: record.leader_epoch, ..CommittedOffset::new(record.offset + 1) };
        self.mark_offset(&record.partition, committed);
    }

    /// The record at this offset comes next, once all that comes before it is processed. Lower than what is marked already, or of a
    /// partition that it does not have, it means nothing.
    pub fn mark_offset(&self, partition: &TopicPartition, next: CommittedOffset) {
        let mut state = self.state();
        let is_higher = state.marks.get(partition).is_none_or(|marked| marked.offset < next.offset);
        if is_higher && state.claims.contains_key(partition) {
            state.marks.insert(partition.clone(), next);
            state.has_news = true;
        }
    }

    /// Goes on there in a partition, whatever was marked or committed, and marks that place. Records that wait are thrown away. In
    /// [`super::GroupHandler::setup`] too, where claims then begin there.
    ///
    /// [`Error::NotAssigned`] if the session does not have the partition (any more). Cancel-safe: dropped early, it may still
    /// happen.
    pub async fn reset_offset(&self, partition: &TopicPartition, to: StartAt) -> Result<()> {
        let offset = self.offset_of(partition, to).await?;
        let not_assigned = || Error::NotAssigned { partition: partition.clone() };
        if !self.state().is_set_up {
            self.queue(partition).ok_or_else(not_assigned)?;
            return self.go_to(partition, offset);
        }
        let (done, answer) = oneshot::channel();
        let queue = {
            let mut state = self.state();
            let queue = state.claims.get(partition).cloned().ok_or_else(not_assigned)?;
            state.resets.push(Reset { partition: partition.clone(), offset, done });
            queue
        };
        self.inner.wake.notify_one();
        tokio::select! {
            answer = answer => answer.unwrap_or_else(|_gone| Err(not_assigned())),
            // Who would do it waits for the handler.
            () = queue.ended() => Err(not_assigned()),
        }
    }

    async fn offset_of(&self, partition: &TopicPartition, to: StartAt) -> Result<Offset> {
        let consumer = &self.inner.consumer;
        let bound = match to {
            StartAt::Offset(offset) => return Ok(offset),
            StartAt::Earliest => consumer.beginning_offsets([partition]).await?.remove(partition),
            StartAt::Timestamp(timestamp) => {
                let found = consumer.offsets_for_times([(partition.clone(), timestamp)]).await?;
                found.get(partition).copied().flatten().map(|found| found.offset)
            }
            StartAt::Committed => {
                let committed = consumer.committed([partition]).await?;
                committed.get(partition).cloned().flatten().map(|committed| committed.offset)
            }
            StartAt::Latest | StartAt::Reset => None,
        };
        match bound {
            Some(offset) => Ok(offset),
            None => Ok(consumer.end_offsets([partition]).await?.remove(partition).unwrap_or(0)),
        }
    }

    /// Commits what is marked. It fails as [`Consumer::commit`] does.
    pub async fn commit(&self) -> Result<()> {
        let marks = self.state().marks.clone();
        self.inner.consumer.commit_offsets(marks).await
    }

    /// Whether the session has ended: all its partitions go to others, or the group is left.
    pub fn is_ended(&self) -> bool {
        *self.inner.ended.borrow()
    }

    /// Waits until it has.
    ///
    /// Cancel-safe.
    pub async fn ended(&self) {
        // The sender lives as long as the session.
        let mut ended = self.inner.ended.subscribe();
        let _ended = ended.wait_for(|ended| *ended).await;
    }

    pub(super) fn end(&self) {
        self.inner.ended.send_replace(true);
    }

    pub(super) fn add(&self, queue: Arc<Queue>) {
        self.state().claims.insert(queue.partition.clone(), queue);
    }

    pub(super) fn queue(&self, partition: &TopicPartition) -> Option<Arc<Queue>> {
        self.state().claims.get(partition).cloned()
    }

    pub(super) fn queues(&self) -> Vec<Arc<Queue>> {
        self.state().claims.values().cloned().collect()
    }

    pub(super) fn was_set_up(&self) {
        self.state().is_set_up = true;
    }

    /// Whether the handler has done what it does about a session that has ended.
    pub(super) fn is_cleaned_up(&self) -> bool {
        self.state().is_cleaned_up
    }

    pub(super) fn was_cleaned_up(&self) {
        self.state().is_cleaned_up = true;
    }

    /// What is marked of these partitions.
    pub(super) fn marks(&self, partitions: &[TopicPartition]) -> BTreeMap<TopicPartition, CommittedOffset> {
        let state = self.state();
        let marked = |partition| state.marks.get_key_value(partition);
        partitions
            .iter()
            .filter_map(marked)
            .map(|(partition, mark)| (partition.clone(), mark.clone()))
            .collect()
    }

    /// It does not have these partitions any more.
    pub(super) fn give_away(&self, partitions: &[TopicPartition]) {
        let mut state = self.state();
        for partition in partitions {
            state.claims.remove(partition);
            state.marks.remove(partition);
        }
        // They are not for whoever is given the partition next, be it this session.
        state.resets.retain(|reset| !partitions.contains(&reset.partition));
    }

    /// What is marked, if that is news.
    pub(super) fn news(&self) -> Option<BTreeMap<TopicPartition, CommittedOffset>> {
        let mut state = self.state();
        std::mem::take(&mut state.has_news).then(|| state.marks.clone())
    }

    /// What is marked is news again.
    pub(super) fn was_not_committed(&self) {
        self.state().has_news = true;
    }

    /// The places to go to. Who asked for one in a claim that has ended since hears that the partition is not assigned.
    pub(super) fn resets(&self) -> Vec<Reset> {
        let mut state = self.state();
        let mut resets = std::mem::take(&mut state.resets);
        let lasts = |queue: &Arc<Queue>| !queue.is_ended();
        resets.retain(|reset| state.claims.get(&reset.partition).is_some_and(lasts));
        resets
    }

    /// Goes to a place while no records of the partition are on their way. It counts as marked, unless the partition is given away.
    pub(super) fn go_to(&self, partition: &TopicPartition, offset: Offset) -> Result<()> {
        self.inner.consumer.seek(partition, StartAt::Offset(offset))?;
        self.was_reset(partition, offset);
        Ok(())
    }

    fn was_reset(&self, partition: &TopicPartition, offset: Offset) {
        let mut state = self.state();
        let Some(queue) = state.claims.get(partition) else { return };
        queue.clear();
        state.marks.insert(partition.clone(), CommittedOffset::new(offset));
        state.has_news = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;
    use crate::config::{ClientConfig, ConsumerConfig};

    #[tokio::test]
    async fn a_reset_of_a_claim_that_has_ended_is_not_carried_out_and_marks_nothing() {
        let client = Client::new(ClientConfig::new("localhost:1")).unwrap();
        let consumer = Consumer::new(client, ConsumerConfig::default().group_id("g".to_owned())).unwrap();
        let session = Session::new(Arc::new(consumer), Arc::default());
        let partitions = [0, 1, 2].map(|number| TopicPartition::new("t", number));
        let claim = |partition: &TopicPartition| {
            session.add(Arc::new(Queue::new(partition.clone(), 1, Arc::default())));
        };
        partitions.iter().for_each(claim);
        session.was_set_up();
        let [kept, ended, given] = &partitions;
        let mut resets =
            partitions.each_ref().map(|it| Box::pin(session.reset_offset(it, StartAt::Offset(7))));
        for reset in &mut resets {
            let pending =
                std::future::poll_fn(|context| std::task::Poll::Ready(reset.as_mut().poll(context)));
            assert!(pending.await.is_pending());
        }
        session.queue(ended).unwrap().end();
        session.give_away(std::slice::from_ref(given));
        claim(given);
        let left = session.resets();
        assert_eq!(left.iter().map(|reset| &reset.partition).collect::<Vec<_>>(), [kept]);
        for reset in &mut resets[1..] {
            assert!(matches!(reset.as_mut().await, Err(Error::NotAssigned { .. })));
        }
        session.give_away(std::slice::from_ref(given));
        session.was_reset(kept, 7);
        session.was_reset(given, 7);
        assert!(session.news().unwrap().keys().eq([kept]));
    }
}
