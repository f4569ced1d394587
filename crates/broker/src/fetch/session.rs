//! Incremental fetch sessions (KIP-227): a consumer says once which partitions it reads and then only what changed; the
//! broker answers only with partitions that have something to say.
//!
//! | session id | epoch | meaning |
//! |---|---|---|
//! | any | 0 | a full fetch that opens a session; one with that id is closed |
//! | any | -1 | a full fetch without a session; one with that id is closed |
//! | not 0 | n > 0 | the n-th incremental fetch of that session |

use std::sync::{Arc, Mutex};

use ottla_records::{Epoch, Offset};
use ottla_wire::{ByteString, ErrorCode, Uuid, messages::FetchRequest};
use rustc_hash::FxHashMap;

/// The epoch of a fetch that wants no session.
const FINAL_EPOCH: i32 = -1;
const INITIAL_EPOCH: i32 = 0;
/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
/// A session that was used within this time is not given up for another one.
const EVICTION_MS: i64 = 120_000;

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

#[derive(Debug)]
struct Entry {
    wanted: Wanted,
    told: Told,
}

/// One consumer's session.
#[derive(Debug)]
pub(crate) struct Session {
    id: i32,
    epoch: i32,
    uses_topic_ids: bool,
    /// In the order in which they are read: what gave data goes to the end, so that all get their turn.
    order: Vec<PartitionKey>,
    entries: FxHashMap<PartitionKey, Entry>,
    used_ms: i64,
}

/// A fetch as the session layer has resolved it.
#[derive(Debug)]
pub(crate) struct Plan {
    session: Option<Arc<Mutex<Session>>>,
    /// Told in the response; 0 without a session.
    pub(crate) session_id: i32,
    /// Partitions with nothing to say are left out.
    pub(crate) is_incremental: bool,
    pub(crate) wanted: Vec<Wanted>,
}

/// The sessions of this broker, at most as many as configured.
#[derive(Debug)]
pub(crate) struct Sessions {
    by_id: Mutex<FxHashMap<i32, Arc<Mutex<Session>>>>,
    slots: usize,
}

