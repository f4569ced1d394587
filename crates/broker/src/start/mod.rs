//! Starting and stopping: in which order the parts come to life, and go.
//!
//! ```text
//! sockets ──► data directory ──► foundation ──► groups ──► threads ──► broker ──► running
//! bound       locked             recovered                 work        serves     until it is shut down
//! ```

mod data_directory;
mod error;
mod running;
mod sockets;
mod threads;

use std::{sync::Arc, thread::JoinHandle};

use ottla_config::StartConfig;
use tracing::info;

use crate::{
    Broker, Settings,
    configs::Configs,
    controller::Controller,
    durable::Durable,
    fetch::{cold::ColdReads, conversion::Converter, sessions::Sessions},
    foundation::Foundation,
    groups::Groups,
    hosting::TopicsWatcher,
    metrics::{JournalMetrics, Metrics},
    producer_ids::ProducerIds,
    server::{Admission, Unsent},
    storage,
    transactions::Transactions,
};

use data_directory::DataDirectory;
use running::Backstage;
use sockets::Sockets;
use threads::Threads;

pub use error::StartError;
pub use running::Running;
pub use sockets::Address;

/// Starts a broker with what it was given.
pub async fn start(config: StartConfig) -> Result<Running, StartError> {
    let configs = Configs::new(ottla_config::Settings::new(config));
    let config = Arc::clone(configs.broker());
    // Before anything is written, so that a port that is taken leaves no trace.
    let Sockets { listeners, addresses, http } = Sockets::bind(&config)?;
    let directory = DataDirectory::open(&config.node)?;
    let (durable, journal_metrics) = (Arc::new(Durable::default()), Arc::new(JournalMetrics::default()));
    let ground = directory.ground(&config.logs, &journal_metrics);
    let observer = storage::observer(&durable, &journal_metrics);
    let (mut foundation, rounds) = Foundation::open(ground, configs, &addresses, observer)?;
    durable.publish(foundation.storage.journal.durable());
    let groups = Arc::new(Groups::new(&foundation.storage, &durable, &foundation.configs));
    let transactions =
        Transactions::new(&foundation.storage, &durable, &foundation.configs, &foundation.metadata);
    let transactions = Arc::new(transactions);
    foundation.host(vec![Arc::clone(&groups) as Arc<dyn TopicsWatcher>, Arc::clone(&transactions) as _]);
    let failed = |source| StartError::Io { path: directory.path().to_owned(), source };
    let threads = Threads::start(&foundation, rounds, &durable).map_err(failed)?;
    groups.load(&foundation.topics, &foundation.metadata.image()).map_err(failed)?;
    transactions.load(&foundation.topics).map_err(failed)?;
    let names = addresses.iter().map(|address| address.listener.as_str());
    let metrics = Metrics::new(names, journal_metrics, foundation.metadata.end_offset());
    let coordinators = (groups, transactions);
    let (broker, controller) = assemble(foundation, coordinators, durable, metrics).map_err(failed)?;
    info!(cluster = %broker.identity.cluster_id, node = broker.identity.node_id, listeners = addresses.len(), "ready");
    Ok(Running::serve(broker, listeners, addresses, Backstage { http, controller, threads, directory }))
}

/// Puts together what serves requests. The controller's thread is the last to start.
fn assemble(
    foundation: Foundation,
    (groups, transactions): (Arc<Groups>, Arc<Transactions>),
    durable: Arc<Durable>,
    metrics: Metrics,
) -> std::io::Result<(Arc<Broker>, JoinHandle<()>)> {
    let config = foundation.config();
    let (controller, thread) = Controller::start(foundation.worker)?;
    let broker = Broker {
        identity: foundation.identity,
        settings: Settings::new(&config),
        configs: foundation.configs,
        metadata: foundation.metadata,
        controller,
        topics: foundation.topics,
        storage: foundation.storage,
        durable,
        fetch_sessions: Sessions::new(config.fetch.session_slots_max as usize),
        cold_reads: ColdReads::default(),
        converter: Converter::default(),
        groups,
        transactions,
        producer_ids: ProducerIds::default(),
        admission: Admission::configured(&config.network),
        unsent: Arc::new(Unsent::new(config.network.unsent_response_bytes_max as usize)),
        connection_limits: Arc::default(),
        metrics,
    };
    Ok((Arc::new(broker), thread))
}
