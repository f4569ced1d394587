//! Addresses that could not be connected to.

use std::fmt;
use std::sync::Arc;

use crate::BrokerId;

/// A try to connect to an address, and why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Host and port as they were configured or advertised.
    pub address: Arc<str>,
    /// The broker that advertises the address; none for an address out of `bootstrap.servers`.
    pub advertised_by: Option<BrokerId>,
    /// Why, in words: the operating system's, or ours, of what a broker did instead.
    pub reason: Arc<str>,
    /// What to do where it is not the address that is wrong.
    pub(crate) advice: Option<&'static str>,
}

/// No broker could be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoBroker {
    /// Every address that was tried, in order.
    pub attempts: Vec<Attempt>,
}

impl Attempt {
    /// What a user can do about it.
    pub fn advice(&self) -> &'static str {
        self.advice.unwrap_or(match self.advertised_by {
            Some(_) => {
                "the broker told this address: set its advertised.listeners to one that can be reached from here"
            }
            None => "see that bootstrap.servers is right and that a broker listens there",
        })
    }
}

impl NoBroker {
    /// If any address came out of the configuration, that is where to look first.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let seed = self.attempts.iter().find(|attempt| attempt.advertised_by.is_none());
        seed.or(self.attempts.first()).map(Attempt::advice)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        if let Some(broker) = self.advertised_by {
            write!(f, " (advertised by broker {broker})")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for NoBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no broker answered")?;
        for (at, attempt) in self.attempts.iter().enumerate() {
            write!(f, "{} {attempt}", if at == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for NoBroker {}
