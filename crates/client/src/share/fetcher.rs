//! The core of a share consumer: which broker is asked for records or told of them, what the application has, and what becomes of
//! answers. It decides; the driver carries out.
//!
//! ```text
//!   assigned ──┐                                    ┌──► buffer ──► take ──► in flight
//!              ├─► due ──► commands ──► brokers ──► answered                    │
//!   waiting ───┘                                    └──► commits, renewed       │ said
//!      ▲                                                                        ▼
//!      └────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Locks on records run from when a broker gives them. So records are fetched only while somebody waits for some and none are there:
//! all brokers together give at most `fetch.max.bytes` at a time, except that each gives at least one batch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ottla_records::Limits;
use ottla_wire::ByteString;
use ottla_wire::messages::{ShareAcknowledgeRequest, ShareFetchRequest};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::acknowledgement::AcknowledgeType;
use super::answers::Counted;
use super::commit::{Commits, Outcome, Ticket};
use super::fetched::{Fetched, Reading};
use super::in_flight::{InFlight, Said, Source};
use super::listener::Acknowledged;
use super::peer::{Peer, Sent, Waiting};
use super::record::ShareRecord;
use super::requests;
use super::session::{FINAL_EPOCH, Numbered};
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::config::{AcknowledgementMode, AcquireMode, ClientConfig, ConsumerConfig};
use crate::{BrokerId, Error, Result, TopicPartition};

/// The options that decide.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) group_id: Arc<str>,
    pub(super) member_id: Arc<str>,
    pub(super) mode: AcknowledgementMode,
    pub(super) acquire: AcquireMode,
    pub(super) bytes_max: i32,
    pub(super) bytes_min: i32,
    pub(super) records_max: i32,
    pub(super) wait_max: Duration,
    /// How long acknowledgements are tried that nobody gave a deadline.
    pub(super) patience: Duration,
    pub(super) reading: Reading,
    pub(super) backoff: Backoff,
}

/// The core.
#[derive(Debug)]
pub(super) struct ShareFetcher {
    pub(super) settings: Settings,
    /// The topics that are subscribed to, whose ids say what is assigned.
    pub(super) topics: Vec<Arc<str>>,
    assigned: BTreeSet<Numbered>,
    pub(super) peers: BTreeMap<BrokerId, Peer>,
    pub(super) names: BTreeMap<Numbered, TopicPartition>,
    pub(super) buffer: VecDeque<Fetched>,
    pub(super) in_flight: InFlight,
    /// Records whose locks began anew, to be given again.
    pub(super) renewed: VecDeque<(Source, ShareRecord)>,
    pub(super) commits: Commits,
    /// What a listener is to hear; nothing, if there is none.
    pub(super) acknowledged: Vec<Acknowledged>,
    pub(super) has_listener: bool,
    /// How many wait for records.
    polling: usize,
    /// With `record_limit` one broker is fetched from at a time: this one was the last.
    last_fetched: BrokerId,
    pub(super) errors: VecDeque<Error>,
    pub(super) counted: Counted,
    pub(super) lock_timeout: Option<Duration>,
    is_closing: bool,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Command {
    Fetch(BrokerId, ShareFetchRequest),
    Acknowledge(BrokerId, ShareAcknowledgeRequest),
}

/// All that is to be done now.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) commands: Vec<Command>,
    /// When to look again, even if nothing happens.
    pub(super) wake_at: Option<Instant>,
    /// A partition has no leader that is known, or a topic no name.
    pub(super) misses_leader: bool,
}

