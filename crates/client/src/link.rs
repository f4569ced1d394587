//! The way to one broker for one purpose: a connection that is made when it is needed and made again when it ended.
//!
//! | state | a connection is asked for |
//! |---|---|
//! | up | it is given, if it is still open; else as down |
//! | connecting | waits for the outcome, as all others do |
//! | down | connecting begins, after a pause if it failed before; all who ask then wait for one outcome |

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::address::Address;
use crate::backoff::Backoff;
use crate::client::ConnectionEvent;
use crate::config::ClientConfig;
use crate::connection::{Connection, Features, Opening, called, open};
use crate::error::Attempt;
use crate::metrics::Counts;
use crate::sasl::Sasl;
use crate::tasks::Tasks;
use crate::transport::Transport;
use crate::{BrokerId, Error, Result, clock, random};

/// Those who watch tries to connect hear of one that takes longer.
const SOON: Duration = Duration::from_secs(1);

/// What somebody who watches has not looked at yet; of more the oldest is forgotten.
const UNSEEN_MAX: usize = 64;

type Outcome = watch::Receiver<Option<Result<Connection>>>;

/// What all links of a client share.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) transport: Transport,
    pub(crate) sasl: Option<Arc<Sasl>>,
    pub(crate) tasks: Tasks,
    pub(crate) counts: Arc<Counts>,
    /// Whether there was a connection yet.
    pub(crate) is_up: watch::Sender<bool>,
    /// How connecting goes, for whoever wants to know.
    pub(crate) events: broadcast::Sender<ConnectionEvent>,
    /// What the cluster agreed on, as the brokers told that were connected to.
    features: Mutex<Features>,
}

/// The way to one broker.
pub(crate) struct Link {
    links: Arc<Links>,
    address: Address,
    /// The broker that advertises the address; none for one out of `bootstrap.servers`.
    advertised_by: Option<BrokerId>,
    state: Mutex<State>,
}

struct State {
    now: Now,
    /// How often connecting failed in a row.
    failures: u32,
    /// Not before then.
    retry_at: Instant,
}

enum Now {
    Down,
    Connecting(Outcome),
    Up(Connection),
}

enum Next {
    Use(Connection),
    Await(Outcome),
}

impl Links {
    pub(crate) fn new(config: ClientConfig) -> Result<Links> {
        Ok(Links {
            transport: Transport::new(&config)?,
            sasl: Sasl::new(&config.security)?.map(Arc::new),
            config: Arc::new(config),
            tasks: Tasks::default(),
            counts: Arc::default(),
            is_up: watch::Sender::new(false),
            events: broadcast::Sender::new(UNSEEN_MAX),
            features: Mutex::default(),
        })
    }

    /// What the cluster agreed on, as far as that is known.
    pub(crate) fn features(&self) -> MutexGuard<'_, Features> {
        // Nothing panics while it holds the lock.
        self.features.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    pub(crate) fn new(links: Arc<Links>, address: Address, advertised_by: Option<BrokerId>) -> Link {
        let state = State { now: Now::Down, failures: 0, retry_at: clock::now() };
        Link { links, address, advertised_by, state: Mutex::new(state) }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Gives a connection, making it if there is none. It is an error at once that connecting fails: whether to try again is the
    /// caller's to decide, and the next try waits as long as `reconnect.backoff.ms` wants.
    ///
    /// Cancel-safe: connecting goes on for whoever asks next.
    pub(crate) async fn connection(self: &Arc<Link>) -> Result<Connection> {
        let mut outcome = match self.next() {
            Next::Use(connection) => return Ok(connection),
            Next::Await(outcome) => outcome,
        };
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().expect("it was waited for"),
            Err(_dropped) => Err(Error::Closed("the client")),
        }
    }

    /// How many requests wait on it, if it is up.
    pub(crate) fn load(&self) -> Option<usize> {
        match &self.state().now {
            Now::Up(connection) if connection.is_open() => Some(connection.load()),
            Now::Up(_) | Now::Down | Now::Connecting(_) => None,
        }
    }

