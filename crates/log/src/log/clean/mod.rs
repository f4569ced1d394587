//! Compaction: of the records that have the same key, the last one stays.
//!
//! ```text
//! 0            first dirty                end            active segment
//! |-- clean ------|-------- dirty ---------|--- not yet ------|------->
//!    no key twice     a later record may supersede both
//! ```
//! One round reads the dirty part into a map from keys to their last offsets, then rewrites everything up to its end
//! without the records that the map supersedes. Small segments are merged. A round has three steps:
//!
//! 1. [`crate::Log::plan_cleaning`], under the partition's lock, says what is read;
//! 2. [`Cleaning::run`] does the work, without the lock, beside the files in use (`.cleaned`, then `.swap`);
//! 3. [`crate::Log::install`], under the lock, puts the new files in the place of the old ones.
//!
//! A crash at any point leaves the old segments or the new ones: opening the log removes `.cleaned` and completes
//! `.swap`.
//!
//! What a consumer may rely on stays: a record keeps its offset, a batch its base and last offset; tombstones and
//! transaction markers are kept for `delete.retention.ms` after the round that could first have dropped them
//! (KIP-534); of each producer the batch with its last sequence stays, empty if need be. Messages of the old versions 0
//! and 1 are carried along as they are.

mod filter;
mod install;
mod keys;
mod plan;
mod rewrite;
mod run;
mod transactions;

#[cfg(test)]
mod tests;

pub use install::Installed;
pub use plan::{Cleanable, Cleaning, LastRecord};
pub use run::Cleaned;