impl Settings {
    pub(super) fn new(
        client: &ClientConfig,
        consumer: &ConsumerConfig,
        group: &str,
        member: &str,
    ) -> Settings {
        Settings {
            group_id: group.into(),
            member_id: member.into(),
            mode: consumer.share_acknowledgement_mode,
            acquire: consumer.share_acquire_mode,
            bytes_max: consumer.fetch_max_bytes,
            bytes_min: consumer.fetch_min_bytes,
            records_max: i32::try_from(consumer.max_poll_records).unwrap_or(i32::MAX),
            wait_max: consumer.fetch_max_wait,
            patience: client.default_api_timeout,
            reading: Reading { check_crcs: consumer.check_crcs, limits: Limits::default() },
            backoff: Backoff { first: client.retry_backoff, max: client.retry_backoff_max },
        }
    }
}

impl Due {
    fn wake(&mut self, at: Instant) {
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }
}

impl ShareFetcher {
    pub(super) fn new(settings: Settings) -> ShareFetcher {
        ShareFetcher {
            settings,
            topics: Vec::new(),
            assigned: BTreeSet::new(),
            peers: BTreeMap::new(),
            names: BTreeMap::new(),
            buffer: VecDeque::new(),
            in_flight: InFlight::default(),
            renewed: VecDeque::new(),
            commits: Commits::default(),
            acknowledged: Vec::new(),
            has_listener: false,
            polling: 0,
            last_fetched: -1,
            errors: VecDeque::new(),
            counted: Counted::default(),
            lock_timeout: None,
            is_closing: false,
        }
    }

    /// Records are fetched from these partitions from here on. Those that were given of others are still the application's.
    pub(super) fn assign(&mut self, assigned: &BTreeSet<Numbered>) {
        if self.assigned != *assigned {
            self.assigned.clone_from(assigned);
        }
    }

    /// Whether something is assigned.
    pub(super) fn is_assigned(&self) -> bool {
        !self.assigned.is_empty()
    }

    /// Somebody begins to wait for records, and with that says what became of those before.
    pub(super) fn begin_polling(&mut self, now: Instant) -> Result<()> {
        match self.settings.mode {
            AcknowledgementMode::Implicit => self.in_flight.accept_all(),
            AcknowledgementMode::Explicit => {
                let count = self.in_flight.unacknowledged();
                if count > 0 {
                    return Err(Error::Unacknowledged { count });
                }
            }
        }
        self.tell_brokers(now);
        self.polling += 1;
        Ok(())
    }

    pub(super) fn end_polling(&mut self) {
        self.polling = self.polling.saturating_sub(1);
    }

    /// Puts what was said of records where the next requests take it.
    pub(super) fn tell_brokers(&mut self, now: Instant) {
        let deadline = now + self.settings.patience;
        for said in self.in_flight.take() {
            self.enqueue(said, None, false, deadline);
        }
    }

    fn enqueue(&mut self, said: Said, ticket: Option<Ticket>, is_urgent: bool, deadline: Instant) {
        self.peers.entry(said.source.broker).or_default().waiting.push(Waiting {
            partition: said.partition,
            source: said.source,
            acknowledgements: said.acknowledgements,
            renewals: said.renewals,
            ticket,
            is_urgent,
            deadline,
        });
    }

    /// Has brokers told as soon as can be. None if there is nothing to tell.
    pub(super) fn commit(&mut self, now: Instant, within: Duration) -> Option<oneshot::Receiver<Outcome>> {
        if self.settings.mode == AcknowledgementMode::Implicit {
            self.in_flight.accept_all();
        }
        let said = self.in_flight.take();
        if said.is_empty() {
            return None;
        }
        let (ticket, outcome) = self.commits.begin(said.len());
        for said in said {
            self.enqueue(said, Some(ticket), true, now + within);
        }
        Some(outcome)
    }

    /// The application says what became of a record.
    pub(super) fn acknowledge(&mut self, record: &ShareRecord, what: AcknowledgeType) -> Result<()> {
        if self.settings.mode == AcknowledgementMode::Implicit {
            return Err(Error::Config(
                "share.acknowledgement.mode: is implicit, so records are not acknowledged one by one".into(),
            ));
        }
        self.in_flight.acknowledge(record, what)
    }

