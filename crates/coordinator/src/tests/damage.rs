//! Logs and requests that nobody sane has written.

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    acts::{act, play},
    harness::{Bench, Join, config},
};

proptest! {
    #[test]
    fn a_damaged_log_is_reported_or_read_but_never_ends_the_process(
        acts in prop::collection::vec(act(), 1..40),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..8),
        later in prop::collection::vec(act(), 0..20),
    ) {
        let mut written = Bench::new(config());
        play(&mut written, &acts);
        let mut records: Vec<(Vec<u8>, Option<Vec<u8>>)> = written
            .log
            .iter()
            .map(|record| (record.key.to_vec(), record.value.as_ref().map(|value| value.to_vec())))
            .collect();
        prop_assume!(!records.is_empty());
        for (record, at, byte) in damage {
            let record = record.get(&records).clone();
            let (key, mut value) = record;
            if let Some(value) = value.as_mut().filter(|value| !value.is_empty()) {
                let at = at.index(value.len());
                value[at] = byte;
            }
            records.push((key, value));
        }
        let mut bench = Bench::unloaded(config());
        for (key, value) in records {
            // What cannot be read is skipped here.
            bench.shard.replay(0, -1, &key.into(), value.map(Bytes::from).as_ref()).ok();
        }
        bench.run(crate::Shard::loaded);
        play(&mut bench, &later);
        bench.pass(24 * 3_600_000);
    }

    #[test]
    fn members_may_ask_for_any_timeouts_and_protocols(
        asked in prop::collection::vec((any::<i32>(), 6_000..1_800_000i32, prop::collection::vec(0..3usize, 0..4), any::<bool>()), 1..12),
    ) {
        let mut bench = Bench::new(config());
        for (rebalance, session, protocols, fixed) in asked {
            let names = ["a", "b", ""];
            let protocols = protocols.into_iter().map(|name| (names[name], Bytes::new())).collect();
            let instance = fixed.then_some("fixed");
            let join = Join { rebalance, session, protocols, instance, ..Join::at_once() };
            bench.start_join(&Join { version: i16::from(fixed) * 5, ..join });
            bench.pass(1_000);
        }
        bench.pass(24 * 3_600_000);
        prop_assert_eq!(bench.unanswered(), Vec::new());
        prop_assert_eq!(bench.shard.groups().count(), 0);
    }
}

#[test]
fn a_shard_can_be_owned_by_any_thread() {
    fn check<T: Send>() {}
    check::<crate::Shard>();
    check::<crate::Effect>();
}
