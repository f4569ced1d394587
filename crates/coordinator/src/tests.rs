//! Scenarios that need a whole shard, its log and a clock.

mod harness;

mod acts;
mod damage;
mod failures;
mod manifests;
mod membership;
mod offsets;
mod others;
mod restart;
mod states;
mod static_members;
mod timeouts;
mod transactional_offsets;