impl Sessions {
    pub(crate) fn new(slots: usize) -> Sessions {
        Sessions { by_id: Mutex::default(), slots }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Resolves a request. `fresh_id` gives a random positive number.
    pub(crate) fn plan(
        &self,
        request: &FetchRequest,
        version: i16,
        now_ms: i64,
        fresh_id: impl FnMut() -> i32,
    ) -> Result<Plan, ErrorCode> {
        let uses_topic_ids = version >= TOPIC_IDS_FROM;
        match request.session_epoch {
            FINAL_EPOCH => {
                self.lock().remove(&request.session_id);
                Ok(Plan {
                    session: None,
                    session_id: 0,
                    is_incremental: false,
                    wanted: wanted(request).collect(),
                })
            }
            INITIAL_EPOCH => Ok(self.open(request, uses_topic_ids, now_ms, fresh_id)),
            epoch => self.go_on(request, epoch, uses_topic_ids, now_ms),
        }
    }

    fn open(
        &self,
        request: &FetchRequest,
        uses_topic_ids: bool,
        now_ms: i64,
        mut fresh_id: impl FnMut() -> i32,
    ) -> Plan {
        let wanted: Vec<Wanted> = wanted(request).collect();
        let mut sessions = self.lock();
        sessions.remove(&request.session_id);
        if wanted.is_empty() || !make_room(&mut sessions, self.slots, now_ms) {
            return Plan { session: None, session_id: 0, is_incremental: false, wanted };
        }
        let id = std::iter::repeat_with(&mut fresh_id)
            .find(|id| *id > 0 && !sessions.contains_key(id))
            .expect("there are more ids than slots");
        let session = Arc::new(Mutex::new(Session::new(id, uses_topic_ids, &wanted, now_ms)));
        sessions.insert(id, Arc::clone(&session));
        Plan { session: Some(session), session_id: id, is_incremental: false, wanted }
    }

    fn go_on(
        &self,
        request: &FetchRequest,
        epoch: i32,
        uses_topic_ids: bool,
        now_ms: i64,
    ) -> Result<Plan, ErrorCode> {
        let session =
            self.lock().get(&request.session_id).map(Arc::clone).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        let mut locked = session.lock().expect("nobody panics with the lock held");
        if locked.epoch != epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if locked.uses_topic_ids != uses_topic_ids {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        locked.update(request, now_ms);
        let wanted = locked.order.iter().map(|key| locked.entries[key].wanted.clone()).collect();
        let session_id = locked.id;
        drop(locked);
        Ok(Plan { session: Some(session), session_id, is_incremental: true, wanted })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<i32, Arc<Mutex<Session>>>> {
        self.by_id.lock().expect("nobody panics with the lock held")
    }
}

/// Gives up the session that was unused for longest, if it was unused for long.
fn make_room(sessions: &mut FxHashMap<i32, Arc<Mutex<Session>>>, slots: usize, now_ms: i64) -> bool {
    if sessions.len() < slots {
        return true;
    }
    let used =
        |session: &Arc<Mutex<Session>>| session.lock().expect("nobody panics with the lock held").used_ms;
    let Some((id, used_ms)) = sessions.iter().map(|(id, s)| (*id, used(s))).min_by_key(|(_, used)| *used)
    else {
        return false;
    };
    if now_ms - used_ms < EVICTION_MS {
        return false;
    }
    sessions.remove(&id);
    true
}

fn wanted(request: &FetchRequest) -> impl Iterator<Item = Wanted> {
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
    fn new(id: i32, uses_topic_ids: bool, wanted: &[Wanted], now_ms: i64) -> Session {
        let mut session = Session {
            id,
            epoch: 1,
            uses_topic_ids,
            order: Vec::with_capacity(wanted.len()),
            entries: FxHashMap::default(),
            used_ms: now_ms,
        };
        wanted.iter().for_each(|wanted| session.put(wanted.clone()));
        session
    }

    fn put(&mut self, mut wanted: Wanted) {
        // A name that was sliced from the request would keep its buffer in memory as long as the session lives.
        wanted.key.topic = ByteString::from(&*wanted.key.topic);
        match self.entries.get_mut(&wanted.key) {
            Some(entry) => entry.wanted = wanted,
            None => {
                self.order.push(wanted.key.clone());
                self.entries.insert(wanted.key.clone(), Entry { wanted, told: NOTHING_TOLD });
            }
        }
    }

    fn update(&mut self, request: &FetchRequest, now_ms: i64) {
        self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
        self.used_ms = now_ms;
        wanted(request).for_each(|wanted| self.put(wanted));
        let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| {
            topic.partitions.iter().map(|partition| PartitionKey {
                topic_id: topic.topic_id,
                topic: topic.topic.clone(),
                partition: *partition,
            })
        });
        let before = self.entries.len();
        for key in forgotten {
            self.entries.remove(&key);
        }
        if self.entries.len() < before {
            self.order.retain(|key| self.entries.contains_key(key));
        }
    }
}

impl Plan {
    /// Whether the consumer must be told this of a partition, and notes that it will be. `has_more` is data or an error.
    pub(crate) fn must_tell(&self, key: &PartitionKey, told: Told, has_more: bool) -> bool {
        let Some(session) = &self.session else { return true };
        let mut session = session.lock().expect("nobody panics with the lock held");
        let Some(entry) = session.entries.get_mut(key) else { return true };
        let changed = entry.told != told;
        entry.told = told;
        !self.is_incremental || changed || has_more
    }

    /// Puts partitions that gave data at the end of the order.
    pub(crate) fn had_their_turn(&self, keys: &[PartitionKey]) {
        let Some(session) = &self.session else { return };
        if keys.is_empty() {
            return;
        }
        let mut session = session.lock().expect("nobody panics with the lock held");
        if session.order.len() > 1 {
            session.order.retain(|key| !keys.contains(key));
            let back: Vec<_> =
                keys.iter().filter(|key| session.entries.contains_key(*key)).cloned().collect();
            session.order.extend(back);
        }
    }
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};

    use super::*;

    fn request(session_id: i32, session_epoch: i32, partitions: &[i32]) -> FetchRequest {
        let partitions = partitions
            .iter()
            .map(|partition| FetchPartition { partition: *partition, fetch_offset: 5, ..Default::default() })
            .collect();
        let topics = vec![FetchTopic { topic: "t".into(), partitions, ..Default::default() }];
        FetchRequest { session_id, session_epoch, topics, ..Default::default() }
    }

    fn read(plan: &Plan) -> Vec<i32> {
        plan.wanted.iter().map(|wanted| wanted.key.partition).collect()
    }

    #[test]
    fn an_incremental_fetch_reads_what_was_asked_for_before() {
        let sessions = Sessions::new(10);
        let full = sessions.plan(&request(0, 0, &[0, 1, 2]), 12, 0, || 77).unwrap();
        assert_eq!((full.session_id, full.is_incremental), (77, false));
        let next = sessions.plan(&request(77, 1, &[3]), 12, 1, || 78).unwrap();
        assert_eq!((next.session_id, next.is_incremental, read(&next)), (77, true, vec![0, 1, 2, 3]));

        let mut forgets = request(77, 2, &[]);
        let forgotten = ForgottenTopic { topic: "t".into(), partitions: vec![1, 3], ..Default::default() };
        forgets.forgotten_topics_data.push(forgotten);
        assert_eq!(read(&sessions.plan(&forgets, 12, 2, || 78).unwrap()), [0, 2]);
    }

    #[test]
    fn a_wrong_session_or_epoch_is_an_error() {
        let sessions = Sessions::new(10);
        sessions.plan(&request(0, 0, &[0]), 12, 0, || 77).unwrap();
        let check = |id, epoch, version, expected| {
            let error = sessions.plan(&request(id, epoch, &[]), version, 0, || 78).unwrap_err();
            assert_eq!(error, expected);
        };
        check(76, 1, 12, ErrorCode::FetchSessionIdNotFound);
        check(77, 2, 12, ErrorCode::InvalidFetchSessionEpoch);
        check(77, 1, 13, ErrorCode::FetchSessionTopicIdError);
    }

    #[test]
    fn a_fetch_with_the_final_epoch_closes_its_session() {
        let sessions = Sessions::new(10);
        sessions.plan(&request(0, 0, &[0]), 12, 0, || 77).unwrap();
        let plan = sessions.plan(&request(77, -1, &[0]), 12, 0, || 78).unwrap();
        assert_eq!((plan.session_id, sessions.len()), (0, 0));
    }

    #[test]
    fn a_full_cache_gives_up_only_what_was_long_unused() {
        let sessions = Sessions::new(1);
        sessions.plan(&request(0, 0, &[0]), 12, 0, || 1).unwrap();
        let refused = sessions.plan(&request(0, 0, &[0]), 12, EVICTION_MS - 1, || 2).unwrap();
        assert_eq!(refused.session_id, 0);
        let opened = sessions.plan(&request(0, 0, &[0]), 12, EVICTION_MS, || 2).unwrap();
        assert_eq!((opened.session_id, sessions.len()), (2, 1));
    }

    #[test]
    fn a_partition_is_told_again_only_when_it_changed() {
        let sessions = Sessions::new(10);
        let full = sessions.plan(&request(0, 0, &[0, 1]), 12, 0, || 77).unwrap();
        let keys: Vec<PartitionKey> = full.wanted.iter().map(|wanted| wanted.key.clone()).collect();
        let told = Told { high_watermark: 9, log_start: 0 };
        assert!(full.must_tell(&keys[0], told, false));
        let next = sessions.plan(&request(77, 1, &[]), 12, 0, || 78).unwrap();
        assert!(!next.must_tell(&keys[0], told, false));
        assert!(next.must_tell(&keys[0], told, true));
        assert!(next.must_tell(&keys[0], Told { high_watermark: 10, ..told }, false));
        next.had_their_turn(&keys[..1]);
        let after = sessions.plan(&request(77, 2, &[]), 12, 0, || 78).unwrap();
        assert_eq!(read(&after), [1, 0]);
    }
}
