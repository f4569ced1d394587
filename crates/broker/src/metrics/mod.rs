//! What is counted, and how a scrape tells it.
//!
//! ```text
//! requests ──► counters: few, shared, atomic ──┐
//!                                              ├──► scrape ──► text ──► http
//! partitions, groups, journal, process ────────┘
//! ```
//!
//! What happens is counted as it happens, without a lock and without a look-up by name: counters of a topic are in the
//! topic. What is, is looked at when somebody scrapes: no partition and no group has a metric of its own.

mod connections;
mod conversions;
mod distribution;
mod journal;
mod level;
mod old_clients;
mod recent;
mod requests;
mod scrape;
mod text;
mod traffic;

use std::{sync::Arc, time::Instant};

use ottla_records::Offset;
use ottla_wire::{ApiKey, ErrorCode};
use tokio::runtime::Handle;

use crate::clock;

pub(crate) use connections::Connected;
pub(crate) use distribution::Distribution;
pub(crate) use journal::{JournalMetrics, MeasuredDisk};
pub(crate) use level::Level;
pub(crate) use old_clients::{OldClient, OldClients, Seen};
pub(crate) use scrape::scrape;
pub(crate) use text::CONTENT_TYPE;
pub(crate) use traffic::{Traffic, TrafficCounts};

/// Counters of one broker, but for those that belong to something else: a topic's are in the topic.
#[derive(Debug)]
pub(crate) struct Metrics {
    connections: connections::Connections,
    requests: requests::Requests,
    /// Fetches that wait for more to read.
    pub(crate) waiting_fetches: Level,
    pub(crate) produce_conversions: conversions::Conversions,
    pub(crate) fetch_conversions: conversions::Conversions,
    pub(crate) old_clients: OldClients,
    journal: Arc<JournalMetrics>,
    recent: recent::Recent,
    /// Whose threads serve the connections.
    runtime: Handle,
    /// Seconds since 1970.
    started: f64,
}

impl Metrics {
    /// To be called on the runtime that serves the connections.
    pub(crate) fn new<'a>(
        listeners: impl Iterator<Item = &'a str>,
        journal: Arc<JournalMetrics>,
        metadata_end: Offset,
    ) -> Metrics {
        let runtime = Handle::current();
        let first = recent::Snapshot {
            at: clock::now(),
            busy: scrape::busy_time(&runtime),
            requests: Vec::new(),
            commits: distribution::Counts::default(),
            metadata_end,
        };
        Metrics {
            connections: connections::Connections::new(listeners),
            requests: requests::Requests::default(),
            waiting_fetches: Level::default(),
            produce_conversions: conversions::Conversions::default(),
            fetch_conversions: conversions::Conversions::default(),
            old_clients: OldClients::default(),
            journal,
            recent: recent::Recent::new(first),
            runtime,
            started: clock::wall_ms() as f64 / 1e3,
        }
    }

    pub(crate) fn connection_opened(&self, listener: &str) -> Connected {
        self.connections.open(listener)
    }

    /// A request was answered, or will be with the next bytes that go out.
    pub(crate) fn request_served(&self, api: ApiKey, version: i16, started: Instant) {
        self.requests.served(api, version, clock::now() - started);
    }

    /// An answer tells of an error. Called once for each.
    pub(crate) fn request_failed(&self, api: ApiKey, error: ErrorCode) {
        self.requests.failed(api, error);
    }
}
