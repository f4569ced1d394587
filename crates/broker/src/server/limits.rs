//! How many connections there may be: in all (`max.connections`) and from one address (`max.connections.per.ip`); and how
//! fast they may come (`max.connection.creation.rate`).

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
};

use ottla_config::NetworkConfig;
use rustc_hash::FxHashMap;

use super::rate::ConnectionRate;

/// Counts the connections of all listeners.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    total: AtomicU32,
    by_address: Mutex<FxHashMap<IpAddr, u32>>,
    rate: Mutex<ConnectionRate>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    limits: Arc<Limits>,
    address: IpAddr,
}

impl Limits {
    /// Whether another connection may be accepted at all. Those beyond it wait in the system's queue.
    pub(crate) fn have_room(&self, config: &NetworkConfig) -> bool {
        self.total.load(Ordering::Relaxed) < config.connections_max
    }

    /// How fast connections come, of all listeners.
    pub(crate) fn rate(&self) -> MutexGuard<'_, ConnectionRate> {
        self.rate.lock().expect("nobody panics with the lock held")
    }

    /// Counts a connection from this address, unless there are as many as it may have.
    pub(crate) fn take_place(self: &Arc<Self>, config: &NetworkConfig, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut by_address = self.lock();
        let count = by_address.entry(address).or_default();
        if *count >= max_of(config, address) {
            if *count == 0 {
                by_address.remove(&address);
            }
            return None;
        }
        *count += 1;
        self.total.fetch_add(1, Ordering::Relaxed);
        Some(Place { limits: Arc::clone(self), address })
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<IpAddr, u32>> {
        self.by_address.lock().expect("nobody panics with the lock held")
    }
}

/// Overrides name addresses; host names were looked up by nobody and count for none.
fn max_of(config: &NetworkConfig, address: IpAddr) -> u32 {
    let of_address = |(host, _): &&(String, u32)| host.parse::<IpAddr>() == Ok(address);
    let own = config.connections_per_ip_overrides.iter().find(of_address);
    own.map_or(config.connections_per_ip_max, |(_, max)| *max)
}

impl Drop for Place {
    fn drop(&mut self) {
        self.limits.total.fetch_sub(1, Ordering::Relaxed);
        let mut by_address = self.limits.lock();
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(all: u32, per_address: u32) -> NetworkConfig {
        let mut network = ottla_config::BrokerConfig::default().network;
        network.connections_max = all;
        network.connections_per_ip_max = per_address;
        network.connections_per_ip_overrides = vec![("10.0.0.9".into(), 0)];
        network
    }

    #[test]
    fn an_address_has_as_many_places_as_it_may_and_gives_them_back() {
        let (limits, config) = (Arc::new(Limits::default()), config(10, 2));
        let address = "10.0.0.1".parse().unwrap();
        let first = limits.take_place(&config, address).unwrap();
        let _second = limits.take_place(&config, "::ffff:10.0.0.1".parse().unwrap()).unwrap();
        assert!(limits.take_place(&config, address).is_none());
        assert!(limits.take_place(&config, "10.0.0.2".parse().unwrap()).is_some());
        assert!(limits.take_place(&config, "10.0.0.9".parse().unwrap()).is_none());
        drop(first);
        assert!(limits.take_place(&config, address).is_some());
    }

    #[test]
    fn no_more_are_accepted_than_there_may_be_in_all() {
        let (limits, config) = (Arc::new(Limits::default()), config(1, 9));
        let place = limits.take_place(&config, "10.0.0.1".parse().unwrap()).unwrap();
        assert!(!limits.have_room(&config));
        drop(place);
        assert!(limits.have_room(&config));
        assert!(limits.lock().is_empty());
    }
}
