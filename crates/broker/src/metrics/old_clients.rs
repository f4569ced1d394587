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

#[derive(Debug)]
struct Seen {
    requests: u64,
    told: Instant,
}

impl OldClients {
    /// Counts a request; whether the log is to tell of it.
    pub(crate) fn seen(&self, client: &OldClient, now: Instant) -> bool {
        let mut all = self.lock();
        if let Some(seen) = all.get_mut(client) {
            seen.requests += 1;
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
        all.insert(client.clone(), Seen { requests: 1, told: now });
        true
    }

    /// Each with its requests, in no order.
    pub(crate) fn counts(&self) -> Vec<(OldClient, u64)> {
        self.lock().iter().map(|(client, seen)| (client.clone(), seen.requests)).collect()
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
        assert!(clients.seen(&client(0, 1), start));
        assert!(!clients.seen(&client(0, 1), minutes(59)));
        assert!(clients.seen(&client(0, 2), minutes(59)));
        assert!(clients.seen(&client(2, 1), minutes(59)));
        assert!(clients.seen(&client(0, 1), minutes(60)));
        assert!(!clients.seen(&client(0, 1), minutes(61)));
        let mut counts = clients.counts();
        counts.sort_by_key(|(_, requests)| *requests);
        assert_eq!(counts.iter().map(|(_, requests)| *requests).collect::<Vec<_>>(), [1, 1, 4]);
    }

    #[test]
    fn there_is_a_place_for_so_many_clients_and_no_more() {
        let (clients, now) = (OldClients::default(), clock::now());
        let all = (0..10).flat_map(|version| (0..=255).map(move |last| client(version, last)));
        let told = all.filter(|client| clients.seen(client, now)).count();
        assert_eq!((told, clients.counts().len(), clients.others()), (CLIENTS_MAX, CLIENTS_MAX, 1560));
    }
}
