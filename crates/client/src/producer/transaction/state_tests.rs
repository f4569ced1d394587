use ottla_wire::ApiKey;

use super::TransactionVersion::{V1, V2};
use super::*;
use crate::clock;
use crate::error::ResponseError;
use crate::group::{CommittedOffset, GroupMetadata};

const FIRST: Identity = Identity { id: 7, epoch: 0 };
const SECOND: Identity = Identity { id: 7, epoch: 1 };

/// A producer without a network: time goes on when it is told to.
struct Bench {
    transactions: Transactions,
    now: Instant,
}

impl Bench {
    fn new() -> Bench {
        let backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(1) };
        Bench { transactions: Transactions::new("t".into(), backoff), now: clock::now() }
    }

    fn initialized(version: TransactionVersion) -> Bench {
        let mut bench = Bench::new();
        let completion = bench.transactions.init().unwrap();
        bench.expect(Step::Init(None), Ok(Done::Initialized(FIRST, version)));
        assert!(matches!(completion.now(), Some(Ok(()))));
        bench
    }

    fn begun(version: TransactionVersion) -> Bench {
        let mut bench = Bench::initialized(version);
        bench.transactions.begin().unwrap();
        bench
    }

    fn next(&mut self) -> Next {
        self.transactions.next(self.now, true)
    }

    /// This is asked now, and answered so.
    fn expect(&mut self, step: Step, outcome: Result<Done>) {
        assert_eq!(self.next(), Next::Now(step));
        assert_eq!(self.next(), Next::Later, "one thing is asked at a time");
        self.transactions.came_back(outcome, 0.5, self.now);
    }

    fn is_idle(&mut self) -> bool {
        self.next() == Next::Later
    }

    /// Past any pause.
    fn rest(&mut self) {
        self.now += Duration::from_secs(2);
    }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new("orders", number)
}

fn partitions(numbers: &[i32]) -> BTreeSet<TopicPartition> {
    numbers.iter().copied().map(partition).collect()
}

fn offsets(group: &str) -> Offsets {
    Offsets { group: GroupMetadata::new(group), offsets: vec![(partition(0), CommittedOffset::new(5))] }
}

fn end(identity: Identity, version: TransactionVersion, is_commit: bool) -> Step {
    Step::End { identity, version, is_commit }
}

fn refused(code: ErrorCode) -> Error {
    ResponseError::new(ApiKey::EndTxn, code.code()).into()
}

fn lost() -> Error {
    Error::Disconnected { broker: "b:9092".into(), api: ApiKey::EndTxn, reason: "cut".into() }
}

#[test]
fn with_v1_the_coordinator_is_told_of_partitions_before_they_are_sent_to() {
    let mut bench = Bench::begun(V1);
    for number in [1, 2, 1] {
        bench.transactions.add_partition(&partition(number));
    }
    assert!(!bench.transactions.may_send_to(&partition(1)));
    bench.expect(Step::AddPartitions(FIRST, partitions(&[1, 2])), Ok(Done::Taken));
    assert!(bench.transactions.may_send_to(&partition(1)));
    let completion = bench.transactions.commit().unwrap();
    assert_eq!(bench.transactions.next(bench.now, false), Next::Later, "not everything is delivered");
    bench.expect(end(FIRST, V1, true), Ok(Done::Ended(None)));
    assert!(matches!(completion.now(), Some(Ok(()))));
    assert_eq!(bench.transactions.identity(), Some(FIRST));

    bench.transactions.begin().unwrap();
    bench.transactions.add_partition(&partition(1));
    assert!(!bench.transactions.may_send_to(&partition(1)), "each transaction has its own");
}

#[test]
fn with_v2_brokers_tell_and_each_transaction_has_an_epoch_of_its_own() {
    let mut bench = Bench::begun(V2);
    bench.transactions.add_partition(&partition(1));
    assert!(bench.transactions.may_send_to(&partition(1)));
    assert!(bench.is_idle());
    bench.transactions.commit().unwrap();
    bench.expect(end(FIRST, V2, true), Ok(Done::Ended(Some(SECOND))));
    assert_eq!(bench.transactions.identity(), Some(SECOND));
}

