//! What one consumer fetches, kept from fetch to fetch, and which of it may have something to say.
//!
//! ```text
//!          asked for, changed                 read to its end, and followed
//! (new) ───────────────────────► due ◄──────────────────────────────────────► quiet
//! ```
//! A fetch looks at the due partitions alone: a quiet one costs nothing, however many there are.

use std::{collections::BTreeSet, sync::Arc};

use ottla_records::{Epoch, Offset};
use ottla_wire::{ByteString, Uuid, messages::FetchRequest};
use rustc_hash::FxHashMap;

use super::changes::{Changes, Followers};

/// How a fetch names a partition: by topic id, or by topic name in old versions. The other is nil or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PartitionKey {
    pub(crate) topic_id: Uuid,
    pub(crate) topic: ByteString,
    pub(crate) partition: i32,
}

/// What a consumer asks of one partition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) key: PartitionKey,
    pub(crate) offset: Offset,
    pub(crate) bytes_max: i32,
    pub(crate) current_leader_epoch: Epoch,
    pub(crate) last_fetched_epoch: Epoch,
}

/// What the consumer was last told of a partition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) high_watermark: Offset,
    pub(crate) log_start: Offset,
}

const NOTHING_TOLD: Told = Told { high_watermark: -1, log_start: -1 };

/// A partition that may have something to say.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    /// What the session calls it.
    pub(crate) at: usize,
    pub(crate) wanted: Wanted,
}

#[derive(Debug)]
struct Entry {
    wanted: Wanted,
    told: Told,
    turn: u64,
    /// Where a change will be told.
    followed: Option<Arc<Followers>>,
}

/// One consumer's session, or a fetch without one, which is as a session that ends with it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) id: i32,
    pub(super) epoch: i32,
    pub(super) uses_topic_ids: bool,
    pub(super) used_ms: i64,
    isolation_level: i8,
    entries: Vec<Option<Entry>>,
    unused: Vec<usize>,
    by_key: FxHashMap<PartitionKey, usize>,
    /// In the order in which they are read: what gave data goes to the end, so that all get their turn.
    due: BTreeSet<(u64, usize)>,
    next_turn: u64,
    changes: Arc<Changes>,
}

pub(super) fn wanted(request: &FetchRequest) -> impl Iterator<Item = Wanted> {
    request.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| Wanted {
            key: PartitionKey {
                topic_id: topic.topic_id,
                topic: topic.topic.clone(),
                partition: partition.partition,
            },
            offset: partition.fetch_offset,
            bytes_max: partition.partition_max_bytes,
            current_leader_epoch: partition.current_leader_epoch,
            last_fetched_epoch: partition.last_fetched_epoch,
        })
    })
}

impl Session {
    /// For a fetch that no other will go on from.
    pub(super) fn once(request: &FetchRequest) -> Session {
        let mut session = Session::empty(request.isolation_level, false, 0);
        wanted(request).for_each(|wanted| {
            session.add(wanted);
        });
        session
    }

    /// For a consumer that will go on.
    pub(super) fn new(uses_topic_ids: bool, request: &FetchRequest, now_ms: i64) -> Session {
        let mut session = Session::empty(request.isolation_level, uses_topic_ids, now_ms);
        wanted(request).for_each(|wanted| session.put(wanted));
        session
    }

    fn empty(isolation_level: i8, uses_topic_ids: bool, used_ms: i64) -> Session {
        Session {
            id: 0,
            epoch: 1,
            uses_topic_ids,
            used_ms,
            isolation_level,
            entries: Vec::new(),
            unused: Vec::new(),
            by_key: FxHashMap::default(),
            due: BTreeSet::new(),
            next_turn: 0,
            changes: Arc::default(),
        }
    }

    /// The consumer goes on: takes in what it asks for otherwise than before.
    pub(super) fn update(&mut self, request: &FetchRequest, now_ms: i64) {
        self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
        self.used_ms = now_ms;
        if self.isolation_level != request.isolation_level {
            self.isolation_level = request.isolation_level;
            self.all_are_due();
        }
        wanted(request).for_each(|wanted| self.put(wanted));
        for topic in &request.forgotten_topics_data {
            for partition in &topic.partitions {
                let (topic_id, topic) = (topic.topic_id, topic.topic.clone());
                self.forget(&PartitionKey { topic_id, topic, partition: *partition });
            }
        }
    }

