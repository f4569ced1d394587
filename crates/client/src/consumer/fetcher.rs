//! The core of a consumer: what is assigned, what is to be asked of whom, and what was fetched. It decides; the driver carries out.
//!
//! ```text
//!            due ──► commands ──► brokers
//!             ▲                      │
//!  assigned ──┤                      ▼
//!             └── buffer ◄─────── fetched, found
//!                   │
//!                  take ──► records
//! ```
//!
//! A partition is fetched again as soon as less than `max.partition.fetch.bytes` of it are buffered, so that the next answer is on
//! its way while the last one is read. All partitions together, what was asked for included, stay below `fetch.max.bytes`, except
//! that a broker gives at least one batch, however large.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use ottla_records::Limits;
use ottla_wire::ByteString;
use ottla_wire::messages::FetchRequest;
use tokio::time::Instant;

use super::assigned::{Assigned, Phase};
use super::fetched::{Fetched, Reading};
use super::position::{Begin, StartAt};
use super::record::ConsumerRecord;
use super::session::{FetchSession, Wanted};
use crate::backoff::Backoff;
use crate::cluster::Cluster;
use crate::config::{ClientConfig, ConsumerConfig, IsolationLevel, OffsetReset};
use crate::{BrokerId, Error, Result, TopicPartition};

/// The options that decide.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Whether there is a group that may have committed something.
    pub(super) has_group: bool,
    pub(super) reset: OffsetReset,
    pub(super) bytes_max: usize,
    pub(super) partition_bytes_max: usize,
    pub(super) bytes_min: i32,
    pub(super) wait_max: Duration,
    pub(super) rack: String,
    pub(super) reading: Reading,
    pub(super) backoff: Backoff,
    pub(super) preferred_lasting: Duration,
}

/// One broker that is fetched from.
#[derive(Debug, Default)]
pub(super) struct Peer {
    pub(super) session: FetchSession,
    pub(super) in_flight: Option<InFlight>,
}

/// A request that is on its way.
#[derive(Debug)]
pub(super) struct InFlight {
    /// The greatest round when it was made: what has a later one began anew since.
    pub(super) round: u64,
    /// What its answer may hold.
    bytes_max: usize,
}

/// The core.
#[derive(Debug)]
pub(super) struct Fetcher {
    pub(super) settings: Settings,
    pub(super) assigned: BTreeMap<TopicPartition, Assigned>,
    pub(super) peers: HashMap<BrokerId, Peer>,
    buffer: VecDeque<Fetched>,
    buffered_bytes: usize,
    /// Those whose error is to be told.
    errors: VecDeque<TopicPartition>,
    /// What is wrong with all of them.
    pub(super) failure: Option<Error>,
    rounds: u64,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Command {
    /// A fetch, and whether all that it names has topic ids.
    Fetch(BrokerId, FetchRequest, bool),
    /// Offsets, by their timestamps as ListOffsets has them; the answer comes with this round.
    Find(Vec<(TopicPartition, i64)>, u64),
    /// What the group committed; the answer comes with this round.
    Recall(Vec<TopicPartition>, u64),
}

/// All that is to be done now.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) commands: Vec<Command>,
    /// When to look again, even if nothing happens.
    pub(super) wake_at: Option<Instant>,
    /// A partition has no leader that is known.
    pub(super) misses_leader: bool,
}

impl Settings {
    pub(super) fn new(client: &ClientConfig, consumer: &ConsumerConfig) -> Settings {
        Settings {
            has_group: consumer.group_id.is_some(),
            reset: consumer.auto_offset_reset,
            bytes_max: usize::try_from(consumer.fetch_max_bytes).unwrap_or(0),
            partition_bytes_max: usize::try_from(consumer.max_partition_fetch_bytes).unwrap_or(0).max(1),
            bytes_min: consumer.fetch_min_bytes,
            wait_max: consumer.fetch_max_wait,
            rack: client.client_rack.clone().unwrap_or_default(),
            reading: Reading {
                check_crcs: consumer.check_crcs,
                committed_only: consumer.isolation_level == IsolationLevel::ReadCommitted,
                limits: Limits::default(),
            },
            backoff: Backoff { first: client.retry_backoff, max: client.retry_backoff_max },
            preferred_lasting: client.metadata_max_age,
        }
    }
}

