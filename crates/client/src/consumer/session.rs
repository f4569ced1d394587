//! The fetch session with one broker (KIP-227): what the broker remembers of what is wanted, so that a request names only what
//! changed. Pure.
//!
//! | the last answer | the next request |
//! |---|---|
//! | none yet, or one without a session | full, and asks for a session (id 0, epoch 0) |
//! | gave a session | names what changed since (its id, epoch + 1) |
//! | says that the session is not known | full, and asks for a session |
//! | did not come, or refuses the epoch | full, closes the old session and asks for a new one (its id, epoch 0) |

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ottla_wire::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use ottla_wire::messages::{FetchRequest, FetchResponse};
use ottla_wire::{ByteString, ErrorCode, Uuid};

use crate::{Epoch, Offset, TopicPartition};

/// The epoch of a request that asks for a session.
const INITIAL_EPOCH: i32 = 0;
/// The epoch of a request that closes one.
const FINAL_EPOCH: i32 = -1;

/// What is wanted of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) topic_id: Option<Uuid>,
    pub(super) offset: Offset,
    pub(super) bytes_max: i32,
    pub(super) leader_epoch: Option<Epoch>,
    pub(super) last_fetched_epoch: Option<Epoch>,
}

/// What is known of a session.
#[derive(Debug, Default)]
pub(super) struct FetchSession {
    /// 0 is none.
    id: i32,
    epoch: i32,
    /// What the broker remembers, once it answered.
    remembered: BTreeMap<TopicPartition, Wanted>,
}

impl FetchSession {
    /// A request for all of this; of what the broker remembers, only what changed is named.
    pub(super) fn request(&mut self, wanted: BTreeMap<TopicPartition, Wanted>) -> FetchRequest {
        let mut request =
            FetchRequest { session_id: self.id, session_epoch: self.epoch, ..FetchRequest::default() };
        if self.epoch == INITIAL_EPOCH {
            request.topics = named(wanted.iter());
        } else {
            let is_new = |(partition, wants): &(&TopicPartition, &Wanted)| {
                self.remembered.get(*partition) != Some(*wants)
            };
            request.topics = named(wanted.iter().filter(is_new));
            let is_gone = |(partition, was): &(&TopicPartition, &Wanted)| {
                // Of another topic of the same name: the broker remembers it by its id.
                wanted.get(*partition).is_none_or(|wants| wants.topic_id != was.topic_id)
            };
            request.forgotten_topics_data = forgotten(self.remembered.iter().filter(is_gone));
        }
        self.remembered = wanted;
        request
    }

    /// Whether all that is wanted can be named by topic ids, as Fetch does from version 13 on.
    pub(super) fn has_topic_ids(&self) -> bool {
        self.remembered.values().all(|wanted| wanted.topic_id.is_some())
    }

    /// What was asked of each partition.
    pub(super) fn asked(&self) -> &BTreeMap<TopicPartition, Wanted> {
        &self.remembered
    }

    /// The names of the topics that an answer may give by their ids.
    pub(super) fn topics(&self) -> HashMap<Uuid, Arc<str>> {
        let named = self.remembered.iter();
        named.filter_map(|(partition, wanted)| Some((wanted.topic_id?, partition.topic.clone()))).collect()
    }

    /// The broker answered; the error that it refused the whole request with, if it did.
    pub(super) fn answered(&mut self, response: &FetchResponse) -> Result<(), ErrorCode> {
        let code = ErrorCode::from_code(response.error_code).unwrap_or(ErrorCode::UnknownServerError);
        if code == ErrorCode::None {
            self.id = response.session_id;
            self.epoch = if self.id == 0 { INITIAL_EPOCH } else { self.epoch.checked_add(1).unwrap_or(1) };
            return Ok(());
        }
        if code == ErrorCode::FetchSessionIdNotFound {
            self.id = 0;
        }
        self.epoch = INITIAL_EPOCH;
        Err(code)
    }

    /// No answer came: what the broker remembers is not known.
    pub(super) fn failed(&mut self) {
        self.epoch = INITIAL_EPOCH;
    }

    /// A request that has the broker forget the session, if there is one.
    pub(super) fn closing(&self) -> Option<FetchRequest> {
        let request =
            FetchRequest { session_id: self.id, session_epoch: FINAL_EPOCH, ..FetchRequest::default() };
        (self.id != 0).then_some(request)
    }
}

fn named<'a>(wanted: impl Iterator<Item = (&'a TopicPartition, &'a Wanted)>) -> Vec<FetchTopic> {
    let mut topics: Vec<FetchTopic> = Vec::new();
    for (TopicPartition { topic, partition }, wants) in wanted {
        if topics.last().is_none_or(|last| *last.topic != **topic) {
            let topic_id = wants.topic_id.unwrap_or_default();
            topics.push(FetchTopic { topic: ByteString::from(&**topic), topic_id, partitions: Vec::new() });
        }
        let topic = topics.last_mut().expect("pushed if it was not there");
        topic.partitions.push(FetchPartition {
            partition: *partition,
            current_leader_epoch: wants.leader_epoch.unwrap_or(-1),
            fetch_offset: wants.offset,
            last_fetched_epoch: wants.last_fetched_epoch.unwrap_or(-1),
            partition_max_bytes: wants.bytes_max,
            ..FetchPartition::default()
        });
    }
    topics
}

