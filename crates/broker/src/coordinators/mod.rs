//! Coordinators at work: a shard, which hosts a core, for each partition of a coordinator's topic.
//!
//! ```text
//! request ──► Shards ──► HostedShard ──► core (decides) ──► partition ──► journal
//!                            ▲   └──► tickets: answers at once                │
//!                            └─── driver: answers that waited, timers ◄── durable
//! ```
//!
//! One task drives all shards of a coordinator, whatever it keeps. What is loaded at the start is loaded by threads of
//! its own; meanwhile requests are answered COORDINATOR_LOAD_IN_PROGRESS.

mod alarm;
mod batch;
mod core;
mod driver;
mod loaders;
mod loading;
mod outbox;
mod shard;
mod tickets;

use std::sync::{Arc, RwLock, atomic::AtomicBool};

use ottla_coordinator::{Now, Ticket, partition_for};
use ottla_replica::VerificationGuard;
use ottla_wire::ErrorCode;
use tokio::sync::oneshot;

use crate::{clock, durable::Durable, storage::Storage, topics::Topic};

use alarm::Alarm;
use loaders::Loaders;
use shard::{HostedShard, Means};

pub(crate) use core::{Core, Effects};
pub(crate) use driver::Driver;
pub(crate) use outbox::Outbox;

type Hosted<C> = Arc<[Arc<HostedShard<C>>]>;

/// All shards of a coordinator.
#[derive(Debug)]
pub(crate) struct Shards<C: Core> {
    means: Arc<Means<C>>,
    /// By the id of the partition; none before the topic is there. Partitions that are added later count after a
    /// restart, as with Kafka: with them keys change their places.
    hosted: RwLock<Hosted<C>>,
    loaders: Loaders,
}

impl<C: Core> Shards<C> {
    pub(crate) fn new(storage: &Arc<Storage>, durable: &Arc<Durable>) -> Shards<C> {
        let means = Means {
            storage: Arc::clone(storage),
            durable: Arc::clone(durable),
            alarm: Alarm::default(),
            outbox: Outbox::default(),
            started: clock::now(),
        };
        Shards { means: Arc::new(means), hosted: RwLock::new(Hosted::from([])), loaders: Loaders::default() }
    }

    /// Begins to load what an earlier process has left. `news` is told to a shard first, as far as what it has loaded
    /// asks for it.
    pub(crate) fn load(
        &self,
        topic: &Topic,
        settings: &C::Settings,
        news: impl Fn(&C) -> Option<C::News> + Send + Sync + 'static,
    ) -> std::io::Result<()> {
        let shards = self.host(topic, settings);
        let (count, news) = (shards.len(), Arc::new(news));
        self.loaders.load(count, move |index, stopping| {
            shards.get(index).inspect(|shard| shard.load(&*news, stopping)).is_some()
        })
    }

    /// Serves a new topic, in which there is nothing to load, at once.
    pub(crate) fn serve_new(&self, topic: &Topic, settings: &C::Settings) {
        let stays = AtomicBool::new(false);
        self.host(topic, settings).iter().for_each(|shard| shard.load(&|_: &C| None, &stays));
    }

    fn host(&self, topic: &Topic, settings: &C::Settings) -> Hosted<C> {
        let partitions = topic.partitions().into_iter();
        let shards: Hosted<C> = partitions
            .map(|partition| Arc::new(HostedShard::new(&self.means, partition, settings.clone())))
            .collect();
        *self.hosted.write().expect("nobody panics with the lock held") = Arc::clone(&shards);
        shards
    }

    /// The topic is gone.
    pub(crate) fn unhost(&self) {
        let shards = std::mem::take(&mut *self.hosted.write().expect("nobody panics with the lock held"));
        shards.iter().for_each(|shard| shard.unload());
    }

    /// Ends the threads that load. Everything that was asked for has been answered or will not be.
    pub(crate) fn stop(&self) {
        self.loaders.stop();
    }

    /// Whether the topic is there.
    pub(crate) fn are_hosted(&self) -> bool {
        !self.hosted().is_empty()
    }

