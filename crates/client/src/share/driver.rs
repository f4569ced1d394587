//! Carries out what the core decides: one task for each share consumer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ottla_wire::messages::{
    ShareAcknowledgeRequest, ShareAcknowledgeResponse, ShareFetchRequest, ShareFetchResponse,
};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::answers::Learnt;
use super::fetcher::{Command, Due, ShareFetcher};
use crate::client::Lane;
use crate::cluster::Broker;
use crate::consumer::Refresh;
use crate::tasks::next_done;
use crate::{BrokerId, Call, Client, Destination, Result, clock};

/// What the share consumer and its tasks have in common.
#[derive(Debug)]
pub(super) struct Shared {
    fetcher: Mutex<ShareFetcher>,
    /// There is something to do.
    changed: Notify,
    /// There is something to take or to hear.
    pub(super) ready: Notify,
    /// An answer came.
    pub(super) moved: Notify,
}

impl Shared {
    pub(super) fn new(fetcher: ShareFetcher) -> Shared {
        Shared {
            fetcher: Mutex::new(fetcher),
            changed: Notify::new(),
            ready: Notify::new(),
            moved: Notify::new(),
        }
    }

    pub(super) fn fetcher(&self) -> MutexGuard<'_, ShareFetcher> {
        // Whatever panicked while it held the lock, the core is a value that is whole between its calls.
        self.fetcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and has the task look at it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut ShareFetcher) -> T) -> T {
        let changed = change(&mut self.fetcher());
        self.changed.notify_one();
        changed
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
    pub(super) refresh: Refresh,
}

/// What was done.
enum Done {
    Fetched(BrokerId, Result<ShareFetchResponse>),
    Told(BrokerId, Result<ShareAcknowledgeResponse>),
    Refreshed(Result<()>),
}

impl Driver {
    /// Until it is aborted.
    pub(super) async fn run(mut self) {
        let mut under_way = JoinSet::new();
        loop {
            let due = self.due();
            for command in due.commands {
                under_way.spawn(self.carry_out(command));
            }
            if due.misses_leader && self.refresh.begin(clock::now()) {
                let client = self.client.clone();
                under_way.spawn(async move { Done::Refreshed(client.refresh().await.map(drop)) });
            }
            tokio::select! {
                done = next_done(&mut under_way) => self.done(done),
                () = self.shared.changed.notified() => {}
                () = sleep_until(due.wake_at.unwrap_or_else(clock::now)), if due.wake_at.is_some() => {}
            }
        }
    }

    fn due(&self) -> Due {
        let (now, cluster) = (clock::now(), self.client.cluster());
        let mut fetcher = self.shared.fetcher();
        let mut due = fetcher.due(now, &cluster);
        let topics = if fetcher.is_assigned() { fetcher.topics.clone() } else { Vec::new() };
        let counted = std::mem::take(&mut fetcher.counted);
        drop(fetcher);
        self.client.counts().acknowledged(counted.acknowledged, counted.failed);
        self.shared.moved.notify_waiters();
        due.misses_leader |= !topics.is_empty() && !self.client.knows(&topics);
        if due.misses_leader {
            due.wake_at = due.wake_at.into_iter().chain(self.refresh.waits_until(now)).min();
        }
        due
    }

    fn carry_out(&self, command: Command) -> impl Future<Output = Done> + Send + use<> {
        let (client, lane) = (self.client.clone(), self.lane);
        async move {
            match command {
                Command::Fetch(broker, request) => {
                    Done::Fetched(broker, fetch(&client, lane, broker, &request).await)
                }
                Command::Acknowledge(broker, request) => {
                    Done::Told(broker, acknowledge(&client, lane, broker, &request).await)
                }
            }
        }
    }

    fn done(&mut self, done: Done) {
        let now = clock::now();
        match done {
            Done::Fetched(broker, result) => {
                self.answered(broker, &result);
                if let Ok(response) = &result {
                    self.client.counts().share_fetched(bytes_of(response));
                    for told in &response.node_endpoints {
                        let rack = told.rack.as_deref();
                        let endpoint = Broker::told(told.node_id, &told.host, told.port, rack);
                        self.client.learn_broker(endpoint);
                    }
                }
                let learnt = self.shared.fetcher().fetched(broker, result, now);
                self.learn(learnt);
            }
            Done::Told(broker, result) => {
                self.answered(broker, &result);
                let learnt = self.shared.fetcher().told(broker, result, now);
                self.learn(learnt);
            }
            Done::Refreshed(result) => {
                let cluster = self.client.cluster();
                let misses_leader = self.shared.fetcher().misses_leader(&cluster);
                self.refresh.is_done(result.is_ok() && !misses_leader, now);
                if let Err(error) = result
                    && !error.is_retriable()
                {
                    self.shared.fetcher().tell_error(error);
                }
            }
        }
        if self.shared.fetcher().is_ready() {
            self.shared.ready.notify_one();
        }
    }

    fn answered<T>(&self, broker: BrokerId, result: &Result<T>) {
        if let Err(error) = result {
            self.client.learn_from(&Destination::Broker(broker), error);
        }
    }

    fn learn(&self, learnt: Learnt) {
        for (partition, hint) in learnt.leaders {
            self.client.learn_leader(&partition, hint);
        }
        if learnt.is_stale {
            self.client.expire_metadata();
        }
    }
}

/// The bytes of the batches in an answer.
fn bytes_of(response: &ShareFetchResponse) -> usize {
    let partitions = response.responses.iter().flat_map(|topic| &topic.partitions);
    partitions.filter_map(|partition| partition.records.as_ref()).map(|records| records.len()).sum()
}

async fn fetch(
    client: &Client,
    lane: Lane,
    broker: BrokerId,
    request: &ShareFetchRequest,
) -> Result<ShareFetchResponse> {
    let waits = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let timeout = client.config().request_timeout + waits;
    let call = Call::to(Destination::Broker(broker)).lane(lane).timeout(timeout);
    Ok(client.request(&call, request).await?.response)
}

async fn acknowledge(
    client: &Client,
    lane: Lane,
    broker: BrokerId,
    request: &ShareAcknowledgeRequest,
) -> Result<ShareAcknowledgeResponse> {
    // Version 1 would take a renewal for something else.
    let versions = if request.is_renew_ack { 2..=i16::MAX } else { 0..=i16::MAX };
    let call = Call::to(Destination::Broker(broker)).lane(lane).versions(versions);
    Ok(client.request(&call, request).await?.response)
}
