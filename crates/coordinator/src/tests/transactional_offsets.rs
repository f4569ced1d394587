//! Offsets that are committed within transactions.

use ottla_wire::{ErrorCode, messages::OffsetCommitRequest};

use super::harness::{Bench, GROUP, Join, commit, config, error, fetch};
use crate::{GroupState, Response, Ticket, TransactionEnd, TransactionalProducer};

const PRODUCER: TransactionalProducer = TransactionalProducer { id: 77, epoch: 3 };
const OTHER: TransactionalProducer = TransactionalProducer { id: 78, epoch: 0 };

impl Bench {
    fn start_commit_in_transaction(
        &mut self,
        producer: TransactionalProducer,
        request: &OffsetCommitRequest,
    ) -> Ticket {
        let context = self.context(5);
        self.ask(|shard, ticket, out| {
            shard.commit_offsets_in_transaction(&context, producer, request, ticket, out);
        })
    }

    fn commit_in_transaction(
        &mut self,
        producer: TransactionalProducer,
        request: &OffsetCommitRequest,
    ) -> ErrorCode {
        let ticket = self.start_commit_in_transaction(producer, request);
        match self.answer(ticket) {
            Some(Response::OffsetCommit(response)) => error(response.topics[0].partitions[0].error_code),
            other => panic!("expected an answer to a commit, got {other:?}"),
        }
    }

    /// Of partition 0 of topic "t", by nobody in particular.
    fn put(&mut self, producer: TransactionalProducer, offset: i64) -> ErrorCode {
        self.commit_in_transaction(producer, &commit(GROUP, "", -1, &[("t", 0, offset)]))
    }

    fn start_end(&mut self, producer: TransactionalProducer, committed: bool) -> Ticket {
        let end = TransactionEnd { producer, coordinator_epoch: 0, committed, transaction_version: 2 };
        self.ask(|shard, ticket, out| shard.end_transaction(end, ticket, out))
    }

    fn end(&mut self, producer: TransactionalProducer, committed: bool) -> ErrorCode {
        let ticket = self.start_end(producer, committed);
        match self.answer(ticket) {
            Some(Response::TransactionEnded(code)) => code,
            other => panic!("expected that a transaction ended, got {other:?}"),
        }
    }

    /// The offset of partition 0 of topic "t", and what a reader is told that wants no open transaction.
    fn told(&mut self) -> (i64, ErrorCode) {
        let asked = fetch(GROUP, Some(&[("t", 0)]));
        (self.fetch(&asked, false)[0].2, self.fetch(&asked, true)[0].3)
    }

    /// The same after a restart.
    fn restarted(&self) -> Bench {
        let mut bench = Bench::unloaded(config());
        for (offset, record) in (0..).zip(&self.log) {
            if let Some(end) = self.markers.get(&offset) {
                bench.shard.replay_end_of_transaction(end.producer.id, end.committed);
                continue;
            }
            let producer_id = self.transactional.get(&offset).copied().unwrap_or(-1);
            let replayed = bench.shard.replay(offset, producer_id, &record.key, record.value.as_ref());
            replayed.expect("we can read what we wrote");
        }
        bench
    }
}

const STABLE: ErrorCode = ErrorCode::None;
const UNSTABLE: ErrorCode = ErrorCode::UnstableOffsetCommit;

#[test]
fn offsets_count_once_their_transaction_is_committed() {
    enum Act {
        Put(TransactionalProducer, i64),
        Regular(i64),
        End(TransactionalProducer, bool),
    }
    use Act::{End, Put, Regular};
    let cases: [(&str, &[Act], (i64, ErrorCode)); 9] = [
        ("open", &[Put(PRODUCER, 5)], (-1, UNSTABLE)),
        ("committed", &[Put(PRODUCER, 5), End(PRODUCER, true)], (5, STABLE)),
        ("aborted", &[Put(PRODUCER, 5), End(PRODUCER, false)], (-1, STABLE)),
        ("aborted behind another", &[Regular(2), Put(PRODUCER, 5), End(PRODUCER, false)], (2, STABLE)),
        ("ended by another", &[Put(PRODUCER, 5), End(OTHER, true)], (-1, UNSTABLE)),
        ("a later regular one", &[Put(PRODUCER, 5), Regular(2), End(PRODUCER, true)], (2, STABLE)),
        ("twice in one", &[Put(PRODUCER, 5), Put(PRODUCER, 6), End(PRODUCER, true)], (6, STABLE)),
        ("of two at once, one open", &[Put(PRODUCER, 5), Put(OTHER, 6), End(PRODUCER, true)], (5, UNSTABLE)),
        (
            "of two at once the later record counts",
            &[Put(PRODUCER, 5), Put(OTHER, 6), End(OTHER, true), End(PRODUCER, true)],
            (6, STABLE),
        ),
    ];
    for (what, acts, expected) in cases {
        let mut bench = Bench::new(config());
        for act in acts {
            let done = match *act {
                Put(producer, offset) => bench.put(producer, offset),
                Regular(offset) => bench.commit("", -1, offset),
                End(producer, committed) => bench.end(producer, committed),
            };
            assert_eq!(done, ErrorCode::None, "{what}");
        }
        assert_eq!(bench.told(), expected, "{what}");
        assert_eq!(bench.restarted().told(), expected, "{what}, after a restart");
    }
}

