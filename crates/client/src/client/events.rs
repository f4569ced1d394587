//! How connecting goes, for those who want to tell somebody while calls are still tried again.

use std::sync::Arc;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::Client;
use crate::error::Attempt;

/// How connecting to an address goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// A try failed, or has no outcome after a second; the next one, or this one, may do better.
    NotConnected(Attempt),
    /// There is a connection to this address: host and port as they were configured or advertised.
    Connected(Arc<str>),
}

/// How connecting goes; [`Client::connection_events`] gives it.
#[derive(Debug)]
pub struct ConnectionEvents(Receiver<ConnectionEvent>);

impl Client {
    /// How connecting goes from here on. Calls that wait for a broker that cannot be connected to go on until their time is over: this
    /// tells meanwhile what they wait for. Nothing is told of what fails for good, as without trust or with a wrong password: that is
    /// for the call to tell.
    pub fn connection_events(&self) -> ConnectionEvents {
        ConnectionEvents(self.inner.links.events())
    }
}

impl ConnectionEvents {
    /// The next one; none once the client is gone. Who asks seldom misses some.
    ///
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<ConnectionEvent> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
