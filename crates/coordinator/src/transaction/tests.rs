//! Scenarios that need a whole shard, its log and a clock.

mod harness;

mod adding;
mod admin;
mod ending;
mod epochs;
mod initializing;
mod manifests;
mod restart;
mod timeouts;
mod walk;