#[test]
fn of_a_transaction_with_nothing_in_it_nobody_is_told() {
    for version in [V1, V2] {
        let mut bench = Bench::begun(version);
        let committed = bench.transactions.commit().unwrap();
        assert!(bench.is_idle());
        assert!(matches!(committed.now(), Some(Ok(()))));
        bench.transactions.begin().unwrap();
        let aborted = bench.transactions.abort().unwrap();
        assert!(bench.is_idle());
        assert!(matches!(aborted.now(), Some(Ok(()))));
    }
}

#[test]
fn offsets_are_committed_before_the_transaction_is() {
    for version in [V1, V2] {
        let mut bench = Bench::begun(version);
        let completions: Vec<_> =
            ["g", "g"].map(|group| bench.transactions.add_offsets(offsets(group)).unwrap()).into();
        bench.transactions.commit().unwrap();
        if version == V1 {
            bench.expect(Step::AddGroup(FIRST, "g".into()), Ok(Done::Taken));
        }
        for completion in completions {
            assert!(completion.now().is_none());
            bench.expect(Step::CommitOffsets(FIRST, version, offsets("g")), Ok(Done::Taken));
            assert!(matches!(completion.now(), Some(Ok(()))));
        }
        bench.expect(end(FIRST, version, true), Ok(Done::Ended(None)));
    }
}

#[test]
fn after_a_batch_that_failed_the_transaction_can_only_be_aborted_and_numbers_begin_anew() {
    for version in [V1, V2] {
        let mut bench = Bench::begun(version);
        bench.transactions.add_partition(&partition(1));
        if version == V1 {
            bench.expect(Step::AddPartitions(FIRST, partitions(&[1])), Ok(Done::Taken));
        }
        let committing = bench.transactions.commit().unwrap();
        bench.transactions.lost_numbers();
        bench.transactions.batch_failed(refused(ErrorCode::MessageTooLarge));
        let error = committing.now().expect("it ended").unwrap_err();
        assert!(error.is_abortable() && error.code() == Some(ErrorCode::MessageTooLarge), "{error}");
        assert!(bench.transactions.commit().unwrap_err().is_abortable());
        assert!(bench.transactions.check_open().unwrap_err().is_abortable());
        assert!(bench.is_idle());

        let aborting = bench.transactions.abort().unwrap();
        let next = (version == V2).then_some(SECOND);
        bench.expect(end(FIRST, version, false), Ok(Done::Ended(next)));
        if version == V1 {
            assert!(aborting.now().is_none());
            bench.expect(Step::Init(Some(FIRST)), Ok(Done::Initialized(SECOND, V1)));
        }
        assert!(matches!(aborting.now(), Some(Ok(()))));
        assert_eq!(bench.transactions.identity(), Some(SECOND));
        bench.transactions.begin().unwrap();
    }
}

/// What an answer to a step leaves the producer in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    TriesAgain,
    MustAbort,
    IsOver,
}

fn check_refusal(of: fn(&mut Bench) -> Step, code: ErrorCode, expected: Left) {
    let mut bench = Bench::begun(V1);
    let step = of(&mut bench);
    bench.expect(step.clone(), Err(refused(code)));
    bench.rest();
    let found = match bench.next() {
        Next::Now(again) if again == step => Left::TriesAgain,
        Next::Later if bench.transactions.is_over() => Left::IsOver,
        Next::Later if bench.transactions.check_open().is_err_and(|error| error.is_abortable()) => {
            Left::MustAbort
        }
        other @ (Next::Now(_) | Next::At(_) | Next::Later) => panic!("{step:?} {code}: {other:?}"),
    };
    assert_eq!(found, expected, "{step:?} {code}");
}

