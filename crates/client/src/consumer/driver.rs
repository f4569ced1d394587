//! Carries out what the core decides: one task for each consumer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ottla_wire::messages::{FetchRequest, FetchResponse};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::fetcher::{Command, Due, Fetcher};
use super::offsets::{self, Found};
use super::position::Position;
use crate::backoff::Backoff;
use crate::client::Lane;
use crate::group::offsets::{Fetched, fetch_once};
use crate::metrics::{Gauges, Metrics};
use crate::tasks::next_done;
use crate::{BrokerId, Call, Client, Destination, Result, clock, random};

/// The first version of Fetch that tells of transactions and the last that names topics.
const FETCH_BY_NAME: std::ops::RangeInclusive<i16> = 4..=12;

/// What the consumer and its driver have in common.
#[derive(Debug)]
pub(super) struct Shared {
    fetcher: Mutex<Fetcher>,
    /// There is something to do: what is assigned changed, or there is room in the buffer.
    pub(super) changed: Notify,
    /// There is something to take.
    pub(super) ready: Notify,
}

impl Shared {
    pub(super) fn new(fetcher: Fetcher) -> Shared {
        Shared { fetcher: Mutex::new(fetcher), changed: Notify::new(), ready: Notify::new() }
    }

    pub(super) fn fetcher(&self) -> MutexGuard<'_, Fetcher> {
        // Whatever panicked while it held the lock, the core is a value that is whole between its calls.
        self.fetcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl crate::group::Wake for Shared {
    fn wake(&self) {
        self.ready.notify_one();
    }
}

/// The task.
pub(super) struct Driver {
    pub(super) client: Client,
    pub(super) shared: Arc<Shared>,
    pub(super) lane: Lane,
    pub(super) group: Option<Arc<str>>,
    pub(super) committed_only: bool,
    pub(super) refresh: Refresh,
}

/// Asking the cluster about the topics that are consumed.
#[derive(Debug)]
pub(crate) struct Refresh {
    backoff: Backoff,
    is_under_way: bool,
    failures: u32,
    retry_at: Option<Instant>,
}

/// What was done.
enum Done {
    Fetched(BrokerId, Result<FetchResponse>),
    Found(u64, Vec<Found>),
    Recalled(u64, Vec<Fetched>),
    Refreshed(Result<()>),
}

impl Refresh {
    pub(crate) fn new(backoff: Backoff) -> Refresh {
        Refresh { backoff, is_under_way: false, failures: 0, retry_at: None }
    }

    /// Whether it is time to ask; if so, it is under way from here on.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let may_begin = !self.is_under_way && self.retry_at.is_none_or(|at| at <= now);
        self.is_under_way |= may_begin;
        may_begin
    }

    /// When it is time, if that is still to come.
    pub(crate) fn waits_until(&self, now: Instant) -> Option<Instant> {
        self.retry_at.filter(|at| !self.is_under_way && *at > now)
    }

    /// Asked again soon, it would say the same: topics that are not there are asked for at longer and longer intervals.
    pub(crate) fn is_done(&mut self, has_all: bool, now: Instant) {
        self.is_under_way = false;
        self.failures = if has_all { 0 } else { self.failures.saturating_add(1) };
        let pause = self.backoff.pause(self.failures, random::fraction());
        self.retry_at = (!has_all).then(|| now + pause);
    }
}

impl Driver {
    /// Until it is aborted.
    pub(super) async fn run(mut self) {
        let mut under_way = JoinSet::new();
        loop {
            let due = self.due();
            let wake_at = due.wake_at;
            for command in due.commands {
                under_way.spawn(self.carry_out(command));
            }
            if due.misses_leader {
                self.refresh(&mut under_way);
            }
            tokio::select! {
                done = next_done(&mut under_way) => self.done(done),
                () = self.shared.changed.notified() => {}
                () = sleep_until(wake_at.unwrap_or_else(clock::now)), if wake_at.is_some() => {}
            }
        }
    }