fn forgotten<'a>(gone: impl Iterator<Item = (&'a TopicPartition, &'a Wanted)>) -> Vec<ForgottenTopic> {
    let mut topics: Vec<ForgottenTopic> = Vec::new();
    for (TopicPartition { topic, partition }, was) in gone {
        if topics.last().is_none_or(|last| *last.topic != **topic) {
            let topic_id = was.topic_id.unwrap_or_default();
            topics.push(ForgottenTopic {
                topic: ByteString::from(&**topic),
                topic_id,
                partitions: Vec::new(),
            });
        }
        topics.last_mut().expect("pushed if it was not there").partitions.push(*partition);
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(offsets: &[(i32, Offset)]) -> BTreeMap<TopicPartition, Wanted> {
        let one = |(partition, offset): &(i32, Offset)| {
            let wants = Wanted {
                topic_id: Some(Uuid::from_u128(1)),
                offset: *offset,
                bytes_max: 1,
                leader_epoch: None,
                last_fetched_epoch: None,
            };
            (TopicPartition::new("t", *partition), wants)
        };
        offsets.iter().map(one).collect()
    }

    /// Id, epoch, and the partitions that a request names and forgets.
    fn told(request: &FetchRequest) -> (i32, i32, Vec<i32>, Vec<i32>) {
        let named = request.topics.iter().flat_map(|topic| topic.partitions.iter().map(|p| p.partition));
        let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| topic.partitions.clone());
        (request.session_id, request.session_epoch, named.collect(), forgotten.collect())
    }

    fn answer(session_id: i32, code: ErrorCode) -> FetchResponse {
        FetchResponse { session_id, error_code: code.code(), ..FetchResponse::default() }
    }

    #[test]
    fn once_there_is_a_session_only_what_changed_is_named() {
        let mut session = FetchSession::default();
        assert_eq!(told(&session.request(wanted(&[(0, 5), (1, 5)]))), (0, 0, vec![0, 1], vec![]));
        session.answered(&answer(9, ErrorCode::None)).unwrap();
        assert_eq!(told(&session.request(wanted(&[(0, 5), (1, 6)]))), (9, 1, vec![1], vec![]));
        session.answered(&answer(9, ErrorCode::None)).unwrap();
        assert_eq!(told(&session.request(wanted(&[(1, 6), (2, 0)]))), (9, 2, vec![2], vec![0]));
    }

    #[test]
    fn without_a_session_every_request_names_all() {
        let mut session = FetchSession::default();
        for _ in 0..2 {
            assert_eq!(told(&session.request(wanted(&[(0, 5)]))), (0, 0, vec![0], vec![]));
            session.answered(&answer(0, ErrorCode::None)).unwrap();
        }
        assert!(session.closing().is_none());
    }

    #[test]
    fn after_a_failure_the_session_is_opened_anew() {
        let check = |fail: &dyn Fn(&mut FetchSession), id: i32| {
            let mut session = FetchSession::default();
            session.request(wanted(&[(0, 5)]));
            session.answered(&answer(9, ErrorCode::None)).unwrap();
            session.request(wanted(&[(0, 5)]));
            fail(&mut session);
            assert_eq!(told(&session.request(wanted(&[(0, 5)]))), (id, 0, vec![0], vec![]));
        };
        check(&FetchSession::failed, 9);
        for (code, id) in [(ErrorCode::FetchSessionIdNotFound, 0), (ErrorCode::InvalidFetchSessionEpoch, 9)] {
            check(&|session| assert_eq!(session.answered(&answer(0, code)), Err(code)), id);
        }
    }

    #[test]
    fn another_topic_of_the_same_name_replaces_what_was_remembered() {
        let mut session = FetchSession::default();
        session.request(wanted(&[(0, 5)]));
        session.answered(&answer(9, ErrorCode::None)).unwrap();
        let mut again = wanted(&[(0, 5)]);
        again.values_mut().for_each(|wants| wants.topic_id = Some(Uuid::from_u128(2)));
        let request = session.request(again);
        assert_eq!(told(&request), (9, 1, vec![0], vec![0]));
        assert_eq!(request.topics[0].topic_id, Uuid::from_u128(2));
        assert_eq!(request.forgotten_topics_data[0].topic_id, Uuid::from_u128(1));
    }

    #[test]
    fn epochs_begin_again_at_one_after_the_greatest() {
        let mut session = FetchSession { id: 9, epoch: i32::MAX, ..FetchSession::default() };
        session.answered(&answer(9, ErrorCode::None)).unwrap();
        assert_eq!(session.epoch, 1);
        assert_eq!(session.closing().unwrap().session_epoch, -1);
    }
}