    /// What the cores have to tell others.
    pub(crate) fn outbox(&self) -> &Outbox<C::Message> {
        &self.means.outbox
    }

    /// Waits until there is room for what a request may write. Cancel-safe.
    pub(crate) async fn room_to_write(&self) {
        while !self.means.storage.has_room() {
            self.means.storage.room.wait().await;
        }
    }

    /// Asks the shard of a key, and waits for the answer, which comes once what it tells is durable.
    ///
    /// Cancel-safe in that a request that was asked takes its course, whoever still waits for it.
    pub(crate) async fn ask(
        &self,
        key: &str,
        act: impl FnOnce(&mut C, Now, Ticket, &mut Effects<C>),
    ) -> Result<C::Response, ErrorCode> {
        let answered = self.shard_of(key)?.ask(act)?;
        answered.await.map_err(|_ended| ErrorCode::NotCoordinator)
    }

    /// The same, for what is written within a transaction: the guard shows that its coordinator was asked.
    pub(crate) async fn ask_verified(
        &self,
        key: &str,
        guard: Option<VerificationGuard>,
        act: impl FnOnce(&mut C, Now, Ticket, &mut Effects<C>),
    ) -> Result<C::Response, ErrorCode> {
        let answered = self.shard_of(key)?.ask_verified(guard, act)?;
        answered.await.map_err(|_ended| ErrorCode::NotCoordinator)
    }

    /// Asks the shard of a partition, and gives what to wait for.
    pub(crate) fn ask_partition(
        &self,
        index: i32,
        act: impl FnOnce(&mut C, Now, Ticket, &mut Effects<C>),
    ) -> Result<oneshot::Receiver<C::Response>, ErrorCode> {
        let hosted = self.hosted();
        let shard = usize::try_from(index).ok().and_then(|index| hosted.get(index));
        shard.ok_or(ErrorCode::NotCoordinator)?.ask(act)
    }

    /// Lets something happen to the shard of a key that nobody waits for.
    pub(crate) fn tell(
        &self,
        key: &str,
        act: impl FnOnce(&mut C, Now, &mut Effects<C>),
    ) -> Result<(), ErrorCode> {
        self.shard_of(key)?.tell(act)
    }

    /// Asks the shard of a key what it can answer at once.
    pub(crate) fn look<R>(&self, key: &str, look: impl FnOnce(&mut C, Now) -> R) -> Result<R, ErrorCode> {
        self.shard_of(key)?.look(look)
    }

    /// Asks all shards what they can answer at once.
    pub(crate) fn look_at_all<R>(&self, mut look: impl FnMut(&mut C, Now) -> R) -> Result<Vec<R>, ErrorCode> {
        self.hosted().iter().map(|shard| shard.look(&mut look)).collect()
    }

    /// Looks at the shards that serve, for metrics. What the others keep is left out: nobody is served it either.
    pub(crate) fn look_at_serving(&self, mut look: impl FnMut(&mut C)) {
        for shard in self.hosted().iter() {
            let _others_are_left_out = shard.look(|shard, _| look(shard));
        }
    }

    pub(crate) fn tell_news(&self, news: &C::News) {
        self.hosted().iter().for_each(|shard| shard.tell_news(news));
    }

    pub(crate) fn configure(&self, settings: &C::Settings) {
        self.hosted().iter().for_each(|shard| shard.configure(settings));
    }

    /// The number of the shard that a key belongs to, to ask for keys together that are in one.
    pub(crate) fn place(&self, key: &str) -> Option<i32> {
        let count = i32::try_from(self.hosted().len()).unwrap_or(i32::MAX);
        (count > 0).then(|| partition_for(key, count))
    }

    fn shard_of(&self, key: &str) -> Result<Arc<HostedShard<C>>, ErrorCode> {
        let place = self.place(key).ok_or(ErrorCode::NotCoordinator)?;
        let place = usize::try_from(place).expect("partitions count from zero");
        // The topic may be deleted at this moment.
        self.hosted().get(place).cloned().ok_or(ErrorCode::NotCoordinator)
    }

    fn hosted(&self) -> Hosted<C> {
        Arc::clone(&self.hosted.read().expect("nobody panics with the lock held"))
    }
}
