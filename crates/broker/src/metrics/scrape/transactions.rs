//! Transactional ids: how many are in which state. Those that are still being loaded are left out.

use ottla_coordinator::TransactionState;

use crate::{
    Broker,
    metrics::text::{Exposition, Family, Labels},
};

const STATES: Family =
    Family::gauge("ottla_transactions", "Transactional ids by the state of their last transaction.");

pub(super) fn write(broker: &Broker, out: &mut Exposition<'_>) {
    let mut counts = TransactionState::ALL.map(|state| (state, 0u64));
    broker.transactions.look_at_serving(|shard| {
        for state in shard.states() {
            counts.iter_mut().filter(|(counted, _)| *counted == state).for_each(|(_, count)| *count += 1);
        }
    });
    let mut states = out.family(&STATES);
    for (state, count) in counts {
        states.put(&Labels::of("state", state.name()), count);
    }
}