    fn due(&self) -> Due {
        let (now, cluster) = (clock::now(), self.client.cluster());
        let mut fetcher = self.shared.fetcher();
        let mut due = fetcher.due(now, clock::wall_ms(), &cluster);
        let mut topics: Vec<_> = fetcher.assigned.keys().map(|partition| partition.topic.clone()).collect();
        drop(fetcher);
        topics.dedup();
        due.misses_leader |= !topics.is_empty() && !self.client.knows(&topics);
        if due.misses_leader {
            due.wake_at = due.wake_at.into_iter().chain(self.refresh.waits_until(now)).min();
        }
        due
    }

    fn refresh(&mut self, under_way: &mut JoinSet<Done>) {
        if self.refresh.begin(clock::now()) {
            let client = self.client.clone();
            under_way.spawn(async move { Done::Refreshed(client.refresh().await.map(drop)) });
        }
    }

    fn done(&mut self, done: Done) {
        let now = clock::now();
        let mut fetcher = self.shared.fetcher();
        match done {
            Done::Fetched(broker, result) => {
                if let Ok(response) = &result {
                    self.client.counts().fetched(bytes_of(response));
                }
                if let Err(error) = &result {
                    self.client.learn_from(&Destination::Broker(broker), error);
                }
                let learnt = fetcher.answered(broker, result, now);
                for (partition, hint) in learnt.leaders {
                    self.client.learn_leader(&partition, hint);
                }
                if learnt.is_stale {
                    self.client.expire_metadata();
                }
            }
            Done::Found(round, found) => {
                let position =
                    |(partition, found): Found| (partition, found.map(|at| at.map(Position::from)));
                fetcher.found(round, found.into_iter().map(position).collect(), now);
            }
            Done::Recalled(round, recalled) => {
                let position = |(partition, found): Fetched| {
                    (partition, found.map(|committed| committed.map(Position::from)))
                };
                fetcher.found(round, recalled.into_iter().map(position).collect(), now);
            }
            Done::Refreshed(result) => {
                let cluster = self.client.cluster();
                let missing = fetcher.without_leader(&cluster);
                self.refresh.is_done(result.is_ok() && missing.is_empty(), now);
                fetcher.refreshed(result, missing, now);
            }
        }
        if fetcher.is_ready() {
            self.shared.ready.notify_one();
        }
    }

    fn carry_out(&self, command: Command) -> impl Future<Output = Done> + Send + use<> {
        let (client, lane, committed_only) = (self.client.clone(), self.lane, self.committed_only);
        let group = self.group.clone().unwrap_or_default();
        async move {
            match command {
                Command::Fetch(broker, request, by_id) => {
                    Done::Fetched(broker, fetch(&client, lane, broker, &request, by_id).await)
                }
                Command::Find(asked, round) => {
                    Done::Found(round, offsets::ask_once(&client, committed_only, asked).await)
                }
                Command::Recall(asked, round) => {
                    Done::Recalled(round, fetch_once(&client, &group, asked, committed_only).await)
                }
            }
        }
    }
}

impl Gauges for Shared {
    fn read(&self, into: &mut Metrics) {
        for (partition, assigned) in &self.fetcher().assigned {
            if let Some(lag) = assigned.lag() {
                into.consumer.lag.insert(partition.clone(), lag.unsigned_abs());
            }
        }
    }
}

/// The bytes of the batches in an answer.
fn bytes_of(response: &FetchResponse) -> usize {
    let partitions = response.responses.iter().flat_map(|topic| &topic.partitions);
    partitions.filter_map(|partition| partition.records.as_ref()).map(|records| records.len()).sum()
}

async fn fetch(
    client: &Client,
    lane: Lane,
    broker: BrokerId,
    request: &FetchRequest,
    by_id: bool,
) -> Result<FetchResponse> {
    let versions = if by_id { *FETCH_BY_NAME.start()..=i16::MAX } else { FETCH_BY_NAME };
    let waits = std::time::Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let timeout = client.config().request_timeout + waits;
    let call = Call::to(Destination::Broker(broker)).versions(versions).lane(lane).timeout(timeout);
    Ok(client.request(&call, request).await?.response)
}