impl Fetcher {
    pub(super) fn new(settings: Settings) -> Fetcher {
        Fetcher {
            settings,
            assigned: BTreeMap::new(),
            peers: HashMap::new(),
            buffer: VecDeque::new(),
            buffered_bytes: 0,
            errors: VecDeque::new(),
            failure: None,
            rounds: 0,
        }
    }

    /// Replaces what is assigned. If one of them cannot begin, nothing changes.
    pub(super) fn assign(&mut self, starts: Vec<(TopicPartition, StartAt)>) -> Result<()> {
        let begins = starts.into_iter().map(|(partition, at)| Ok((self.begin(&partition, at)?, partition)));
        let begins: Vec<(Begin, TopicPartition)> = begins.collect::<Result<_>>()?;
        let before = std::mem::take(&mut self.assigned);
        self.buffer.clear();
        self.buffered_bytes = 0;
        for (begin, partition) in begins {
            let mut assigned = Assigned::new(begin, self.next_round());
            if let Some(known) = before.get(&partition) {
                // A broker does not tell again in a session what it told already.
                assigned.high_watermark = known.high_watermark;
                assigned.log_start = known.log_start;
            }
            self.assigned.insert(partition, assigned);
        }
        Ok(())
    }

    /// Assigns these besides.
    pub(super) fn add(&mut self, starts: Vec<(TopicPartition, StartAt)>) -> Result<()> {
        for (partition, at) in starts {
            let begin = self.begin(&partition, at)?;
            let assigned = Assigned::new(begin, self.next_round());
            self.assigned.insert(partition, assigned);
        }
        Ok(())
    }

