//! Ports for servers that start late, or again.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::Mutex;

/// Below those that the system gives to outgoing connections, which could take one before the server does.
const PORTS: Range<u16> = 15_000..30_000;

/// Where to look next: no test of a process is given what another was.
static NEXT: Mutex<Option<u16>> = Mutex::new(None);

/// An address where nobody else listens while a broker is down.
pub(crate) fn quiet_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], quiet_ports(1)))
}

/// The first of so many ports in a row that are free, and stay so while nobody listens.
pub(crate) fn quiet_ports(count: u16) -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut next = NEXT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let start = next.unwrap_or_else(somewhere);
    let mut firsts = (start..PORTS.end - count).chain(PORTS.start..start);
    let first = firsts.find(|first| (*first..*first + count).all(is_free)).expect("free ports");
    *next = Some(first + count);
    first
}

/// Each process has a place of its own, as several may run at once.
fn somewhere() -> u16 {
    let choices = u64::from(PORTS.end - PORTS.start);
    PORTS.start + u16::try_from(RandomState::new().hash_one(()) % choices).expect("within the range")
}