    /// Whether connecting failed lately, so that another try would first wait.
    pub(crate) fn is_resting(&self) -> bool {
        let state = self.state();
        matches!(state.now, Now::Down) && state.retry_at > clock::now()
    }

    fn next(self: &Arc<Link>) -> Next {
        let mut state = self.state();
        match &state.now {
            Now::Up(connection) if connection.is_open() => return Next::Use(connection.clone()),
            Now::Connecting(outcome) => return Next::Await(outcome.clone()),
            Now::Up(_) => state.rest(&self.links.config, clock::now()),
            Now::Down => {}
        }
        let (tell, outcome) = watch::channel(None);
        state.now = Now::Connecting(outcome.clone());
        let (retry_at, failures) = (state.retry_at, state.failures);
        drop(state);
        let connecting = Connecting { link: self.clone(), tell, is_done: false };
        self.links.tasks.spawn(async move {
            sleep_until(retry_at).await;
            let result = connecting.link.connect_watched(failures).await;
            connecting.done(result);
        });
        Next::Await(outcome)
    }

    fn done(&self, result: &Result<Connection>) {
        let mut state = self.state();
        match result {
            Ok(connection) => {
                self.links.features().learn(connection.versions().features());
                state.failures = 0;
                state.now = Now::Up(connection.clone());
                self.links.is_up.send_replace(true);
                self.tell(ConnectionEvent::Connected(self.address.to_string().into()));
            }
            Err(error) => {
                tracing::debug!(target: "ottla_client::connection", address = %self.address, %error, "cannot connect");
                self.links.counts.not_connected();
                if error.is_retriable() {
                    self.tell(ConnectionEvent::NotConnected(self.attempt(error)));
                }
                state.rest(&self.links.config, clock::now());
                state.now = Now::Down;
            }
        }
    }

    /// A try to connect that failed so.
    pub(crate) fn attempt(&self, error: &Error) -> Attempt {
        if let Error::Unreachable { attempt } = error {
            return attempt.clone();
        }
        Attempt { advice: error.advice(), ..self.failed(&error.to_string()) }
    }

    /// Those who watch hear of it also while it is not known yet how connecting ends.
    async fn connect_watched(&self, failures: u32) -> Result<Connection> {
        let mut connecting = pin!(self.connect(failures));
        if let Ok(result) = timeout(SOON, &mut connecting).await {
            return result;
        }
        self.tell(ConnectionEvent::NotConnected(self.failed(&format!("no answer for {SOON:?}"))));
        connecting.await
    }

    fn tell(&self, event: ConnectionEvent) {
        // Nobody need watch.
        let _unseen = self.links.events.send(event);
    }

    /// Tries each address that the name stands for.
    async fn connect(&self, failures: u32) -> Result<Connection> {
        let config = &self.links.config;
        let setup = Backoff {
            first: config.socket_connection_setup_timeout,
            max: config.socket_connection_setup_timeout_max,
        };
        let patience =
            setup.pause(failures + 1, random::fraction()).max(config.socket_connection_setup_timeout);
        let mut last = None;
        for to in self.resolve().await? {
            let opening = self.opening(to);
            match timeout(patience, open(&opening, &self.links.tasks)).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => last = Some(error),
                Err(_elapsed) => {
                    last = Some(self.unreachable(&format!("{to} did not answer within {patience:?}")))
                }
            }
        }
        Err(last.unwrap_or_else(|| self.unreachable("the name stands for no address")))
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>> {
        let found = lookup_host((&*self.address.host, self.address.port)).await;
        found.map(Iterator::collect).map_err(|error| self.unreachable(&unresolved(&error)))
    }

