//! All links of a client: one for each broker and lane.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::address::Address;
use crate::client::ConnectionEvent;
use crate::cluster::Broker;
use crate::config::ClientConfig;
use crate::link::{Link, Links};
use crate::metrics::Counts;
use crate::tasks::Tasks;
use crate::{BrokerId, Result};

/// Who shares a connection. Brokers answer the requests of one connection one after the other, so what may wait long (a fetch,
/// a member that joins a group) has a lane of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lane(u32);

impl Lane {
    /// For what is answered soon.
    pub(crate) const SHARED: Lane = Lane(0);

    pub(super) fn own(number: u32) -> Lane {
        Lane(number)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Target {
    Seed(Address),
    Broker(BrokerId),
}

pub(super) struct LinkTable {
    shared: Arc<Links>,
    table: Mutex<HashMap<(Target, Lane), Arc<Link>>>,
}

impl LinkTable {
    pub(super) fn new(config: ClientConfig) -> Result<LinkTable> {
        Ok(LinkTable { shared: Arc::new(Links::new(config)?), table: Mutex::default() })
    }

    pub(super) fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// The level of a feature that the cluster agreed on; 0 stands for none.
    pub(super) fn feature(&self, name: &str) -> i16 {
        self.shared.features().level(name)
    }

    /// Whether there was a connection yet.
    pub(super) fn is_up(&self) -> watch::Receiver<bool> {
        self.shared.is_up.subscribe()
    }

    /// How connecting goes from here on.
    pub(super) fn events(&self) -> broadcast::Receiver<ConnectionEvent> {
        self.shared.events.subscribe()
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.shared.tasks
    }

    /// The link to an address out of `bootstrap.servers`.
    pub(super) fn to_seed(&self, address: &Address) -> Arc<Link> {
        self.get(Target::Seed(address.clone()), Lane::SHARED, address.clone(), None)
    }

    /// The link to a broker where it is now: if it moved, the link to the old address is left.
    pub(super) fn to_broker(&self, broker: &Broker, lane: Lane) -> Arc<Link> {
        self.get(Target::Broker(broker.id), lane, broker.address(), Some(broker.id))
    }

    fn get(
        &self,
        target: Target,
        lane: Lane,
        address: Address,
        advertised_by: Option<BrokerId>,
    ) -> Arc<Link> {
        let mut table = self.table();
        let link = table.entry((target, lane));
        let new = |address| Arc::new(Link::new(self.shared.clone(), address, advertised_by));
        let link = link.or_insert_with(|| new(address.clone()));
        if *link.address() != address {
            *link = new(address);
        }
        link.clone()
    }

    /// Closes the links of a lane.
    pub(super) fn remove(&self, lane: Lane) {
        self.table().retain(|(_, of), _| *of != lane);
    }

    pub(super) async fn close(&self) {
        self.table().clear();
        self.shared.tasks.close().await;
    }

    fn table(&self) -> MutexGuard<'_, HashMap<(Target, Lane), Arc<Link>>> {
        // Nothing panics while it holds the lock.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
