//! Metrics and health over HTTP, on an address and a thread of their own, so that a scrape takes nothing from the threads
//! that serve requests.
//!
//! | path | answer |
//! |---|---|
//! | `/metrics` | Prometheus' text; `?name[]=` for single families |
//! | `/healthz` | 200 as long as the process runs |
//! | `/readyz` | 200 while the broker serves, else 503 and why not |
//! | `/legacy-clients` | who uses request versions that Kafka 4.0 removed, as JSON |

mod legacy_clients;
mod limited;
mod routes;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, RwLock},
    thread::JoinHandle,
    time::Duration,
};

use tokio::{net::TcpListener, runtime::Builder, sync::watch};
use tracing::warn;

use crate::Broker;
use limited::Limited;

/// Collectors are few, and each keeps a connection. What comes beyond waits.
const CONNECTIONS_MAX: usize = 64;
/// How long an answer may go on when the broker stops.
const LEAVE_TIME: Duration = Duration::from_secs(1);

/// What there is to tell about.
#[derive(Clone, Default)]
enum Phase {
    #[default]
    Starting,
    Serving(Arc<Broker>),
    Stopping,
}

type Phases = Arc<RwLock<Phase>>;

/// Serves until stopped, or until it is dropped.
pub(crate) struct Http {
    address: SocketAddr,
    phase: Phases,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Http {
    /// Serves at once; there are metrics only once the broker serves too.
    pub(crate) fn start(socket: std::net::TcpListener) -> io::Result<Http> {
        let address = socket.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
        let phase = Phases::default();
        let (stop, stopping) = watch::channel(false);
        let thread = std::thread::Builder::new().name("http".into()).spawn({
            let phase = Arc::clone(&phase);
            move || runtime.block_on(serve(socket, phase, stopping))
        })?;
        Ok(Http { address, phase, stop, thread })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The broker serves from now on.
    pub(crate) fn broker_serves(&self, broker: &Arc<Broker>) {
        self.set(Phase::Serving(Arc::clone(broker)));
    }

    /// The broker ends its connections: whoever sends clients to it should send them elsewhere.
    pub(crate) fn broker_stops(&self) {
        self.set(Phase::Stopping);
    }

    /// Ends the thread. Nothing of it holds the broker then.
    pub(crate) fn stop(self) {
        // The receiver is gone only if the thread has ended.
        let _ended = self.stop.send(true);
        if self.thread.join().is_err() {
            warn!("the thread that serves metrics panicked");
        }
    }

    fn set(&self, phase: Phase) {
        *self.phase.write().expect("nobody panics with the lock held") = phase;
    }
}

async fn serve(socket: std::net::TcpListener, phase: Phases, mut stop: watch::Receiver<bool>) {
    let listener = match TcpListener::from_std(socket) {
        Ok(listener) => Limited::new(listener, CONNECTIONS_MAX),
        Err(error) => return warn!(%error, "cannot serve metrics"),
    };
    let mut leaving = stop.clone();
    let server = axum::serve(listener, routes::router(phase))
        .with_graceful_shutdown(async move { drop(stop.changed().await) });
    let ended = async {
        drop(leaving.changed().await);
        tokio::time::sleep(LEAVE_TIME).await;
    };
    tokio::select! {
        served = async { server.await } => {
            if let Err(error) = served {
                warn!(%error, "metrics are served no more");
            }
        }
        () = ended => {}
    }
}
