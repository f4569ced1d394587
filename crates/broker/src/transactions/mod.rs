//! The transaction coordinator at work: a shard of the coordinator's core for each partition of `__transaction_state`,
//! hosted as all coordinators are, see [`crate::coordinators`].
//!
//! ```text
//! request ──► Transactions ──► coordinator (decides) ──► a partition of __transaction_state
//! produce ──► admit ──────────────┘   └──► sending ──► markers ──► the partitions that the transaction wrote to
//!                                     ▲                  │
//!                                     └── it is complete ┘
//! ```

mod core;
pub(crate) mod markers;
mod sending;
mod settings;

use std::{
    ops::Deref,
    sync::{Arc, RwLock},
    time::Duration,
};

use ottla_config::BrokerConfig;
use ottla_coordinator::{
    AddPartitions, ProducerIdentity, TopicPartition, TransactionConfig, TransactionResponse, TransactionShard,
};
use ottla_metadata::{Image, names::TRANSACTION_STATE};
use ottla_wire::ErrorCode;

use crate::{
    clock,
    configs::Configs,
    controller::Metadata,
    coordinators::{Driver, Shards},
    durable::Durable,
    hosting::TopicsWatcher,
    storage::Storage,
    topics::{Topic, Topics},
};

pub(crate) use sending::Sender;

/// The version of transactions whose clients leave it to the broker to add partitions (KIP-890).
const ADDS_PARTITIONS_FROM: i16 = 2;

/// What a partition that is written to asks of a transaction's coordinator (KIP-890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Whether the partition is in the producer's open transaction already: of clients that add partitions themselves.
    Verify,
    /// That it be added, and the transaction begun if need be: of clients that leave that to the broker.
    Add,
}

/// All transactions that this broker coordinates.
#[derive(Debug)]
pub(crate) struct Transactions {
    shards: Arc<Shards<TransactionShard>>,
    configs: Arc<RwLock<Configs>>,
    metadata: Arc<Metadata>,
}

impl Transactions {
    pub(crate) fn new(
        storage: &Arc<Storage>,
        durable: &Arc<Durable>,
        configs: &Arc<RwLock<Configs>>,
        metadata: &Arc<Metadata>,
    ) -> Transactions {
        Transactions {
            shards: Arc::new(Shards::new(storage, durable)),
            configs: Arc::clone(configs),
            metadata: Arc::clone(metadata),
        }
    }

    /// Begins to load the transactions that an earlier process has left. To be called before topics come and go.
    pub(crate) fn load(&self, topics: &Topics) -> std::io::Result<()> {
        let Some(topic) = topics.by_name(TRANSACTION_STATE) else { return Ok(()) };
        self.shards.load(&topic, &self.settings(&self.metadata.image()), |_| None)
    }

    /// Starts the task that looks after all transactions.
    pub(crate) fn drive(&self) -> Driver {
        Driver::start(&self.shards)
    }

    /// Whether these partitions may be written to in the producer's transaction: a code for each of them, in their order.
    /// What is added is durable before the answer.
    ///
    /// | code | |
    /// |---|---|
    /// | `None` | the partition is in the open transaction |
    /// | `TransactionAbortable` | of Verify: it is not |
    /// | `InvalidProducerIdMapping`, `ProducerFenced` | the transactional id belongs to another producer, or epoch |
    /// | `ConcurrentTransactions` | the transaction is being ended: to be tried again |
    /// | `CoordinatorLoadInProgress`, `CoordinatorNotAvailable`, `NotCoordinator` | to be tried again |
    ///
    /// They are the coordinator's own; the caller tells its client those that the client's version knows. Cancel-safe, in
    /// that what was asked takes its course.
    pub(crate) async fn admit(
        &self,
        transactional_id: &str,
        producer_id: i64,
        producer_epoch: i16,
        partitions: &[TopicPartition],
        admission: Admission,
    ) -> Vec<ErrorCode> {
        let asked = AddPartitions {
            transactional_id,
            producer: ProducerIdentity { id: producer_id, epoch: producer_epoch },
            partitions,
            client_version: ADDS_PARTITIONS_FROM,
        };
        match admission {
            Admission::Verify => self.verify(&asked).await,
            Admission::Add => self.add_patiently(&asked).await,
        }
    }

    pub(crate) async fn verify(&self, asked: &AddPartitions<'_>) -> Vec<ErrorCode> {
        let answer = self.shards.ask(asked.transactional_id, |shard, _, ticket, out| {
            shard.verify_partitions(asked, ticket, out);
        });
        codes(answer.await, asked)
    }

    pub(crate) async fn add(&self, asked: &AddPartitions<'_>) -> Vec<ErrorCode> {
        self.shards.room_to_write().await;
        let answer = self.shards.ask(asked.transactional_id, |shard, now, ticket, out| {
            shard.add_partitions(asked, now, ticket, out);
        });
        codes(answer.await, asked)
    }

    /// A producer goes on as soon as the end of its transaction is decided, which is before all markers are written: it
    /// need not learn of that.
    async fn add_patiently(&self, asked: &AddPartitions<'_>) -> Vec<ErrorCode> {
        let transactions = self.config().transactions;
        let pause = Duration::from_millis(transactions.add_retry_backoff_ms.into());
        let end = clock::now() + Duration::from_millis(transactions.add_retry_backoff_max_ms.into());
        loop {
            let codes = self.add(asked).await;
            if !codes.contains(&ErrorCode::ConcurrentTransactions) || clock::now() >= end {
                return codes;
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn settings(&self, image: &Image) -> TransactionConfig {
        settings::settings(&self.config().transactions, image)
    }

    fn config(&self) -> Arc<BrokerConfig> {
        Arc::clone(self.configs.read().expect("nobody panics with the lock held").broker())
    }
}

fn codes(answer: Result<TransactionResponse, ErrorCode>, asked: &AddPartitions<'_>) -> Vec<ErrorCode> {
    match answer {
        Ok(TransactionResponse::Partitions(codes)) => codes,
        Ok(other) => unreachable!("partitions were answered with {other:?}"),
        Err(error) => vec![error; asked.partitions.len()],
    }
}

/// What is asked of transactions is asked of their shards.
impl Deref for Transactions {
    type Target = Shards<TransactionShard>;

    fn deref(&self) -> &Shards<TransactionShard> {
        &self.shards
    }
}

impl TopicsWatcher for Transactions {
    fn topic_created(&self, topic: &Arc<Topic>) {
        if topic.identity.name == TRANSACTION_STATE {
            self.shards.serve_new(topic, &self.settings(&self.metadata.image()));
        }
    }

    fn topics_deleted(&self, topics: &[Arc<Topic>]) {
        if topics.iter().any(|topic| topic.identity.name == TRANSACTION_STATE) {
            self.shards.unhost();
        }
    }

    fn configs_changed(&self, image: &Image) {
        self.shards.configure(&self.settings(image));
    }
}