#[test]
fn what_a_refusal_means_depends_on_what_was_asked() {
    let adds: fn(&mut Bench) -> Step = |bench| {
        bench.transactions.add_partition(&partition(1));
        Step::AddPartitions(FIRST, partitions(&[1]))
    };
    let commits_offsets: fn(&mut Bench) -> Step = |bench| {
        let step = adds_group(bench);
        bench.expect(step, Ok(Done::Taken));
        Step::CommitOffsets(FIRST, V1, offsets("g"))
    };
    let ends: fn(&mut Bench) -> Step = |bench| {
        bench.transactions.add_partition(&partition(1));
        bench.expect(Step::AddPartitions(FIRST, partitions(&[1])), Ok(Done::Taken));
        bench.transactions.commit().unwrap();
        end(FIRST, V1, true)
    };
    for asks in [adds, adds_group as fn(&mut Bench) -> Step, commits_offsets, ends] {
        for code in [
            ErrorCode::NotCoordinator,
            ErrorCode::CoordinatorLoadInProgress,
            ErrorCode::ConcurrentTransactions,
        ] {
            check_refusal(asks, code, Left::TriesAgain);
        }
        check_refusal(asks, ErrorCode::TransactionAbortable, Left::MustAbort);
        for code in [
            ErrorCode::ProducerFenced,
            ErrorCode::InvalidProducerEpoch,
            ErrorCode::TransactionalIdAuthorizationFailed,
            ErrorCode::InvalidTxnState,
        ] {
            check_refusal(asks, code, Left::IsOver);
        }
    }
    for (asks, code) in [
        (adds, ErrorCode::TopicAuthorizationFailed),
        (adds_group, ErrorCode::GroupAuthorizationFailed),
        (commits_offsets, ErrorCode::UnknownMemberId),
        (commits_offsets, ErrorCode::IllegalGeneration),
        (commits_offsets, ErrorCode::FencedInstanceId),
    ] {
        check_refusal(asks, code, Left::MustAbort);
    }
}

fn adds_group(bench: &mut Bench) -> Step {
    bench.transactions.add_offsets(offsets("g")).unwrap();
    Step::AddGroup(FIRST, "g".into())
}

#[test]
fn being_fenced_is_told_as_that_by_everything() {
    let mut bench = Bench::begun(V2);
    let offsets = bench.transactions.add_offsets(offsets("g")).unwrap();
    assert!(matches!(bench.next(), Next::Now(Step::CommitOffsets(..))));
    bench.transactions.came_back(Err(refused(ErrorCode::ProducerFenced)), 0.5, bench.now);
    let is_fencing = |error: Error| matches!(error, Error::ProducerFenced { .. }) && error.is_fatal();
    assert!(is_fencing(offsets.now().expect("it ended").unwrap_err()));
    assert!(is_fencing(bench.transactions.commit().unwrap_err()));
    assert!(is_fencing(bench.transactions.abort().unwrap_err()));
    assert!(is_fencing(bench.transactions.begin().unwrap_err()));
    assert!(is_fencing(bench.transactions.refusal().unwrap()));
}

#[test]
fn an_epoch_that_a_leader_does_not_take_is_for_the_coordinator_to_judge() {
    let mut bench = Bench::begun(V2);
    bench.transactions.add_partition(&partition(1));
    bench.transactions.batch_failed(refused(ErrorCode::InvalidProducerEpoch));
    assert!(!bench.transactions.is_over());
    bench.transactions.abort().unwrap();
    bench.expect(end(FIRST, V2, false), Err(refused(ErrorCode::ProducerFenced)));
    assert!(bench.transactions.is_over());
}

#[test]
fn an_abort_waits_for_what_the_coordinator_may_have_heard_and_drops_what_it_refused() {
    for (failure, is_asked_again) in [(lost(), true), (refused(ErrorCode::UnknownTopicOrPartition), false)] {
        let mut bench = Bench::begun(V1);
        bench.transactions.add_partition(&partition(1));
        let step = Step::AddPartitions(FIRST, partitions(&[1]));
        bench.expect(step.clone(), Err(failure));
        let aborted = bench.transactions.abort().unwrap();
        bench.rest();
        if is_asked_again {
            bench.expect(step, Ok(Done::Taken));
            bench.expect(end(FIRST, V1, false), Ok(Done::Ended(None)));
        } else {
            assert!(bench.is_idle());
        }
        assert!(matches!(aborted.now(), Some(Ok(()))));
    }
}