    /// Takes these away, with what was fetched of them.
    pub(super) fn remove(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.assigned.remove(partition);
        }
        self.buffer.retain(|fetched| self.assigned.contains_key(fetched.partition()));
        self.buffered_bytes = self.buffer.iter().map(|fetched| fetched.bytes).sum();
    }

    pub(super) fn seek(&mut self, partition: &TopicPartition, at: StartAt) -> Result<()> {
        let begin = self.begin(partition, at)?;
        self.with_new_round(partition, |assigned, round| assigned.begin(begin, round))
    }

    /// What is buffered of a partition that is paused is fetched again later: it must not keep others from being fetched.
    pub(super) fn pause(&mut self, partition: &TopicPartition) -> Result<()> {
        self.with_new_round(partition, |assigned, round| {
            assigned.unfetch(round);
            assigned.is_paused = true;
        })
    }

    pub(super) fn resume(&mut self, partition: &TopicPartition) -> Result<()> {
        let assigned = self.assigned.get_mut(partition).ok_or_else(|| not_assigned(partition))?;
        assigned.is_paused = false;
        Ok(())
    }

    fn begin(&self, partition: &TopicPartition, at: StartAt) -> Result<Begin> {
        if at == StartAt::Committed && !self.settings.has_group {
            return Err(Error::Config("group.id: only a group has committed offsets".into()));
        }
        at.begin(self.settings.reset).ok_or_else(|| {
            Error::Config(format!(
                "auto.offset.reset: is none, and nothing else says where {partition} begins"
            ))
        })
    }

    /// What was fetched of the partition, or is on its way, belongs to the past from here on.
    pub(super) fn with_new_round(
        &mut self,
        partition: &TopicPartition,
        change: impl FnOnce(&mut Assigned, u64),
    ) -> Result<()> {
        let round = self.next_round();
        let assigned = self.assigned.get_mut(partition).ok_or_else(|| not_assigned(partition))?;
        change(assigned, round);
        self.buffer.retain(|fetched| fetched.partition() != partition);
        self.buffered_bytes = self.buffer.iter().map(|fetched| fetched.bytes).sum();
        Ok(())
    }

    fn next_round(&mut self) -> u64 {
        self.rounds += 1;
        self.rounds
    }

    /// What is to be asked now. What is told here counts as on its way.
    pub(super) fn due(&mut self, now: Instant, wall_ms: i64, cluster: &Cluster) -> Due {
        let mut due = Due::default();
        let (mut targets, mut recalled, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
        let mut fetches = BTreeMap::<BrokerId, Vec<TopicPartition>>::new();
        for (partition, assigned) in &mut self.assigned {
            match assigned.is_due(now) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(at) => {
                    due.wake_at = Some(due.wake_at.map_or(at, |earlier| earlier.min(at)));
                    continue;
                }
            }
            if assigned.is_of_another(cluster.topic(&partition.topic).and_then(|topic| topic.id)) {
                // What was read of the one before is given first.
                if assigned.buffered_bytes == 0 {
                    replaced.push(partition.clone());
                }
            } else if let Phase::Seeking(target) = assigned.phase {
                assigned.phase = Phase::Asking(target);
                match target.timestamp(wall_ms) {
                    Some(timestamp) => targets.push((partition.clone(), timestamp)),
                    None => recalled.push(partition.clone()),
                }
            } else if assigned.wants_more(self.settings.partition_bytes_max) {
                let leader = cluster.partition(partition).and_then(|known| known.leader);
                match assigned.preferred(now).or(leader) {
                    Some(broker) => fetches.entry(broker).or_default().push(partition.clone()),
                    None => due.misses_leader = true,
                }
            }
        }
        if !targets.is_empty() {
            due.commands.push(Command::Find(targets, self.rounds));
        }
        if !recalled.is_empty() {
            due.commands.push(Command::Recall(recalled, self.rounds));
        }
        for partition in replaced {
            self.replaced(&partition, now);
            due.wake_at = Some(now);
        }
        let share = self.share(&fetches);
        for (broker, partitions) in fetches {
            due.commands.extend(self.fetch(broker, &partitions, share, cluster));
        }
        due
    }

    /// What may be asked of each broker, so that one without news does not keep the others from being asked.
    fn share(&self, fetches: &BTreeMap<BrokerId, Vec<TopicPartition>>) -> usize {
        let others = self
            .peers
            .iter()
            .filter(|(broker, peer)| peer.in_flight.is_some() && !fetches.contains_key(broker));
        self.settings.bytes_max / (fetches.len() + others.count()).max(1)
    }

    /// A request for these, unless one is on its way or there is no room for the answer.
    fn fetch(
        &mut self,
        broker: BrokerId,
        partitions: &[TopicPartition],
        share: usize,
        cluster: &Cluster,
    ) -> Option<Command> {
        let bytes_max = partitions.len().saturating_mul(self.settings.partition_bytes_max);
        let bytes_max = self.room(share)?.min(bytes_max);
        let peer = self.peers.entry(broker).or_default();
        if peer.in_flight.is_some() {
            return None;
        }
        let mut wanted = BTreeMap::new();
        for partition in partitions {
            let assigned = self.assigned.get_mut(partition).expect("only what is assigned is fetched");
            assigned.is_in_flight = true;
            wanted.insert(partition.clone(), want(partition, assigned, &self.settings, cluster));
        }
        let request = FetchRequest {
            max_wait_ms: i32::try_from(self.settings.wait_max.as_millis()).unwrap_or(i32::MAX),
            min_bytes: self.settings.bytes_min,
            max_bytes: i32::try_from(bytes_max).unwrap_or(i32::MAX),
            isolation_level: i8::from(self.settings.reading.committed_only),
            rack_id: ByteString::from(self.settings.rack.as_str()),
            ..peer.session.request(wanted)
        };
        peer.in_flight = Some(InFlight { round: self.rounds, bytes_max });
        Some(Command::Fetch(broker, request, peer.session.has_topic_ids()))
    }

    /// How many bytes may be asked for. None while that is less than is worth asking for, unless nothing else is there at all.
    fn room(&self, share: usize) -> Option<usize> {
        let in_flight = self.peers.values().filter_map(|peer| peer.in_flight.as_ref());
        let taken = self.buffered_bytes + in_flight.map(|request| request.bytes_max).sum::<usize>();
        let room = self.settings.bytes_max.saturating_sub(taken).min(share);
        (taken == 0 || room >= share.min(self.settings.partition_bytes_max)).then_some(room)
    }

    pub(super) fn push(&mut self, fetched: Fetched) {
        self.buffered_bytes += fetched.bytes;
        self.buffer.push_back(fetched);
    }

    /// Has the next poll tell of an error; until then the partition rests.
    pub(super) fn tell(&mut self, partition: &TopicPartition, error: Error) {
        if let Some(assigned) = self.assigned.get_mut(partition)
            && assigned.error.replace(error).is_none()
        {
            self.errors.push_back(partition.clone());
        }
    }

    /// Whether [`Fetcher::take`] has something to give.
    pub(super) fn is_ready(&self) -> bool {
        !self.buffer.is_empty() || !self.errors.is_empty() || self.failure.is_some()
    }

    /// Gives up to `max` records, behind those that are in `records`. An error is told when there are no records before it.
    pub(super) fn take(&mut self, max: usize, records: &mut Vec<ConsumerRecord>, now: Instant) -> Result<()> {
        while records.len() < max && self.failure.is_none() && self.errors.is_empty() {
            let Some(fetched) = self.buffer.front_mut() else { return Ok(()) };
            let assigned = self.assigned.get_mut(fetched.partition());
            let Some(assigned) = assigned.filter(|assigned| assigned.round == fetched.round) else {
                self.pop();
                continue;
            };
            let read = loop {
                match fetched.next(&mut assigned.position, &self.settings.reading) {
                    Ok(Some(record)) => records.push(record),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
                if records.len() >= max {
                    return Ok(());
                }
            };
            if let Err(error) = read {
                let (partition, offset) = (fetched.partition().clone(), assigned.position.offset);
                assigned.failed(self.settings.backoff, now);
                self.with_new_round(&partition, Assigned::unfetch)?;
                let reason = error.to_string().into();
                self.tell(&partition, Error::Corrupt { partition: partition.clone(), offset, reason });
            } else {
                assigned.buffered_bytes = assigned.buffered_bytes.saturating_sub(fetched.bytes);
                self.pop();
            }
        }
        if records.is_empty() { self.take_error() } else { Ok(()) }
    }

    fn pop(&mut self) {
        if let Some(fetched) = self.buffer.pop_front() {
            self.buffered_bytes -= fetched.bytes;
        }
    }

    fn take_error(&mut self) -> Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        while let Some(partition) = self.errors.pop_front() {
            // A seek may have made it void.
            let error = self.assigned.get_mut(&partition).and_then(|assigned| assigned.error.take());
            if let Some(error) = error {
                return Err(error);
            }
        }
        Ok(())
    }
}

fn want(partition: &TopicPartition, assigned: &Assigned, settings: &Settings, cluster: &Cluster) -> Wanted {
    Wanted {
        topic_id: cluster.topic(&partition.topic).and_then(|topic| topic.id),
        offset: assigned.fetching.offset,
        bytes_max: i32::try_from(settings.partition_bytes_max).unwrap_or(i32::MAX),
        leader_epoch: cluster.partition(partition).and_then(|known| known.leader_epoch),
        last_fetched_epoch: assigned.fetching.epoch,
    }
}

pub(super) fn not_assigned(partition: &TopicPartition) -> Error {
    Error::NotAssigned { partition: partition.clone() }
}
