//! A broker that serves, and how it ends.

use std::{io, net::SocketAddr, path::Path, sync::Arc, thread::JoinHandle};

use tokio::{sync::watch, task::JoinSet};
use tracing::{error, info};

use super::{Address, data_directory::DataDirectory, threads::Threads};
use crate::{Broker, coordinators::Driver, http::Http, server::Listener, transactions::Sender};

/// A broker that serves. Dropped without [`Running::shutdown`] it ends as if it were killed, which loses nothing.
pub struct Running {
    broker: Arc<Broker>,
    addresses: Vec<Address>,
    /// Told to connections and listeners.
    stop: watch::Sender<bool>,
    listeners: JoinSet<io::Result<()>>,
    coordinators: Coordinators,
    backstage: Backstage,
}

/// The tasks that look after what the coordinators keep.
struct Coordinators {
    groups: Driver,
    transactions: Driver,
    markers: Sender,
}

impl Coordinators {
    fn start(broker: &Arc<Broker>) -> Coordinators {
        Coordinators {
            groups: broker.groups.drive(),
            transactions: broker.transactions.drive(),
            markers: Sender::start(broker),
        }
    }

    /// Nothing happens by itself any more.
    async fn stop(self) {
        self.markers.stop().await;
        self.transactions.stop().await;
        self.groups.stop().await;
    }
}

/// What a broker needs and requests do not, until it is stopped.
pub(super) struct Backstage {
    pub(super) http: Option<Http>,
    pub(super) controller: JoinHandle<()>,
    pub(super) threads: Threads,
    pub(super) directory: DataDirectory,
}

impl Running {
    pub(super) fn serve(
        broker: Arc<Broker>,
        listeners: Vec<Listener>,
        addresses: Vec<Address>,
        backstage: Backstage,
    ) -> Running {
        let coordinators = Coordinators::start(&broker);
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for listener in listeners {
            tasks.spawn(listener.run(Arc::clone(&broker), stopping.clone()));
        }
        if let Some(http) = &backstage.http {
            http.broker_serves(&broker);
        }
        Running { broker, addresses, stop, listeners: tasks, coordinators, backstage }
    }

    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Where metrics and health are told.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.backstage.http.as_ref().map(Http::address)
    }

    pub fn data_dir(&self) -> &Path {
        self.backstage.directory.path()
    }

    pub fn cluster_id(&self) -> &str {
        &self.broker.identity.cluster_id
    }

    /// Whether topics are durable in the journal unless they say otherwise.
    pub fn is_durable(&self) -> bool {
        self.broker.is_durable_by_default()
    }

    /// Ends connections, then writes and syncs everything, so that the next start need not recover.
    pub async fn shutdown(mut self) {
        if let Some(http) = &self.backstage.http {
            http.broker_stops();
        }
        // The receivers are gone only if all of them have ended.
        let _ended = self.stop.send(true);
        while self.listeners.join_next().await.is_some() {}
        let Running { broker, coordinators, backstage, .. } = self;
        coordinators.stop().await;
        let stopped = tokio::task::spawn_blocking(move || backstage.stop(broker));
        if let Err(error) = stopped.await {
            error!(%error, "the broker did not stop cleanly");
        }
    }
}

impl Backstage {
    /// Writes and syncs everything that is left.
    fn stop(self, broker: Arc<Broker>) {
        let (storage, topics) = (Arc::clone(&broker.storage), Arc::clone(&broker.topics));
        let epoch = broker.epoch();
        if let Some(http) = self.http {
            http.stop();
        }
        broker.groups.stop();
        broker.transactions.stop();
        if self.threads.stop(broker, self.controller).is_err() {
            error!("the controller's thread panicked");
            return;
        }
        let closed = storage.close(&topics, epoch);
        match closed.and_then(|()| storage.remove_journal(self.directory.journal())) {
            Ok(()) => info!("stopped; everything is in synced segments"),
            Err(error) => error!(%error, "cannot close the logs; the next start recovers them"),
        }
    }
}