/// Tells of a partition in a request that is lost, and refused when it is made again; what the abort after or before that does.
fn check_lost_then_refused(is_aborted_before: bool, had_begun: bool) {
    let mut bench = Bench::begun(V1);
    bench.transactions.add_partition(&partition(1));
    let adds = Step::AddPartitions(FIRST, partitions(&[1]));
    bench.expect(adds.clone(), Err(lost()));
    let before = is_aborted_before.then(|| bench.transactions.abort().unwrap());
    bench.rest();
    bench.expect(adds, Err(refused(ErrorCode::TopicAuthorizationFailed)));
    let aborted = before.unwrap_or_else(|| bench.transactions.abort().unwrap());
    let outcome = if had_begun { Ok(Done::Ended(None)) } else { Err(refused(ErrorCode::InvalidTxnState)) };
    bench.expect(end(FIRST, V1, false), outcome);
    assert!(matches!(aborted.now(), Some(Ok(()))), "{is_aborted_before} {had_begun}");
    bench.transactions.begin().unwrap();
    bench.transactions.abort().unwrap();
    assert!(bench.is_idle(), "of the next one the coordinator has heard nothing");
}

#[test]
fn what_was_lost_and_then_refused_may_have_begun_a_transaction_which_is_ended() {
    for is_aborted_before in [true, false] {
        for had_begun in [true, false] {
            check_lost_then_refused(is_aborted_before, had_begun);
        }
    }
}

#[test]
fn a_cluster_that_goes_over_to_v2_has_the_next_transaction_begin_with_a_new_epoch() {
    let mut bench = Bench::begun(V1);
    bench.transactions.add_partition(&partition(1));
    bench.expect(Step::AddPartitions(FIRST, partitions(&[1])), Ok(Done::Taken));
    bench.transactions.agree(V2);
    assert_eq!(bench.transactions.version(), V1, "it goes on as it began");
    let committed = bench.transactions.commit().unwrap();
    bench.expect(end(FIRST, V1, true), Ok(Done::Ended(None)));
    assert!(committed.now().is_none());
    bench.expect(Step::Init(Some(FIRST)), Ok(Done::Initialized(SECOND, V2)));
    assert!(matches!(committed.now(), Some(Ok(()))));
    assert_eq!((bench.transactions.version(), bench.transactions.identity()), (V2, Some(SECOND)));

    bench.transactions.begin().unwrap();
    bench.transactions.add_partition(&partition(1));
    bench.transactions.agree(V1);
    bench.transactions.commit().unwrap();
    bench.expect(end(SECOND, V2, true), Ok(Done::Ended(None)));
    assert_eq!(bench.transactions.version(), V1, "and back");
}

#[test]
fn offsets_that_cannot_be_committed_do_not_hold_an_abort_up() {
    let mut bench = Bench::begun(V2);
    let completion = bench.transactions.add_offsets(offsets("g")).unwrap();
    bench.expect(Step::CommitOffsets(FIRST, V2, offsets("g")), Err(lost()));
    bench.transactions.abort().unwrap();
    assert!(matches!(completion.now(), Some(Err(Error::TransactionAborted))));
    bench.expect(end(FIRST, V2, false), Ok(Done::Ended(Some(SECOND))));
}

/// An abort comes while a step is under way, which is then refused.
fn check_refused_under_an_abort(asks: fn(&mut Bench) -> Step, code: ErrorCode, expected: Option<Step>) {
    let mut bench = Bench::begun(V1);
    let step = asks(&mut bench);
    assert_eq!(bench.next(), Next::Now(step.clone()));
    let aborted = bench.transactions.abort().unwrap();
    bench.transactions.came_back(Err(refused(code)), 0.5, bench.now);
    match expected {
        Some(end) => bench.expect(end, Ok(Done::Ended(None))),
        None => assert!(bench.is_idle(), "{step:?} {code}"),
    }
    assert!(matches!(aborted.now(), Some(Ok(()))), "{step:?} {code}");
    bench.transactions.begin().unwrap();
}

