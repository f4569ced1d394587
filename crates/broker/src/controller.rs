//! The controller's thread: decides one request after another, makes the records durable, replays them, and carries out
//! what changed, before the response goes out.

use std::{
    sync::{
        Arc, RwLock, RwLockReadGuard,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use ottla_metadata::{Change, ConfigRules, Decision, Image, Settings};
use ottla_quorum::MetadataLog;
use ottla_records::{Epoch, Offset};
use ottla_wire::messages::MetadataRecord;
use tokio::sync::oneshot;

use crate::{clock, metrics::Distribution, storage};

/// Decisions that may wait for their turn.
const QUEUE_MAX: usize = 1024;
/// Decisions that share a sync.
const TOGETHER_MAX: usize = 256;

/// The image of the cluster, for everybody to read.
#[derive(Debug)]
pub(crate) struct Metadata {
    image: RwLock<Image>,
    /// Behind the last record in the image.
    end: AtomicI64,
    /// In which this node leads the metadata log; a node that is alone leads for as long as it runs.
    epoch: Epoch,
    /// How long they take, in microseconds.
    pub(crate) commits: Distribution,
}

impl Metadata {
    pub(crate) fn new(image: Image, end: Offset, epoch: Epoch) -> Metadata {
        Metadata {
            image: RwLock::new(image),
            end: AtomicI64::new(end),
            epoch,
            commits: Distribution::default(),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Behind the last record in the image: it tells clients which of two answers about features is newer.
    pub(crate) fn end_offset(&self) -> Offset {
        self.end.load(Ordering::Acquire)
    }

    fn replay(&self, records: Vec<MetadataRecord>, end: Offset, changes: &mut Vec<Change>) {
        let mut image = self.image.write().expect("nobody panics with the lock held");
        for record in records {
            image.replay(record, changes).expect("a controller's records fit its image");
        }
        self.end.store(end, Ordering::Release);
    }

    /// Held for a look, never across a wait.
    pub(crate) fn image(&self) -> RwLockReadGuard<'_, Image> {
        self.image.read().expect("nobody panics with the lock held")
    }
}

/// Carries out changes of the image on this broker.
pub(crate) trait Act: Send {
    fn act(&self, image: &Image, changes: &[Change]);
}

/// A request on its way to the thread: it decides, and leaves behind how it answers.
type Job = Box<dyn FnOnce(&mut Worker) -> Answer + Send>;
/// Called once the decision is durable and has taken effect.
type Answer = Box<dyn FnOnce() + Send>;

/// Where decisions are asked for.
#[derive(Debug)]
pub(crate) struct Controller {
    queue: mpsc::SyncSender<Job>,
}

/// The broker stops, and decides nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the controller has stopped")]
pub(crate) struct Stopped;

/// What the thread owns.
pub(crate) struct Worker {
    pub(crate) log: MetadataLog,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) settings: Settings,
    pub(crate) rules: Box<dyn ConfigRules + Send>,
    pub(crate) actor: Box<dyn Act>,
}

/// A controller that panicked leaves in doubt what was decided: the process ends with it, and the next start reads what
/// is durable.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

impl Controller {
    pub(crate) fn start(mut worker: Worker) -> std::io::Result<(Controller, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::sync_channel::<Job>(QUEUE_MAX);
        let thread = std::thread::Builder::new().name("controller".into()).spawn(move || {
            let _guard = AbortOnPanic;
            while let Ok(job) = jobs.recv() {
                worker.turn(job, &jobs);
            }
            worker.close();
        })?;
        Ok((Controller { queue }, thread))
    }

    /// Decides, and returns the response once the records are durable and have taken effect.
    ///
    /// Cancel-safe in that a decision that was asked for is carried out, whoever still waits for it.
    pub(crate) async fn decide<R, F>(&self, decide: F) -> Result<R, Stopped>
    where
        R: Send + 'static,
        F: FnOnce(&ottla_metadata::Controller<'_>) -> Decision<R> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |worker| {
            let response = worker.propose(decide);
            // Who asked may have gone; what was decided stands.
            Box::new(move || drop(answer.send(response)))
        });
        self.send(job).await?;
        answered.await.map_err(|_dropped| Stopped)
    }

    async fn send(&self, mut job: Job) -> Result<(), Stopped> {
        loop {
            match self.queue.try_send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::TrySendError::Disconnected(_)) => return Err(Stopped),
                Err(mpsc::TrySendError::Full(back)) => {
                    job = back;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
}

impl Worker {
    /// Decides on a request and on those that came meanwhile; one sync makes all of it durable.
    fn turn(&mut self, first: Job, jobs: &mpsc::Receiver<Job>) {
        let mut answers = vec![first(self)];
        while answers.len() < TOGETHER_MAX
            && let Ok(job) = jobs.try_recv()
        {
            answers.push(job(self));
        }
        self.commit();
        answers.into_iter().for_each(|answer| answer());
        if let Err(error) = self.log.maybe_snapshot(clock::wall_ms()) {
            tracing::error!(%error, "cannot write a snapshot of the metadata");
        }
    }

    /// Decides on the image as all decisions before leave it.
    pub(crate) fn propose<R>(
        &mut self,
        decide: impl FnOnce(&ottla_metadata::Controller<'_>) -> Decision<R>,
    ) -> R {
        let controller = ottla_metadata::Controller::new(self.log.image(), &self.settings, &*self.rules);
        let Decision { records, response } = decide(&controller);
        if let Err(error) = self.log.propose(records) {
            storage::fail("a decision does not fit the metadata", &error);
        }
        response
    }

    /// Makes what was decided durable, publishes it, and carries it out.
    pub(crate) fn commit(&mut self) {
        let started = clock::now();
        let committed = match self.log.commit(clock::wall_ms()) {
            Ok(committed) => committed,
            Err(error) => storage::fail("cannot write the metadata log", &error),
        };
        if !committed.records.is_empty() {
            self.metadata.commits.record_time(clock::now() - started);
        }
        let mut changes = Vec::new();
        self.metadata.replay(committed.records, committed.end_offset, &mut changes);
        if !changes.is_empty() {
            self.actor.act(&self.metadata.image(), &changes);
        }
    }

    /// Takes the broker out of service, and ends the log as a clean stop does.
    pub(crate) fn close(&mut self) {
        let node_id = self.settings.node_id;
        self.propose(|controller| Decision { records: controller.shut_down_broker(node_id), response: () });
        if let Err(error) = self.log.close(clock::wall_ms()) {
            tracing::error!(%error, "cannot close the metadata log");
        }
    }
}