    /// Tells brokers the last, and closes all sessions: what was given and nothing was said of is released.
    pub(super) fn close(&mut self, now: Instant) {
        self.tell_brokers(now);
        self.is_closing = true;
        self.assigned.clear();
        self.buffer.clear();
        self.renewed.clear();
    }

    /// Whether all sessions are closed.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closing && self.peers.is_empty()
    }

    /// What is to be asked and told now. What is named here counts as on its way.
    pub(super) fn due(&mut self, now: Instant, cluster: &Cluster) -> Due {
        let mut due = Due::default();
        self.give_up_late(now, &mut due);
        let (wanted, misses_leader) = self.by_leader(cluster);
        due.misses_leader = misses_leader;
        for broker in wanted.keys() {
            self.peers.entry(*broker).or_default();
        }
        let fetched = self.to_fetch(&wanted, now);
        let brokers: Vec<BrokerId> = self.peers.keys().copied().collect();
        for broker in brokers {
            let wants = fetched.contains(&broker).then(|| &wanted[&broker]);
            let is_wanted = wanted.contains_key(&broker);
            due.commands.extend(self.ask(broker, wants, is_wanted, fetched.len(), now));
            let peer = self.peers.get(&broker);
            if let Some(at) = peer.and_then(|peer| peer.retry_at).filter(|at| *at > now) {
                due.wake(at);
            }
        }
        self.peers.retain(|_, peer| !(self.is_closing && peer.sent.is_none() && peer.session.is_new()));
        due
    }

    /// Whether it is not known of all that is assigned who leads it.
    pub(super) fn misses_leader(&mut self, cluster: &Cluster) -> bool {
        self.by_leader(cluster).1
    }

    /// What is assigned, by the brokers that lead it, and whether that is not known of all of it.
    fn by_leader(&mut self, cluster: &Cluster) -> (BTreeMap<BrokerId, BTreeSet<Numbered>>, bool) {
        let ids: BTreeMap<_, _> =
            self.topics.iter().filter_map(|name| Some((cluster.topic(name)?.id?, name.clone()))).collect();
        let mut wanted: BTreeMap<BrokerId, BTreeSet<Numbered>> = BTreeMap::new();
        let mut misses_leader = false;
        for number in &self.assigned {
            let partition = ids.get(&number.0).map(|name| TopicPartition::new(name.clone(), number.1));
            let leader = partition.as_ref().and_then(|partition| cluster.partition(partition)?.leader);
            match (partition, leader) {
                (Some(partition), Some(leader)) => {
                    self.names.insert(*number, partition);
                    wanted.entry(leader).or_default().insert(*number);
                }
                _ => misses_leader = true,
            }
        }
        (wanted, misses_leader)
    }

    /// The brokers that are asked for records now.
    fn to_fetch(&self, wanted: &BTreeMap<BrokerId, BTreeSet<Numbered>>, now: Instant) -> BTreeSet<BrokerId> {
        let is_fed = !self.buffer.is_empty() || !self.renewed.is_empty() || self.is_renewing();
        if self.polling == 0 || is_fed || self.is_closing {
            return BTreeSet::new();
        }
        let is_free = |broker: &&BrokerId| {
            let peer = &self.peers[*broker];
            peer.sent.is_none() && peer.retry_at.is_none_or(|at| at <= now) && !peer.is_urgent()
        };
        let free: BTreeSet<BrokerId> = wanted.keys().filter(is_free).copied().collect();
        if self.settings.acquire == AcquireMode::BatchOptimized {
            return free;
        }
        if self.peers.values().any(|peer| peer.sent.as_ref().is_some_and(|sent| sent.is_fetch)) {
            return BTreeSet::new();
        }
        let after = free.iter().find(|broker| **broker > self.last_fetched);
        after.or(free.first()).copied().into_iter().collect()
    }

    fn is_renewing(&self) -> bool {
        let told = self
            .peers
            .values()
            .flat_map(|peer| peer.sent.iter().flat_map(|sent| &sent.told).chain(&peer.waiting));
        told.into_iter().any(|waiting| !waiting.renewals.is_empty())
    }

    /// A request to a broker, unless one is on its way or there is none to make.
    fn ask(
        &mut self,
        broker: BrokerId,
        wants: Option<&BTreeSet<Numbered>>,
        is_wanted: bool,
        fetches: usize,
        now: Instant,
    ) -> Option<Command> {
        let has_records = self.has_of(broker);
        let peer = self.peers.get_mut(&broker)?;
        if peer.sent.is_some() || (peer.retry_at.is_some_and(|at| at > now) && !self.is_closing) {
            return None;
        }
        if peer.session.is_new() && !peer.waiting.is_empty() {
            self.lose(broker);
        }
        let peer = self.peers.get_mut(&broker)?;
        let is_idle = !is_wanted && !has_records && peer.waiting.is_empty();
        let is_last = (self.is_closing || is_idle) && !peer.session.is_new();
        let is_alone =
            |wanted: &BTreeSet<Numbered>| peer.waiting.iter().all(|w| wanted.contains(&w.number()));
        match wants.filter(|wanted| is_alone(wanted)) {
            Some(wanted) => Some(self.fetch(broker, wanted, fetches)),
            None if is_last || !peer.waiting.is_empty() => Some(self.tell(broker, is_last)),
            None => None,
        }
    }

    /// Whether records of a broker are here: it must not take them back.
    fn has_of(&self, broker: BrokerId) -> bool {
        let mut buffered = self.buffer.iter().map(|fetched| fetched.source);
        let mut renewed = self.renewed.iter().map(|(source, _)| *source);
        let is_of = |source: Source| source.broker == broker;
        self.in_flight.has_of(broker) || buffered.any(is_of) || renewed.any(is_of)
    }

    fn fetch(&mut self, broker: BrokerId, wanted: &BTreeSet<Numbered>, fetches: usize) -> Command {
        let settings = &self.settings;
        let brokers = i32::try_from(fetches).unwrap_or(i32::MAX).max(1);
        self.last_fetched = broker;
        let peer = self.peers.entry(broker).or_default();
        let told = std::mem::take(&mut peer.waiting);
        let options = ShareFetchRequest {
            group_id: Some(ByteString::from(&*settings.group_id)),
            member_id: Some(ByteString::from(&*settings.member_id)),
            share_session_epoch: peer.session.epoch(),
            max_wait_ms: i32::try_from(settings.wait_max.as_millis()).unwrap_or(i32::MAX),
            min_bytes: settings.bytes_min,
            max_bytes: settings.bytes_max / brokers,
            max_records: settings.records_max,
            batch_size: settings.records_max,
            share_acquire_mode: i8::from(settings.acquire == AcquireMode::RecordLimit),
            ..ShareFetchRequest::default()
        };
        let request = requests::fetch(peer.session.want(wanted), &told, options);
        peer.sent = Some(Sent { told, is_fetch: true, is_last: false });
        Command::Fetch(broker, request)
    }

    fn tell(&mut self, broker: BrokerId, is_last: bool) -> Command {
        let settings = &self.settings;
        let peer = self.peers.entry(broker).or_default();
        let told = std::mem::take(&mut peer.waiting);
        let options = ShareAcknowledgeRequest {
            group_id: Some(ByteString::from(&*settings.group_id)),
            member_id: Some(ByteString::from(&*settings.member_id)),
            share_session_epoch: if is_last { FINAL_EPOCH } else { peer.session.epoch() },
            ..ShareAcknowledgeRequest::default()
        };
        let request = requests::acknowledge(&told, options);
        peer.sent = Some(Sent { told, is_fetch: false, is_last });
        Command::Acknowledge(broker, request)
    }
}
