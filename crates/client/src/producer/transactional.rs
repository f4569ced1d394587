//! Transactions, as the application sees them.

use tokio::time::timeout;

use super::transaction::{Completion, Offsets};
use super::{Producer, Shared};
use crate::group::{CommittedOffset, GroupMetadata};
use crate::{Error, Result, TopicPartition};

/// A producer with a `transactional.id` sends within transactions alone: what was sent in one becomes visible to consumers that
/// read committed records when it is committed, all of it, or never.
///
/// What goes wrong is told as one of three:
///
/// - [`Error::is_abortable`]: the transaction is lost. Abort it, and begin another.
/// - [`Error::is_fatal`], [`Error::ProducerFenced`] above all: the producer is of no use any more.
/// - [`Error::Timeout`]: it goes on; make the same call again to wait longer.
///
/// ```no_run
/// # async fn example() -> Result<(), ottla_client::Error> {
/// use ottla_client::config::{ClientConfig, ProducerConfig};
/// use ottla_client::producer::{Producer, ProducerRecord};
///
/// let options = ProducerConfig::default().transactional_id(Some("booking-1".to_owned()));
/// let producer = Producer::new(ClientConfig::new("localhost:9092"), options)?;
/// producer.init_transactions().await?;
/// producer
///     .in_transaction(async || {
///         // The commit waits for both deliveries.
///         let _debit = producer.send(ProducerRecord::new("debits").key("7").value("-20")).await?;
///         let _credit = producer.send(ProducerRecord::new("credits").key("9").value("20")).await?;
///         Ok::<_, ottla_client::Error>(())
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
impl Producer {
    /// Makes the producer the only one with its `transactional.id`: whatever one before it left open is ended first, and it is
    /// fenced. Comes once, before all else.
    ///
    /// Waits no longer than `max.block.ms`. Cancel-safe: dropped early, it goes on; call it again to wait for it.
    pub async fn init_transactions(&self) -> Result<()> {
        let shared = self.shared();
        let completion = shared.accumulator().init_transactions()?;
        shared.completed("initializing transactions", completion).await
    }

    /// Begins a transaction: what is sent from now on belongs to it. Asks nobody.
    ///
    /// [`Error::TransactionState`] if there is one, or transactions were not initialized.
    pub fn begin_transaction(&self) -> Result<()> {
        self.shared().accumulator().begin_transaction()
    }

    /// Has offsets of a group committed together with the open transaction: where the group goes on once what was made of its
    /// records is visible. `group` is who consumed them: the coordinator refuses a member that is not one any more.
    ///
    /// Waits until the group's coordinator has them, no longer than `max.block.ms`. Cancel-safe: dropped early, it goes on, and a
    /// commit waits for it.
    pub async fn send_offsets_to_transaction(
        &self,
        offsets: impl IntoIterator<Item = (TopicPartition, CommittedOffset)>,
        group: &GroupMetadata,
    ) -> Result<()> {
        let offsets = Offsets { group: group.clone(), offsets: offsets.into_iter().collect() };
        if offsets.offsets.is_empty() {
            return Ok(());
        }
        let completion = self.shared().accumulator().add_offsets(offsets)?;
        self.shared().completed("committing offsets in a transaction", completion).await
    }

    /// Delivers everything that was sent in the transaction, and commits it. If anything was not delivered it is not committed,
    /// and must be aborted.
    ///
    /// Waits no longer than `max.block.ms`. Cancel-safe: dropped early, it goes on; call it again to wait for it.
    pub async fn commit_transaction(&self) -> Result<()> {
        let completion = self.shared().accumulator().commit_transaction()?;
        self.shared().completed("committing a transaction", completion).await
    }

    /// Aborts the transaction: nobody who reads committed records will see it. What was not sent yet is not sent any more, and
    /// fails with [`Error::TransactionAborted`].
    ///
    /// Waits no longer than `max.block.ms`. Cancel-safe: dropped early, it goes on; call it again to wait for it.
    pub async fn abort_transaction(&self) -> Result<()> {
        let completion = self.shared().accumulator().abort_transaction()?;
        self.shared().completed("aborting a transaction", completion).await
    }

    /// Begins a transaction, does some work, and commits it; or aborts it if the work fails, or cannot be committed. Nobody needs
    /// to wait for the deliveries of single records: the commit does.
    ///
    /// The error is that of the work, or of begin or commit. After [`Error::Timeout`] of the commit it is still under way.
    ///
    /// Not cancel-safe: dropped early, the transaction may be open, or its end under way.
    pub async fn in_transaction<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin_transaction()?;
        let error = match work().await {
            Ok(value) => match self.commit_transaction().await {
                Ok(()) => return Ok(value),
                Err(error) => error.into(),
            },
            Err(error) => error,
        };
        self.abort_what_is_open().await;
        Err(error)
    }

    /// Whoever calls has an error to tell already, or nobody to tell it to.
    pub(crate) async fn abort_what_is_open(&self) {
        if self.shared().accumulator().leaves_transaction_open()
            && let Err(error) = self.abort_transaction().await
        {
            tracing::warn!(target: "ottla_client::transaction", %error, "the transaction is left to its timeout");
        }
    }

    fn shared(&self) -> &Shared {
        &self.handle.shared
    }
}

impl Shared {
    /// Waits for what was asked for.
    async fn completed(&self, what: &str, completion: Completion) -> Result<()> {
        self.wake.notify_one();
        let within = self.config.max_block;
        let outcome = timeout(within, completion.wait()).await;
        outcome
            .unwrap_or_else(|_elapsed| Err(Error::Timeout { what: what.into(), after: within, last: None }))
    }
}
