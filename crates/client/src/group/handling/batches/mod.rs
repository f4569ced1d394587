//! Handling records in batches: up to so many of a partition, or what came within a time; several batches at the same time, if that
//! is wanted; and each again, after a pause, when it failed.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client) -> Result<(), ottla_client::group::HandlerError> {
//! use ottla_client::config::ConsumerConfig;
//! use ottla_client::group::{
//!     Batch, BatchHandler, BatchOptions, Batches, ConsumerGroup, DeadLetters, Handled, OnFailure,
//! };
//!
//! struct Rows;
//!
//! impl BatchHandler for Rows {
//!     fn handle<'a>(&'a self, batch: Batch<'a>) -> Handled<'a> {
//!         Box::pin(async move {
//!             println!("{} rows of {}", batch.records().len(), batch.partition());
//!             Ok(())
//!         })
//!     }
//! }
//!
//! let letters = DeadLetters::new(&client, "orders.dead")?;
//! let options = BatchOptions::default().records_max(100_usize).on_failure(OnFailure::DeadLetters(letters));
//! let group = ConsumerGroup::new(client, ConsumerConfig::default().group_id("rows".to_owned()))?;
//! let one_minute = tokio::time::sleep(std::time::Duration::from_secs(60));
//! group.consume(["orders"], Batches::new(Rows, options), one_minute).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `options` | how large, how many at a time, how often |
//! | `filling` | the loop of one partition: fills batches and marks what is handled |
//! | `work` | one batch until it is handled or given up |
//! | `progress` | up to where everything is handled |
//! | `dead_letters` | where records go that keep failing |

mod dead_letters;
mod filling;
mod options;
mod progress;
mod work;

use std::sync::Arc;

pub use dead_letters::DeadLetters;
pub use options::{BatchOptions, OnFailure};

use super::{Claim, GroupHandler, Handled, Session};
use crate::TopicPartition;
use crate::consumer::ConsumerRecord;
use filling::Filling;

/// Records of one partition, in their order; there is at least one.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    records: &'a [ConsumerRecord],
    attempt: u32,
}

impl<'a> Batch<'a> {
    /// The records.
    pub fn records(&self) -> &'a [ConsumerRecord] {
        self.records
    }

    /// Their partition.
    pub fn partition(&self) -> &'a TopicPartition {
        &self.records[0].partition
    }

    /// How often they are handled, this time included: 1 is the first time.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// What a program does with batches.
pub trait BatchHandler: Send + Sync + 'static {
    /// Handles all records of a batch, or none: after an error the same batch comes again. One that keeps failing is taken apart, and
    /// each of its records comes alone.
    fn handle<'a>(&'a self, batch: Batch<'a>) -> Handled<'a>;
}

/// A handler of batches as a [`GroupHandler`].
///
/// What the group goes on with is the first record that is not handled, whatever behind it is: records come again after a failure, and
/// none is passed over. With `enable.auto.commit` that is committed every `auto.commit.interval.ms` and when partitions go; else set
/// [`BatchOptions::commit_each`].
///
/// When a partition goes to another member, the batches that are being handled are waited for, and not tried again.
#[derive(Debug)]
pub struct Batches<H> {
    handler: Arc<H>,
    options: Arc<BatchOptions>,
}

impl<H: BatchHandler> Batches<H> {
    /// Batches of these options for a handler.
    pub fn new(handler: H, options: BatchOptions) -> Batches<H> {
        Batches { handler: Arc::new(handler), options: Arc::new(options) }
    }
}

impl<H: BatchHandler> GroupHandler for Batches<H> {
    fn consume_claim<'a>(&'a self, session: &'a Session, claim: Claim) -> Handled<'a> {
        Box::pin(Filling::new(self, session, claim).run())
    }
}
