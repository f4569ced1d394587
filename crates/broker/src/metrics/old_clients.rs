//! Who uses request versions that Kafka 4.0 removed, so that an operator can find them.

use std::{
    net::IpAddr,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytestring::ByteString;
use ottla_wire::ApiKey;
use rustc_hash::FxHashMap;

/// How often the log tells of the same client.
const TELL_EVERY: Duration = Duration::from_secs(3600);
/// Clients that are told apart. Who varies its name or address makes no more series than this.
const CLIENTS_MAX: usize = 1000;

/// One use of an old version: by whom, and of which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OldClient {
    /// As the client said with ApiVersions 3 or later; most old ones cannot say it.
    pub(crate) software: ByteString,
    pub(crate) software_version: ByteString,
    pub(crate) address: IpAddr,
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
}

#[derive(Debug, Default)]
pub(crate) struct OldClients {
    seen: Mutex<FxHashMap<OldClient, Seen>>,
    /// Requests of those that there was no place for.
    others: AtomicU64,
}

/// What is known of a use.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    /// Of the last request.
    pub(crate) client_id: Box<str>,
    pub(crate) last: Instant,
    told: Instant,
}

impl OldClients {
    /// Counts a request; whether the log is to tell of it.
    pub(crate) fn seen(&self, client: &OldClient, client_id: &str, now: Instant) -> bool {
        let mut all = self.lock();
        if let Some(seen) = all.get_mut(client) {
            seen.requests += 1;
            seen.last = now;
            if *seen.client_id != *client_id {
                seen.client_id = client_id.into();
            }
            let is_due = now.saturating_duration_since(seen.told) >= TELL_EVERY;
            if is_due {
                seen.told = now;
            }
            return is_due;
        }
        if all.len() == CLIENTS_MAX {
            self.others.fetch_add(1, Relaxed);
            return false;
        }
        let seen = Seen { requests: 1, client_id: client_id.into(), last: now, told: now };
        all.insert(client.clone(), seen);
        true
    }

    /// In no order.
    pub(crate) fn all(&self) -> Vec<(OldClient, Seen)> {
        self.lock().iter().map(|(client, seen)| (client.clone(), seen.clone())).collect()
    }

    pub(crate) fn others(&self) -> u64 {
        self.others.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<OldClient, Seen>> {
        self.seen.lock().expect("nobody panics with the lock held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn client(version: i16, last: u8) -> OldClient {
        OldClient {
            software: "unknown".into(),
            software_version: "unknown".into(),
            address: IpAddr::from([10, 0, 0, last]),
            api: ApiKey::Fetch,
            version,
        }
    }

    #[test]
    fn the_log_tells_of_each_client_and_version_once_an_hour() {
        let (clients, start) = (OldClients::default(), clock::now());
        let minutes = |count: u64| start + Duration::from_secs(60 * count);
        let seen = |client: OldClient, at| clients.seen(&client, "an id", at);
        assert!(seen(client(0, 1), start));
        assert!(!seen(client(0, 1), minutes(59)));
        assert!(seen(client(0, 2), minutes(59)));
        assert!(seen(client(2, 1), minutes(59)));
        assert!(seen(client(0, 1), minutes(60)));
        assert!(!seen(client(0, 1), minutes(61)));
        let mut all = clients.all();
        all.sort_by_key(|(_, seen)| seen.requests);
        assert_eq!(all.iter().map(|(_, seen)| seen.requests).collect::<Vec<_>>(), [1, 1, 4]);
    }

    #[test]
    fn of_the_last_request_the_time_and_the_id_are_kept() {
        let (clients, start) = (OldClients::default(), clock::now());
        let later = start + Duration::from_secs(1);
        clients.seen(&client(0, 1), "first", start);
        clients.seen(&client(0, 1), "second", later);
        let [(_, seen)] = &clients.all()[..] else { panic!("it is one client") };
        assert_eq!((seen.requests, &*seen.client_id, seen.last), (2, "second", later));
    }

    #[test]
    fn there_is_a_place_for_so_many_clients_and_no_more() {
        let (clients, now) = (OldClients::default(), clock::now());
        let all = (0..10).flat_map(|version| (0..=255).map(move |last| client(version, last)));
        let told = all.filter(|client| clients.seen(client, "", now)).count();
        assert_eq!((told, clients.all().len(), clients.others()), (CLIENTS_MAX, CLIENTS_MAX, 1560));
    }
}
