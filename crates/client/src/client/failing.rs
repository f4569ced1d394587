//! Tries to connect that fail, for those who want to tell somebody while calls are still tried again.

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::Client;
use crate::error::Attempt;

/// The tries to connect that fail; [`Client::failing`] gives it.
#[derive(Debug)]
pub struct Failing(Receiver<Attempt>);

impl Client {
    /// The tries to connect that fail from here on, and those that have no outcome after a second. Calls that wait for such a broker
    /// go on until their time is over: this tells meanwhile what they wait for.
    pub fn failing(&self) -> Failing {
        Failing(self.inner.links.failing())
    }
}

impl Failing {
    /// The next one; none once the client is gone. Who asks seldom misses some.
    ///
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<Attempt> {
        loop {
            match self.0.recv().await {
                Ok(attempt) => return Some(attempt),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
