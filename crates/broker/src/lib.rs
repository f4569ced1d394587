//! The broker: sockets, requests, and the drivers that carry out what the cores decide.
//!
//! ```text
//! server ──► api ──► partition ──► replica (decides), log (stores), journal (makes durable)
//!              ├───► controller ──► metadata (decides), quorum (stores) ──► hosting ──► topics
//!              └───► groups, transactions ──► coordinators ──► coordinator (decides) ──► partition
//! http ───► metrics ──► looks at all of it
//! ```
//!
//! Upstream is the command line, which starts it; downstream are all the cores. Tokio and the clock live here and not
//! below.
//!
//! It never decides what a core decides: no offset, no leader, no member of a group is chosen here. No lock is held
//! across an await, and no thread that serves connections waits for a disk: writes are waited for through the journal's
//! durable position, reads of what is not in memory are other threads' work.
#![forbid(unsafe_code)]

mod api;
mod clock;
mod configs;
mod controller;
mod coordinators;
mod durable;
mod fetch;
mod foundation;
mod groups;
mod hosting;
mod http;
mod metrics;
mod partition;
mod producer_ids;
mod random;
mod server;
#[cfg(test)]
mod simulation;
mod start;
mod storage;
mod topics;
mod transactions;

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use bytestring::ByteString;
use ottla_config::BrokerConfig;

pub use start::{Address, Running, StartError, start};

/// Who this broker is, for as long as it runs.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) node_id: i32,
    pub(crate) cluster_id: ByteString,
    pub(crate) directory_id: uuid::Uuid,
}

/// What does not change while the broker runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) request_bytes_max: usize,
    pub(crate) fetch_bytes_max: usize,
    pub(crate) idle_max: Duration,
}

impl Settings {
    fn new(config: &BrokerConfig) -> Settings {
        Settings {
            request_bytes_max: config.network.request_bytes_max as usize,
            fetch_bytes_max: config.fetch.bytes_max as usize,
            idle_max: match u64::try_from(config.network.idle_max_ms) {
                Ok(ms) => Duration::from_millis(ms),
                // Negative means never.
                Err(_negative) => Duration::from_secs(100 * 365 * 24 * 3600),
            },
        }
    }
}

/// Everything that serves requests, put together once at the start.
pub(crate) struct Broker {
    pub(crate) identity: Identity,
    pub(crate) settings: Settings,
    pub(crate) configs: Arc<RwLock<configs::Configs>>,
    pub(crate) metadata: Arc<controller::Metadata>,
    pub(crate) controller: controller::Controller,
    pub(crate) topics: Arc<topics::Topics>,
    pub(crate) storage: Arc<storage::Storage>,
    pub(crate) durable: Arc<durable::Durable>,
    pub(crate) fetch_sessions: fetch::sessions::Sessions,
    pub(crate) cold_reads: fetch::cold::ColdReads,
    pub(crate) converter: fetch::conversion::Converter,
    pub(crate) groups: Arc<groups::Groups>,
    pub(crate) transactions: Arc<transactions::Transactions>,
    pub(crate) producer_ids: producer_ids::ProducerIds,
    pub(crate) admission: server::Admission,
    pub(crate) unsent: Arc<server::Unsent>,
    pub(crate) connection_limits: Arc<server::Limits>,
    pub(crate) metrics: metrics::Metrics,
}

impl Broker {
    /// The configuration as it is now.
    pub(crate) fn config(&self) -> Arc<BrokerConfig> {
        Arc::clone(self.configs.read().expect("nobody panics with the lock held").broker())
    }

    pub(crate) fn is_durable_by_default(&self) -> bool {
        let configs = self.configs.read().expect("nobody panics with the lock held");
        configs.topic_defaults().durability == topics::Durability::Journal
    }

    /// Of this start of the broker: each has a greater one.
    pub(crate) fn epoch(&self) -> i64 {
        self.metadata.image().cluster().broker(self.identity.node_id).map_or(0, |broker| broker.epoch)
    }

    /// Waits until produce requests may be let in. Cancel-safe.
    pub(crate) async fn room_to_write(&self) {
        while !self.storage.has_room() {
            self.storage.room.wait().await;
        }
    }
}
