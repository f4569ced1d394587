//! Warnings of brokers that cannot be connected to, while a command waits for them.
//!
//! Calls are tried again for as long as a minute, as a broker that restarts is soon back. Whoever waits wants to know for what.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ottla_client::config::ClientConfig;
use ottla_client::error::Attempt;
use ottla_client::{Client, ConnectionEvent, ConnectionEvents, Result};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::clock;
use crate::exit::print_warning;

/// A command that is done so soon, or fails itself, needs no warning.
const PATIENCE: Duration = Duration::from_millis(700);

/// A client that has asked the cluster for its brokers.
pub(super) async fn connect(config: ClientConfig) -> Result<Client> {
    let client = Client::new(config)?;
    let mut warning = JoinSet::new();
    warning.spawn(warn(client.connection_events(), |_any| true));
    client.refresh().await?;
    drop(warning);
    warn_from_now_on(&client);
    Ok(client)
}

/// Until the client or the runtime ends. Of `bootstrap.servers` one has answered, which is enough.
pub(super) fn warn_from_now_on(client: &Client) {
    let warning = warn(client.connection_events(), |attempt| attempt.advertised_by.is_some());
    // It ends with the client, and has nothing to be waited for.
    drop(tokio::spawn(warning));
}

async fn warn(mut events: ConnectionEvents, is_meant: impl Fn(&Attempt) -> bool) {
    let mut warnings = Warnings::default();
    loop {
        tokio::select! {
            // An address that was connected to at the last moment is not warned of.
            biased;
            event = events.next() => match event {
                Some(ConnectionEvent::NotConnected(attempt)) if is_meant(&attempt) => {
                    warnings.not_connected(clock::now(), &attempt.address, worded(&attempt));
                }
                Some(ConnectionEvent::Connected(address)) => warnings.connected(&address),
                Some(_) => {}
                None => return,
            },
            () = until(warnings.due_at()) => warnings.take_due(clock::now()).for_each(print_warning),
        }
    }
}

fn worded(attempt: &Attempt) -> String {
    format!("cannot connect to {attempt}; trying again\n         {}", attempt.advice())
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => pending().await,
    }
}

/// One for each address that cannot be connected to, and another one when it was connected to in between.
#[derive(Debug, Default)]
struct Warnings {
    /// Each with when it is due, by its address.
    pending: BTreeMap<Arc<str>, (Instant, String)>,
    told: BTreeSet<Arc<str>>,
}

impl Warnings {
    /// The last word counts: of an address that does not answer it is known later why.
    fn not_connected(&mut self, now: Instant, address: &Arc<str>, warning: String) {
        if !self.told.contains(address) {
            let (_, last) =
                self.pending.entry(address.clone()).or_insert_with(|| (now + PATIENCE, String::new()));
            *last = warning;
        }
    }

    fn connected(&mut self, address: &str) {
        self.pending.remove(address);
        self.told.remove(address);
    }

    fn due_at(&self) -> Option<Instant> {
        self.pending.values().map(|(due, _)| *due).min()
    }

    fn take_due(&mut self, now: Instant) -> impl Iterator<Item = String> {
        let due = self.pending.extract_if(.., move |_, (due, _)| *due <= now);
        due.map(|(address, (_, warning))| {
            self.told.insert(address);
            warning
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, and what is printed at which millisecond.
    fn check(happens: &[(u64, &str, Option<&str>)], expected: &[(u64, &str)]) {
        let start = clock::now();
        let (mut warnings, mut printed) = (Warnings::default(), Vec::new());
        let mut print_until = |warnings: &mut Warnings, until: u64| {
            while let Some(due) = warnings.due_at().filter(|due| *due < start + Duration::from_millis(until))
            {
                let at = u64::try_from((due - start).as_millis()).expect("it is soon");
                printed.extend(warnings.take_due(due).map(|warning| (at, warning)));
            }
        };
        for (at, address, warning) in happens {
            print_until(&mut warnings, *at);
            match warning {
                Some(warning) => {
                    let now = start + Duration::from_millis(*at);
                    warnings.not_connected(now, &(*address).into(), (*warning).to_owned());
                }
                None => warnings.connected(address),
            }
        }
        print_until(&mut warnings, 1_000_000);
        let printed: Vec<_> = printed.iter().map(|(at, warning)| (*at, warning.as_str())).collect();
        assert_eq!(printed, expected, "{happens:?}");
    }

    #[test]
    fn an_address_is_warned_of_once_until_it_is_connected_to() {
        for (happens, expected) in [
            (&[(0, "a", Some("refused")), (50, "a", Some("refused"))][..], &[(700, "refused")][..]),
            (&[(0, "a", Some("refused")), (900, "a", Some("refused"))], &[(700, "refused")]),
            (&[(0, "a", Some("silent")), (300, "a", Some("reset"))], &[(700, "reset")]),
            (&[(0, "a", Some("a")), (10, "b", Some("b"))], &[(700, "a"), (710, "b")]),
            (&[(0, "a", Some("silent")), (100, "a", None)], &[]),
            (&[(0, "a", Some("a")), (100, "b", None)], &[(700, "a")]),
            (
                &[(0, "a", Some("restarts")), (800, "a", None), (2000, "a", Some("is gone"))],
                &[(700, "restarts"), (2700, "is gone")],
            ),
        ] {
            check(happens, expected);
        }
    }
}
