use ottla_wire::{ErrorCode, messages::describe_transactions_response::TopicData};

use super::harness::*;
use crate::{ListFilter, TransactionState};

#[test]
fn a_description_tells_what_is_still_to_be_ended() {
    let mut bench = Bench::new();
    assert_eq!(bench.shard.describe("").error_code, ErrorCode::InvalidRequest.code());
    assert_eq!(bench.shard.describe(ID).error_code, ErrorCode::TransactionalIdNotFound.code());
    bench.sleep(5);
    let writer = bench.begun(V2);
    let described = bench.shard.describe(ID);
    let told = (described.error_code, &*described.transaction_state, described.transaction_timeout_ms);
    assert_eq!(told, (0, "Ongoing", TIMEOUT));
    let who = (described.producer_id, described.producer_epoch, described.transaction_start_time_ms);
    assert_eq!(who, (writer.id, writer.epoch, START + 5));
    assert_eq!(described.topics, [TopicData { topic: "t".into(), partitions: vec![0, 1] }]);

    bench.end(writer, true, V2).unwrap();
    let markers = bench.sent[0].clone();
    bench.marked(&markers, &[at("t", 0)]);
    let described = bench.shard.describe(ID);
    assert_eq!(&*described.transaction_state, "PrepareCommit");
    assert_eq!(described.topics, [TopicData { topic: "t".into(), partitions: vec![1] }]);
}

#[test]
fn what_is_listed_passes_every_filter() {
    let mut bench = Bench::new();
    bench.begun(V2);
    bench.sleep(1000);
    let all: &dyn Fn(&str) -> bool = &|_| true;
    let check = |producer_ids: &[i64], states: Option<&[TransactionState]>, duration_ms, names, found| {
        let filter = ListFilter { producer_ids, states, duration_ms, names };
        let listed = bench.shard.list(&filter, bench.now());
        assert_eq!(!listed.is_empty(), found, "{filter:?}");
        for listed in listed {
            assert_eq!((&*listed.transactional_id, listed.producer_id), (ID, FIRST_ID));
            assert_eq!(&*listed.transaction_state, "Ongoing");
        }
    };
    check(&[], None, -1, all, true);
    check(&[FIRST_ID], None, -1, all, true);
    check(&[1], None, -1, all, false);
    check(&[], Some(&[TransactionState::Empty, TransactionState::Ongoing]), -1, all, true);
    check(&[], Some(&[]), -1, all, false);
    check(&[], None, 999, all, true);
    check(&[], None, 1000, all, false);
    check(&[], None, -1, &|id| id == "other", false);
}
