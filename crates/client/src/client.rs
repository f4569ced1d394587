//! The client: connections to all brokers, what is known of the cluster, and requests to whoever is to be asked.

mod call;
mod coordinators;
mod events;
mod links;
mod refresh;
mod retrying;
mod route;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use crate::address::Address;
use crate::cluster::Cluster;
use crate::config::ClientConfig;
use crate::metadata::Metadata;
use crate::metrics::{Counts, Metrics};
use crate::telemetry::{self, Telemetry};
use crate::{Error, Result};
pub use call::{Call, Reply};
pub use coordinators::{Coordinator, CoordinatorKind};
pub use events::{ConnectionEvent, ConnectionEvents};
pub(crate) use links::Lane;
pub(crate) use refresh::CONTROLLERS;
pub use route::Destination;

/// A client of one cluster. Producers, consumers and admins are made from it and share its connections and its knowledge.
///
/// Cheap to clone. When the last clone is gone, and all that was made from it, connections close and tasks end, without waiting
/// for anything.
///
/// ```no_run
/// # async fn example() -> Result<(), ottla_client::Error> {
/// use ottla_client::{Client, config::ClientConfig};
///
/// let client = Client::connect(ClientConfig::new("localhost:9092")).await?;
/// for broker in client.cluster().brokers() {
///     println!("broker {} at {}:{}", broker.id, broker.host, broker.port);
/// }
/// client.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    seeds: Vec<Address>,
    are_controllers: bool,
    links: links::LinkTable,
    metadata: Metadata,
    coordinators: coordinators::Coordinators,
    lanes: AtomicU32,
    telemetry: Telemetry,
    is_closed: AtomicBool,
}

impl Client {
    /// A client that has not connected yet: it does when something is asked.
    ///
    /// [`Error::Config`] if the options do not go together. Must be called within a tokio runtime, as all that follows.
    pub fn new(config: ClientConfig) -> Result<Client> {
        Client::of(config, false)
    }

    fn of(config: ClientConfig, are_controllers: bool) -> Result<Client> {
        config.check()?;
        let seeds = config.bootstrap_servers.iter().filter_map(|server| Address::parse(server).ok());
        let (retry_backoff, pushes_metrics) = (config.retry_backoff, config.enable_metrics_push);
        let inner = Inner {
            seeds: seeds.collect(),
            are_controllers,
            links: links::LinkTable::new(config)?,
            metadata: Metadata::default(),
            coordinators: coordinators::Coordinators::default(),
            lanes: AtomicU32::new(1),
            telemetry: Telemetry::new(retry_backoff),
            is_closed: AtomicBool::new(false),
        };
        let client = Client { inner: Arc::new(inner) };
        if pushes_metrics {
            let weak = WeakClient(Arc::downgrade(&client.inner));
            client.spawn(telemetry::run(weak, client.inner.links.is_up()));
        }
        Ok(client)
    }

    /// A client that has asked the cluster for its brokers: none of them may be down at once, and the address must be right.
    /// Tries once each of `bootstrap.servers`.
    ///
    /// Cancel-safe.
    pub async fn connect(config: ClientConfig) -> Result<Client> {
        let client = Client::new(config)?;
        client.refresh().await?;
        Ok(client)
    }

    /// A client of the controllers, which `bootstrap.servers` names then, instead of the brokers (KIP-919): for administration where
    /// no broker is up. They know nothing of topics.
    ///
    /// Cancel-safe.
    pub async fn connect_to_controllers(config: ClientConfig) -> Result<Client> {
        let client = Client::of(config, true)?;
        client.refresh().await?;
        Ok(client)
    }

    /// Whether it is connected to controllers rather than brokers.
    pub(crate) fn are_controllers(&self) -> bool {
        self.inner.are_controllers
    }

    /// The options.
    pub fn config(&self) -> &ClientConfig {
        self.inner.links.config()
    }

    /// What is known of the cluster, without asking.
    pub fn cluster(&self) -> Arc<Cluster> {
        self.inner.metadata.cluster()
    }

    /// What this client, its clones and all that was made from them counted until now.
    pub fn metrics(&self) -> Metrics {
        self.counts().snapshot()
    }

    /// The level of a feature that the cluster agreed on, as the brokers told that were connected to; 0 stands for none.
    pub(crate) fn feature(&self, name: &str) -> i16 {
        self.inner.links.feature(name)
    }

    /// Where all that is made from this client counts.
    pub(crate) fn counts(&self) -> &Counts {
        self.inner.links.counts()
    }

    /// Closes all connections and ends all tasks, whoever else has a clone; what is under way fails. A broker that asked for metrics
    /// gets them once more, if it takes them within a second.
    ///
    /// Cancel-safe: dropped early, the rest ends soon after.
    pub async fn close(&self) {
        self.push_last().await;
        self.inner.is_closed.store(true, Ordering::Relaxed);
        self.inner.links.close().await;
    }

    /// What is pushed of its metrics.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.inner.telemetry
    }

    /// A lane of its own for somebody whose requests must not wait behind others'.
    pub(crate) fn new_lane(&self) -> Lane {
        Lane::own(self.inner.lanes.fetch_add(1, Ordering::Relaxed))
    }

    /// Closes the connections of a lane that is not needed any more.
    pub(crate) fn leave_lane(&self, lane: Lane) {
        self.inner.links.remove(lane);
    }

    /// Runs a task that ends with the client.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.inner.links.tasks().spawn(task);
    }

    fn check_open(&self) -> Result<()> {
        if self.inner.is_closed.load(Ordering::Relaxed) { Err(Error::Closed("the client")) } else { Ok(()) }
    }
}

/// A client for a task that must not keep it alive.
pub(crate) struct WeakClient(Weak<Inner>);

impl WeakClient {
    pub(crate) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(|inner| Client { inner })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("bootstrap_servers", &self.config().bootstrap_servers)
            .finish_non_exhaustive()
    }
}
