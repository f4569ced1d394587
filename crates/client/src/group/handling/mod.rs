//! Consuming by a handler: it is called once for each partition that the group gives, in a task of its own, and gets the records of
//! that partition in their order.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client) -> Result<(), ottla_client::group::HandlerError> {
//! use ottla_client::config::ConsumerConfig;
//! use ottla_client::group::{Claim, ConsumerGroup, GroupHandler, Handled, Session};
//!
//! struct Printer;
//!
//! impl GroupHandler for Printer {
//!     fn consume_claim<'a>(&'a self, session: &'a Session, mut claim: Claim) -> Handled<'a> {
//!         Box::pin(async move {
//!             while let Some(record) = claim.next().await {
//!                 println!("{} at {}", record.partition, record.offset);
//!                 session.mark(&record);
//!             }
//!             Ok(())
//!         })
//!     }
//! }
//!
//! let group = ConsumerGroup::new(client, ConsumerConfig::default().group_id("printers".to_owned()))?;
//! let one_minute = tokio::time::sleep(std::time::Duration::from_secs(60));
//! group.consume(["orders"], Printer, one_minute).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `session` | what a handler can ask and do |
//! | `claim` | one partition and its records |
//! | `sessions` | beginning and ending them, as rebalances have it |
//! | `runner` | the loop that polls and hands out |
//! | `batches` | a handler of many records at a time |

mod batches;
mod claim;
mod runner;
mod session;
mod sessions;

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;

pub use batches::{Batch, BatchHandler, BatchOptions, Batches, DeadLetters, OnFailure};
pub use claim::Claim;
pub use session::Session;

use super::Pattern;
use crate::config::ConsumerConfig;
use crate::consumer::Consumer;
use crate::{Client, Result};
use runner::Runner;

/// Why a handler gave up.
pub type HandlerError = Box<dyn StdError + Send + Sync>;

/// What a handler does, boxed: `Box::pin(async move { ... })`.
pub type Handled<'a> = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send + 'a>>;

/// What a program does with the partitions that its group gives it.
///
/// A session begins when the group gives partitions, and ends when it takes all of them: with an eager assignor at each rebalance.
/// With a cooperative one, and with the protocol `consumer`, it goes on while single partitions come and go. A member for which no
/// partition is left has a session without claims, which ends when some come.
///
/// An error ends [`ConsumerGroup::consume`], which returns it.
pub trait GroupHandler: Send + Sync + 'static {
    /// A session begins. Its claims are known, and none is consumed before this is done: the place to go to where they should not begin
    /// at what is committed ([`Session::reset_offset`]).
    fn setup<'a>(&'a self, _session: &'a Session) -> Handled<'a> {
        Box::pin(async { Ok(()) })
    }

    /// A partition of the session: called for each at the same time.
    ///
    /// It should return soon after [`Claim::next`] gave none: the group waits for it, and what was marked until then is committed.
    /// After `max.poll.interval.ms` it is ended. If it returns earlier, no more records of the partition are wanted.
    fn consume_claim<'a>(&'a self, session: &'a Session, claim: Claim) -> Handled<'a>;

    /// A session has ended, and all its claims. What was marked is committed after this, unless the partitions are others' already.
    fn cleanup<'a>(&'a self, _session: &'a Session) -> Handled<'a> {
        Box::pin(async { Ok(()) })
    }
}

/// A member of a group whose records go to a handler.
#[derive(Debug)]
pub struct ConsumerGroup {
    consumer: Arc<Consumer>,
    is_auto: bool,
}

impl ConsumerGroup {
    /// A member of the group that `group.id` names. With `enable.auto.commit` what is marked is committed every
    /// `auto.commit.interval.ms` and whenever partitions go; without, when the handler says so.
    ///
    /// [`crate::Error::Config`] if the options do not go together, or name no group.
    pub fn new(client: Client, config: ConsumerConfig) -> Result<ConsumerGroup> {
        let is_auto = config.enable_auto_commit;
        // Marks are committed, not what was handed out.
        let consumer = Consumer::new(client, config.enable_auto_commit(false))?;
        consumer.group_metadata()?;
        Ok(ConsumerGroup { consumer: Arc::new(consumer), is_auto })
    }

    /// The consumer below: for positions, offsets and lag, not to ask for records.
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Hands the records of these topics to the handler, over all rebalances, until `until` is done, be it a time
    /// (`tokio::time::sleep`) or a signal; then sessions end in good order, and the member leaves.
    ///
    /// It does not return with errors that may pass: those are logged. Dropped early, it leaves nothing in order: let `until` end it.
    pub async fn consume<T: Into<Arc<str>>>(
        &self,
        topics: impl IntoIterator<Item = T>,
        handler: impl GroupHandler,
        until: impl Future<Output = ()> + Send,
    ) -> Result<(), HandlerError> {
        self.consumer.subscribe(topics)?;
        Runner::new(self.consumer.clone(), Arc::new(handler), self.is_auto)?.run(until).await
    }

    /// The same with all topics of a pattern.
    pub async fn consume_pattern(
        &self,
        pattern: Pattern,
        handler: impl GroupHandler,
        until: impl Future<Output = ()> + Send,
    ) -> Result<(), HandlerError> {
        self.consumer.subscribe_pattern(pattern)?;
        Runner::new(self.consumer.clone(), Arc::new(handler), self.is_auto)?.run(until).await
    }
}