    fn opening(&self, to: SocketAddr) -> Opening<'_> {
        let config = &self.links.config;
        Opening {
            transport: &self.links.transport,
            sasl: self.links.sasl.as_ref(),
            counts: &self.links.counts,
            address: &self.address,
            to,
            advertised_by: self.advertised_by,
            client_id: &config.client_id,
            response_bytes_max: config.receive_message_max_bytes,
            stall_max: config.request_timeout,
            idle_max: config.connections_max_idle,
        }
    }

    fn unreachable(&self, reason: &str) -> Error {
        Error::Unreachable { attempt: self.failed(reason) }
    }

    fn failed(&self, reason: &str) -> Attempt {
        let address = self.address.to_string();
        let reason = without_name(reason, &called(&self.address, self.advertised_by));
        Attempt {
            reason: without_name(reason, &address).into(),
            address: address.into(),
            advertised_by: self.advertised_by,
            advice: None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an error says of who is called so: an attempt names it already.
fn without_name<'a>(text: &'a str, name: &str) -> &'a str {
    let rest = text.strip_prefix(name);
    rest.and_then(|rest| rest.strip_prefix(": ").or(rest.strip_prefix(' '))).unwrap_or(text)
}

/// The system's words alone: the standard library puts some of its own before them.
fn unresolved(error: &io::Error) -> String {
    let text = error.to_string();
    let reason = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    format!("the name cannot be resolved: {reason}")
}

/// A task that connects. However it ends, the link is not left connecting.
struct Connecting {
    link: Arc<Link>,
    tell: watch::Sender<Option<Result<Connection>>>,
    is_done: bool,
}

impl Connecting {
    fn done(mut self, result: Result<Connection>) {
        self.is_done = true;
        self.tell(result);
    }

    fn tell(&self, result: Result<Connection>) {
        self.link.done(&result);
        // Nobody may be interested any more.
        let _gone = self.tell.send(Some(result));
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        // Without a panic it is the client that ends, with its links.
        if !self.is_done && std::thread::panicking() {
            self.tell(Err(self.link.unreachable("connecting panicked")));
        }
    }
}

impl State {
    /// A connection ended or did not come about: the next one waits a while.
    fn rest(&mut self, config: &ClientConfig, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let backoff = Backoff { first: config.reconnect_backoff, max: config.reconnect_backoff_max };
        self.retry_at = now + backoff.pause(self.failures, random::fraction());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_for_nothing_is_reported_as_that() {
        for (said, expected) in [
            ("failed to lookup address information: Name or service not known", "Name or service not known"),
            ("invalid socket address", "invalid socket address"),
        ] {
            let told = unresolved(&io::Error::other(said));
            assert_eq!(told, format!("the name cannot be resolved: {expected}"));
        }
    }

    fn link() -> Arc<Link> {
        link_to(None)
    }

    fn link_to(advertised_by: Option<BrokerId>) -> Arc<Link> {
        let links = Links::new(ClientConfig::default()).unwrap();
        let address = Address { host: "localhost".into(), port: 9 };
        Arc::new(Link::new(Arc::new(links), address, advertised_by))
    }

    #[tokio::test]
    async fn an_attempt_names_the_address_once() {
        for (advertised_by, reason, expected) in [
            (None, "localhost:9 sent what is no response: x", "localhost:9: sent what is no response: x"),
            (None, "localhost:9: it speaks HTTP", "localhost:9: it speaks HTTP"),
            (None, "localhost:90 did not answer", "localhost:9: localhost:90 did not answer"),
            (None, "127.0.0.1:9 did not answer", "localhost:9: 127.0.0.1:9 did not answer"),
            (
                Some(3),
                "broker 3 at localhost:9 did not answer",
                "localhost:9 (advertised by broker 3): did not answer",
            ),
        ] {
            assert_eq!(link_to(advertised_by).failed(reason).to_string(), expected);
        }
    }

    #[tokio::test]
    async fn a_link_whose_task_panicked_is_down_and_who_waits_may_try_again() {
        let link = link();
        let (tell, outcome) = watch::channel(None);
        link.state().now = Now::Connecting(outcome);
        let connecting = Connecting { link: link.clone(), tell, is_done: false };
        let waiting = link.connection();
        let panicking = tokio::spawn(async move {
            let _connecting = connecting;
            panic!("as a test wants it");
        });
        assert!(waiting.await.is_err_and(|error| error.is_retriable()));
        assert!(panicking.await.unwrap_err().is_panic());
        assert!(matches!(link.state().now, Now::Down) && link.is_resting());
    }
}