    fn put(&mut self, mut wanted: Wanted) {
        // A name that was sliced from the request would keep its buffer in memory as long as the session lives.
        wanted.key.topic = ByteString::from(&*wanted.key.topic);
        match self.by_key.get(&wanted.key) {
            Some(&at) => {
                let entry = self.entries[at].as_mut().expect("a key leads to an entry");
                entry.wanted = wanted;
                self.due.insert((entry.turn, at));
            }
            None => {
                let key = wanted.key.clone();
                let at = self.add(wanted);
                self.by_key.insert(key, at);
            }
        }
    }

    fn add(&mut self, wanted: Wanted) -> usize {
        let turn = self.next_turn();
        let entry = Some(Entry { wanted, told: NOTHING_TOLD, turn, followed: None });
        let at = match self.unused.pop() {
            Some(at) => {
                self.entries[at] = entry;
                at
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        self.due.insert((turn, at));
        at
    }

    fn forget(&mut self, key: &PartitionKey) {
        let Some(at) = self.by_key.remove(key) else { return };
        let entry = self.entries[at].take().expect("a key leads to an entry");
        self.due.remove(&(entry.turn, at));
        if let Some(followed) = entry.followed {
            followed.remove(&self.changes, at);
        }
        self.unused.push(at);
    }

    fn next_turn(&mut self) -> u64 {
        self.next_turn += 1;
        self.next_turn
    }

    fn all_are_due(&mut self) {
        let entries = self.entries.iter().enumerate();
        self.due = entries.filter_map(|(at, entry)| Some((entry.as_ref()?.turn, at))).collect();
    }

    /// Whether it has no partitions at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.len() == self.unused.len()
    }

    /// The partitions that may have something to say, in the order in which they are read.
    pub(crate) fn due(&mut self) -> Vec<Due> {
        for at in self.changes.take() {
            // It may have been forgotten in between.
            if let Some(entry) = self.entries[at].as_mut() {
                entry.followed = None;
                self.due.insert((entry.turn, at));
            }
        }
        let due =
            |&(_, at): &(u64, usize)| Some(Due { at, wanted: self.entries[at].as_ref()?.wanted.clone() });
        self.due.iter().filter_map(due).collect()
    }

    /// Has it told when this partition changes. To be called before the partition is read.
    pub(crate) fn follow(&mut self, at: usize, followers: &Arc<Followers>) {
        let Some(entry) = self.entries[at].as_mut() else { return };
        match &entry.followed {
            Some(followed) if Arc::ptr_eq(followed, followers) => return,
            // The topic was deleted, and another one has its name.
            Some(other) => other.remove(&self.changes, at),
            None => {}
        }
        followers.add(&self.changes, at);
        entry.followed = Some(Arc::clone(followers));
    }

    /// What happens to the partitions that are followed.
    pub(crate) fn changes(&self) -> Arc<Changes> {
        Arc::clone(&self.changes)
    }

    /// Whether the consumer is not known to have been told this, and notes that it will be.
    pub(crate) fn is_news(&mut self, due: &Due, told: Told) -> bool {
        match self.entry(due) {
            Some(entry) => std::mem::replace(&mut entry.told, told) != told,
            None => true,
        }
    }

    /// The partition gave data: the others come first now.
    pub(crate) fn had_its_turn(&mut self, due: &Due) {
        let turn = self.next_turn();
        let Some(entry) = self.entry(due) else { return };
        let before = std::mem::replace(&mut entry.turn, turn);
        self.due.remove(&(before, due.at));
        self.due.insert((turn, due.at));
    }

    /// There is nothing more in the partition than the consumer has. If it is followed, it need not be looked at
    /// until it changes.
    pub(crate) fn is_at_its_end(&mut self, due: &Due) {
        let Some(entry) = self.entry(due) else { return };
        if entry.followed.is_some() {
            let turn = entry.turn;
            self.due.remove(&(turn, due.at));
        }
    }

    /// Unless another fetch has changed it meanwhile.
    fn entry(&mut self, due: &Due) -> Option<&mut Entry> {
        self.entries[due.at].as_mut().filter(|entry| entry.wanted == due.wanted)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(followed) = entry.as_ref().and_then(|entry| entry.followed.as_ref()) {
                followed.remove(&self.changes, at);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ottla_wire::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};

    use super::*;

    /// A fetch of these partitions of topic "t", from offset 5 on.
    pub(crate) fn request(session_id: i32, session_epoch: i32, partitions: &[i32]) -> FetchRequest {
        let partitions = partitions
            .iter()
            .map(|partition| FetchPartition { partition: *partition, fetch_offset: 5, ..Default::default() })
            .collect();
        let topics = vec![FetchTopic { topic: "t".into(), partitions, ..Default::default() }];
        FetchRequest { session_id, session_epoch, topics, ..Default::default() }
    }

    pub(crate) fn due(session: &mut Session) -> Vec<i32> {
        session.due().iter().map(|due| due.wanted.key.partition).collect()
    }

    /// A session on three partitions, which have been read to their ends and are followed.
    fn quiet() -> (Session, Vec<Arc<Followers>>) {
        let mut session = Session::new(false, &request(0, 0, &[0, 1, 2]), 0);
        let partitions: Vec<Arc<Followers>> = (0..3).map(|_| Arc::default()).collect();
        assert_eq!(due(&mut session), [0, 1, 2]);
        for (due, followers) in session.due().iter().zip(&partitions) {
            session.follow(due.at, followers);
            session.is_at_its_end(due);
        }
        assert!(due(&mut session).is_empty());
        (session, partitions)
    }

    #[test]
    fn a_quiet_partition_is_due_when_it_changes_or_is_asked_for() {
        let (mut session, partitions) = quiet();
        partitions[2].tell();
        assert_eq!(due(&mut session), [2]);
        session.update(&request(1, 1, &[0]), 0);
        assert_eq!(due(&mut session), [0, 2]);
        session.update(&FetchRequest { isolation_level: 1, ..request(1, 2, &[]) }, 0);
        assert_eq!(due(&mut session), [0, 1, 2]);
    }

    #[test]
    fn a_partition_that_is_not_followed_stays_due() {
        let (mut session, partitions) = quiet();
        partitions[1].tell();
        let changed = session.due().remove(0);
        session.is_at_its_end(&changed);
        assert_eq!(due(&mut session), [1]);
        session.follow(changed.at, &partitions[1]);
        partitions[1].tell();
        session.is_at_its_end(&changed);
        assert_eq!(due(&mut session), [1], "it changed after it was read");
    }

    #[test]
    fn what_another_fetch_asked_for_meanwhile_stays_due() {
        let (mut session, partitions) = quiet();
        partitions[0].tell();
        let read = session.due().remove(0);
        session.follow(read.at, &partitions[0]);
        let mut moved = request(1, 1, &[0]);
        moved.topics[0].partitions[0].fetch_offset = 6;
        session.update(&moved, 0);
        session.is_at_its_end(&read);
        assert_eq!(due(&mut session), [0]);
    }

    #[test]
    fn a_forgotten_partition_is_neither_due_nor_followed_and_its_place_is_used_again() {
        let (mut session, partitions) = quiet();
        partitions[0].tell();
        let mut forgets = request(1, 1, &[]);
        let forgotten = ForgottenTopic { topic: "t".into(), partitions: vec![0, 1], ..Default::default() };
        forgets.forgotten_topics_data.push(forgotten);
        session.update(&forgets, 0);
        partitions[1].tell();
        assert!(due(&mut session).is_empty());
        session.update(&request(1, 2, &[7, 8]), 0);
        assert_eq!(due(&mut session), [7, 8]);
        assert_eq!(session.entries.len(), 3);
        forgets.forgotten_topics_data[0].partitions = vec![2, 7, 8];
        session.update(&forgets, 0);
        assert!(session.is_empty());
    }

    #[test]
    fn a_session_that_ends_follows_nothing() {
        let (session, partitions) = quiet();
        let changes = session.changes();
        drop(session);
        partitions.iter().for_each(|followers| followers.tell());
        assert!(changes.take().is_empty());
    }

    #[test]
    fn another_topic_of_the_same_name_is_followed_in_its_stead() {
        let (mut session, partitions) = quiet();
        let recreated = Arc::default();
        session.follow(0, &recreated);
        partitions[0].tell();
        assert!(due(&mut session).is_empty());
        recreated.tell();
        assert_eq!(due(&mut session), [0]);
    }

    #[test]
    fn what_gave_data_is_read_last_the_next_time() {
        let mut session = Session::new(false, &request(0, 0, &[0, 1, 2]), 0);
        let first = session.due().remove(0);
        session.had_its_turn(&first);
        assert_eq!(due(&mut session), [1, 2, 0]);
    }

    #[test]
    fn a_partition_is_news_only_when_it_changed() {
        let mut session = Session::new(false, &request(0, 0, &[0]), 0);
        let due = session.due().remove(0);
        let told = Told { high_watermark: 9, log_start: 0 };
        assert!(session.is_news(&due, told));
        assert!(!session.is_news(&due, told));
        assert!(session.is_news(&due, Told { log_start: 1, ..told }));
    }
}