#[test]
fn what_is_refused_while_it_is_aborted_does_not_end_the_abort() {
    let adds: fn(&mut Bench) -> Step = |bench| {
        bench.transactions.add_partition(&partition(1));
        Step::AddPartitions(FIRST, partitions(&[1]))
    };
    let commits_offsets: fn(&mut Bench) -> Step = |bench| {
        let step = adds_group(bench);
        bench.expect(step, Ok(Done::Taken));
        Step::CommitOffsets(FIRST, V1, offsets("g"))
    };
    let end = end(FIRST, V1, false);
    check_refused_under_an_abort(adds, ErrorCode::TopicAuthorizationFailed, None);
    check_refused_under_an_abort(adds_group, ErrorCode::GroupAuthorizationFailed, None);
    for code in [ErrorCode::IllegalGeneration, ErrorCode::TransactionAbortable] {
        check_refused_under_an_abort(commits_offsets, code, Some(end.clone()));
    }
}

#[test]
fn the_end_of_the_transaction_before_is_waited_for_with_short_pauses() {
    for (code, expected) in [(ErrorCode::ConcurrentTransactions, 20), (ErrorCode::NotCoordinator, 100)] {
        let mut bench = Bench::begun(V1);
        bench.transactions.add_partition(&partition(1));
        bench.expect(Step::AddPartitions(FIRST, partitions(&[1])), Err(refused(code)));
        assert_eq!(bench.next(), Next::At(bench.now + Duration::from_millis(expected)), "{code}");
    }
}

#[test]
fn batches_that_fail_under_an_abort_do_not_end_it() {
    let mut bench = Bench::begun(V2);
    bench.transactions.add_partition(&partition(1));
    let aborted = bench.transactions.abort().unwrap();
    bench.transactions.batch_failed(Error::TransactionAborted);
    bench.expect(end(FIRST, V2, false), Ok(Done::Ended(Some(SECOND))));
    assert!(matches!(aborted.now(), Some(Ok(()))));
}

#[test]
fn whoever_asks_again_waits_for_the_same() {
    let mut bench = Bench::new();
    let waiting = [bench.transactions.init().unwrap(), bench.transactions.init().unwrap()];
    bench.expect(Step::Init(None), Err(lost()));
    bench.rest();
    bench.expect(Step::Init(None), Ok(Done::Initialized(FIRST, V2)));
    assert!(waiting.iter().all(|completion| matches!(completion.now(), Some(Ok(())))));
    bench.transactions.begin().unwrap();
    bench.transactions.add_partition(&partition(1));
    let waiting = [bench.transactions.commit().unwrap(), bench.transactions.commit().unwrap()];
    bench.expect(end(FIRST, V2, true), Ok(Done::Ended(Some(SECOND))));
    assert!(waiting.iter().all(|completion| matches!(completion.now(), Some(Ok(())))));
}

#[test]
fn calls_that_do_not_go_with_the_state_are_refused_and_change_nothing() {
    fn is_misuse<T>(result: Result<T>) -> bool {
        matches!(result, Err(Error::TransactionState(_)))
    }
    let mut new = Bench::new().transactions;
    assert!(is_misuse(new.begin()) && is_misuse(new.commit()) && is_misuse(new.abort()));
    let mut ready = Bench::initialized(V1).transactions;
    assert!(is_misuse(ready.init()) && is_misuse(ready.commit()) && is_misuse(ready.abort()));
    assert!(is_misuse(ready.check_open()) && is_misuse(ready.add_offsets(offsets("g"))));
    let mut open = Bench::begun(V1).transactions;
    assert!(is_misuse(open.begin()) && is_misuse(open.init()));
    open.commit().unwrap();
    assert!(is_misuse(open.begin()) && is_misuse(open.abort()) && is_misuse(open.check_open()));
    let mut aborting = Bench::begun(V1).transactions;
    aborting.abort().unwrap();
    assert!(is_misuse(aborting.begin()) && is_misuse(aborting.commit()) && is_misuse(aborting.check_open()));
}

#[test]
fn what_comes_back_after_the_end_changes_nothing() {
    let mut bench = Bench::new();
    let waiting = bench.transactions.init().unwrap();
    assert_eq!(bench.next(), Next::Now(Step::Init(None)));
    bench.transactions.over(&Error::Closed("the producer"));
    bench.transactions.came_back(Ok(Done::Initialized(FIRST, V1)), 0.5, bench.now);
    assert!(matches!(waiting.now(), Some(Err(Error::Closed(_)))));
    assert!(bench.is_idle());
}
