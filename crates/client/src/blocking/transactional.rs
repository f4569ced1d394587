//! Transactions, with calls that wait.

use super::Producer;
use crate::group::{CommittedOffset, GroupMetadata};
use crate::{Error, Result, TopicPartition};

/// Transactions, as [`crate::producer::Producer`] has them. What was not done in time goes on: the same call waits for it again.
///
/// ```no_run
/// # fn example() -> ottla_client::Result<()> {
/// use ottla_client::blocking::Client;
/// use ottla_client::config::{ClientConfig, ProducerConfig};
/// use ottla_client::producer::ProducerRecord;
///
/// let client = Client::connect(ClientConfig::new("localhost:9092"))?;
/// let producer = client.producer(ProducerConfig::default().transactional_id("booking-1".to_owned()))?;
/// producer.init_transactions()?;
/// producer.in_transaction(|| {
///     // The commit waits for both deliveries.
///     let _debit = producer.send(ProducerRecord::new("debits").key("7").value("-20"))?;
///     let _credit = producer.send(ProducerRecord::new("credits").key("9").value("20"))?;
///     Ok::<_, ottla_client::Error>(())
/// })?;
/// # Ok(())
/// # }
/// ```
impl Producer {
    /// Makes the producer the only one with its `transactional.id`: see [`crate::producer::Producer::init_transactions`].
    pub fn init_transactions(&self) -> Result<()> {
        self.runtime.run(self.producer.init_transactions())
    }

    /// Begins a transaction: see [`crate::producer::Producer::begin_transaction`].
    pub fn begin_transaction(&self) -> Result<()> {
        self.producer.begin_transaction()
    }

    /// Has offsets of a group committed together with the open transaction: see
    /// [`crate::producer::Producer::send_offsets_to_transaction`].
    pub fn send_offsets_to_transaction(
        &self,
        offsets: impl IntoIterator<Item = (TopicPartition, CommittedOffset)>,
        group: &GroupMetadata,
    ) -> Result<()> {
        self.runtime.run(self.producer.send_offsets_to_transaction(offsets, group))
    }

    /// Delivers everything that was sent in the transaction, and commits it: see
    /// [`crate::producer::Producer::commit_transaction`].
    pub fn commit_transaction(&self) -> Result<()> {
        self.runtime.run(self.producer.commit_transaction())
    }

    /// Aborts the transaction: see [`crate::producer::Producer::abort_transaction`].
    pub fn abort_transaction(&self) -> Result<()> {
        self.runtime.run(self.producer.abort_transaction())
    }

    /// Begins a transaction, does some work, and commits it; or aborts it if the work fails, or cannot be committed. The error is that
    /// of the work, or of begin or commit.
    pub fn in_transaction<T, E: From<Error>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.begin_transaction()?;
        let error = match work() {
            Ok(value) => match self.commit_transaction() {
                Ok(()) => return Ok(value),
                Err(error) => error.into(),
            },
            Err(error) => error,
        };
        self.runtime.run(self.producer.abort_what_is_open());
        Err(error)
    }
}