#[test]
fn a_group_that_was_made_for_offsets_goes_when_they_are_aborted() {
    let mut bench = Bench::new(config());
    bench.put(PRODUCER, 5);
    assert_eq!(bench.shard.groups().map(|group| group.state).collect::<Vec<_>>(), [GroupState::Empty]);
    bench.end(PRODUCER, false);
    assert_eq!(bench.shard.groups().count(), 0);
}

#[test]
fn answers_wait_until_what_they_tell_is_durable() {
    let mut bench = Bench::new(config());
    bench.slow_disk = true;
    let put = bench.start_commit_in_transaction(PRODUCER, &commit(GROUP, "", -1, &[("t", 0, 5)]));
    assert_eq!(bench.answer(put), None);
    bench.flush();
    assert!(bench.answer(put).is_some());
    let end = bench.start_end(PRODUCER, true);
    let fetch = bench.start_fetch(&fetch(GROUP, None), true);
    assert_eq!((bench.answer(end), bench.answer(fetch)), (None, None));
    bench.flush();
    assert_eq!(bench.answer(end), Some(Response::TransactionEnded(ErrorCode::None)));
    assert!(bench.answer(fetch).is_some());
}

#[test]
fn what_cannot_be_appended_leaves_nothing_behind_and_may_be_tried_again() {
    let mut bench = Bench::new(config());
    for (append, told) in [
        (ErrorCode::InvalidTxnState, ErrorCode::InvalidTxnState),
        (ErrorCode::InvalidProducerEpoch, ErrorCode::InvalidProducerEpoch),
        (ErrorCode::KafkaStorageError, ErrorCode::NotCoordinator),
    ] {
        bench.append_error = Some(append);
        assert_eq!(bench.put(PRODUCER, 5), told);
        assert_eq!(bench.told(), (-1, STABLE));
    }
    bench.put(PRODUCER, 5);
    bench.append_error = Some(ErrorCode::KafkaStorageError);
    assert_eq!(bench.end(PRODUCER, true), ErrorCode::NotCoordinator);
    assert_eq!(bench.told(), (-1, UNSTABLE));
    assert_eq!(bench.end(PRODUCER, true), ErrorCode::None);
    assert_eq!(bench.told(), (5, STABLE));
}

#[test]
fn members_and_those_from_before_generations_were_told_commit_within_transactions() {
    let mut bench = Bench::new(config());
    let member = bench.stable_group(1).remove(0);
    let put = |bench: &mut Bench, group, member: &str, generation| {
        bench.commit_in_transaction(PRODUCER, &commit(group, member, generation, &[("t", 0, 5)]))
    };
    for (group, id, generation, expected) in [
        (GROUP, &*member, 1, ErrorCode::None),
        (GROUP, "", -1, ErrorCode::None),
        (GROUP, &*member, 2, ErrorCode::IllegalGeneration),
        (GROUP, "another", 1, ErrorCode::UnknownMemberId),
        (GROUP, "another", -1, ErrorCode::UnknownMemberId),
        ("new", "", -1, ErrorCode::None),
        ("new", "somebody", 1, ErrorCode::UnknownMemberId),
        ("unknown", "somebody", 1, ErrorCode::IllegalGeneration),
        ("", "", -1, ErrorCode::InvalidGroupId),
    ] {
        assert_eq!(put(&mut bench, group, id, generation), expected, "{group} {id} {generation}");
    }
}

#[test]
fn a_member_commits_within_a_transaction_while_it_waits_for_its_assignment() {
    let mut bench = Bench::new(config());
    let member = bench.completing_group(1).remove(0);
    let request = commit(GROUP, &member, 1, &[("t", 0, 5)]);
    assert_eq!(bench.commit_errors(&request, 9), [ErrorCode::RebalanceInProgress]);
    assert_eq!(bench.commit_in_transaction(PRODUCER, &request), ErrorCode::None);
    let _left = bench.start_join(&Join::new(&member));
    assert_eq!(bench.end(PRODUCER, true), ErrorCode::None);
    assert_eq!(bench.told(), (5, STABLE));
}
