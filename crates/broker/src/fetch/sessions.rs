//! Incremental fetch sessions (KIP-227): a consumer says once which partitions it reads and then only what changed; the
//! broker answers only with partitions that have something to say.
//!
//! | session id | epoch | meaning |
//! |---|---|---|
//! | any | 0 | a full fetch that opens a session; one with that id is closed |
//! | any | -1 | a full fetch without a session; one with that id is closed |
//! | not 0 | n > 0 | the n-th incremental fetch of that session |

use std::sync::{Arc, Mutex, MutexGuard};

use ottla_wire::{ErrorCode, messages::FetchRequest};
use rustc_hash::FxHashMap;

use super::session::{Session, wanted};

/// The epoch of a fetch that wants no session.
const FINAL_EPOCH: i32 = -1;
const INITIAL_EPOCH: i32 = 0;
/// The first version that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
/// A session that was used within this time is not given up for another one.
const EVICTION_MS: i64 = 120_000;

type Shared = Arc<Mutex<Session>>;

/// A fetch as the session layer has resolved it.
#[derive(Debug)]
pub(crate) struct Plan {
    session: Shared,
    /// Told in the response; 0 without a session.
    pub(crate) session_id: i32,
    /// Partitions with nothing to say are left out.
    pub(crate) is_incremental: bool,
}

/// The sessions of this broker, at most as many as configured.
#[derive(Debug)]
pub(crate) struct Sessions {
    by_id: Mutex<FxHashMap<i32, Shared>>,
    slots: usize,
}

impl Plan {
    fn full(session: Session) -> Plan {
        Plan { session_id: session.id, session: Arc::new(Mutex::new(session)), is_incremental: false }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Session> {
        lock(&self.session)
    }
}

impl Sessions {
    pub(crate) fn new(slots: usize) -> Sessions {
        Sessions { by_id: Mutex::default(), slots }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id().len()
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
                self.close(request.session_id);
                Ok(Plan::full(Session::once(request)))
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
        self.close(request.session_id);
        if wanted(request).next().is_none() {
            return Plan::full(Session::once(request));
        }
        let mut session = Session::new(uses_topic_ids, request, now_ms);
        let mut sessions = self.by_id();
        let Ok(evicted) = make_room(&mut sessions, self.slots, now_ms) else {
            drop(sessions);
            return Plan::full(session);
        };
        session.id = std::iter::repeat_with(&mut fresh_id)
            .find(|id| *id > 0 && !sessions.contains_key(id))
            .expect("there are more ids than slots");
        let plan = Plan::full(session);
        sessions.insert(plan.session_id, Arc::clone(&plan.session));
        drop(sessions);
        drop(evicted);
        plan
    }

    fn go_on(
        &self,
        request: &FetchRequest,
        epoch: i32,
        uses_topic_ids: bool,
        now_ms: i64,
    ) -> Result<Plan, ErrorCode> {
        let session = self.by_id().get(&request.session_id).map(Arc::clone);
        let session = session.ok_or(ErrorCode::FetchSessionIdNotFound)?;
        let mut locked = lock(&session);
        if locked.epoch != epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if locked.uses_topic_ids != uses_topic_ids {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        locked.update(request, now_ms);
        let session_id = locked.id;
        drop(locked);
        Ok(Plan { session, session_id, is_incremental: true })
    }

    fn close(&self, id: i32) {
        let closed = self.by_id().remove(&id);
        // Without the lock: it takes its leave of each partition.
        drop(closed);
    }

    fn by_id(&self) -> MutexGuard<'_, FxHashMap<i32, Shared>> {
        self.by_id.lock().expect("nobody panics with the lock held")
    }
}

/// All are in use.
struct Full;

/// Gives up the session that was unused for longest, if it was unused for long and there is no room otherwise.
fn make_room(
    sessions: &mut FxHashMap<i32, Shared>,
    slots: usize,
    now_ms: i64,
) -> Result<Option<Shared>, Full> {
    if sessions.len() < slots {
        return Ok(None);
    }
    let used = sessions.iter().map(|(id, session)| (*id, lock(session).used_ms));
    let (id, used_ms) = used.min_by_key(|(_, used)| *used).ok_or(Full)?;
    if now_ms - used_ms < EVICTION_MS { Err(Full) } else { Ok(sessions.remove(&id)) }
}

fn lock(session: &Shared) -> MutexGuard<'_, Session> {
    session.lock().expect("nobody panics with the lock held")
}

#[cfg(test)]
mod tests {
    use ottla_wire::messages::fetch_request::ForgottenTopic;

    use super::super::session::tests::{due, request};
    use super::*;

    fn read(plan: &Plan) -> Vec<i32> {
        due(&mut plan.lock())
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
        assert_eq!((plan.session_id, sessions.len(), read(&plan)), (0, 0, vec![0]));
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
    fn there_is_never_room_without_slots() {
        let plan = Sessions::new(0).plan(&request(0, 0, &[0]), 12, 0, || 1).unwrap();
        assert_eq!((plan.session_id, read(&plan)), (0, vec![0]));
    }
}
