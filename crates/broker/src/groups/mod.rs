//! The group coordinator at work: a shard of the coordinator's core for each partition of `__consumer_offsets`.
//!
//! ```text
//! request ──► Groups ──► HostedShard ──► coordinator (decides) ──► partition ──► journal
//!                            ▲   └──► tickets: answers at once                      │
//!                            └─── driver: answers that waited, timers ◄── durable ──┘
//! ```
//!
//! One task drives all shards, whatever the number of groups and members. What is loaded at the start is loaded by
//! threads of its own; meanwhile its groups are answered COORDINATOR_LOAD_IN_PROGRESS.

mod alarm;
mod batch;
mod driver;
mod loaders;
mod loading;
mod request;
mod settings;
mod shard;
mod tickets;

use std::sync::{Arc, RwLock};

use bytestring::ByteString;
use ottla_coordinator::{DeletedTopic, Effect, Now, Response, Shard, Ticket, partition_for};
use ottla_metadata::{Image, names::CONSUMER_OFFSETS};
use ottla_wire::ErrorCode;
use rustc_hash::FxHashSet;

use crate::{
    clock,
    configs::Configs,
    durable::Durable,
    hosting::TopicsWatcher,
    storage::Storage,
    topics::{Topic, Topics},
};

pub(crate) use driver::Driver;
pub(crate) use request::{Asked, Asker};

use alarm::Alarm;
use loaders::Loaders;
use settings::Settings;
use shard::{HostedShard, Means};

type Shards = Arc<[Arc<HostedShard>]>;
/// The names of the topics that there were when loading began.
type Existing = FxHashSet<ByteString>;

/// All groups of this broker.
#[derive(Debug)]
pub(crate) struct Groups {
    means: Arc<Means>,
    configs: Arc<RwLock<Configs>>,
    /// By the id of the partition; none before the topic is there. Partitions that are added later count after a
    /// restart, as with Kafka: with them groups change their places.
    shards: RwLock<Shards>,
    loaders: Loaders,
}

impl Groups {
    pub(crate) fn new(
        storage: &Arc<Storage>,
        durable: &Arc<Durable>,
        configs: &Arc<RwLock<Configs>>,
    ) -> Groups {
        let means = Means {
            storage: Arc::clone(storage),
            durable: Arc::clone(durable),
            alarm: Alarm::default(),
            started: clock::now(),
        };
        Groups {
            means: Arc::new(means),
            configs: Arc::clone(configs),
            shards: RwLock::new(Shards::from([])),
            loaders: Loaders::default(),
        }
    }

    /// Begins to load the groups that an earlier process has left. To be called before topics come and go.
    pub(crate) fn load(&self, topics: &Topics, image: &Image) -> std::io::Result<()> {
        let Some(topic) = topics.by_name(CONSUMER_OFFSETS) else { return Ok(()) };
        let existing = image.topics().iter().map(|topic| topic.name.clone()).collect();
        self.loaders.load(&self.host(&topic), &Arc::new(existing))
    }

    /// Ends the threads that load. Everything that was asked for has been answered or will not be.
    pub(crate) fn stop(&self) {
        self.loaders.stop();
    }

    /// Whether there is a topic to keep groups in.
    pub(crate) fn are_hosted(&self) -> bool {
        !self.shards().is_empty()
    }

    /// Asks the shard of a group, and waits for the answer, which comes once what it tells is durable.
    ///
    /// Cancel-safe in that a request that was asked takes its course, whoever still waits for it.
    pub(crate) async fn ask(
        &self,
        group: &str,
        act: impl FnOnce(&mut Shard, Now, Ticket, &mut Vec<Effect>),
    ) -> Result<Response, ErrorCode> {
        let answered = self.shard_of(group)?.ask(act)?;
        answered.await.map_err(|_ended| ErrorCode::NotCoordinator)
    }

    /// Asks the shard of a group what it can answer at once.
    pub(crate) fn look<R>(
        &self,
        group: &str,
        look: impl FnOnce(&mut Shard, Now) -> R,
    ) -> Result<R, ErrorCode> {
        self.shard_of(group)?.look(look)
    }

    /// Asks all shards what they can answer at once.
    pub(crate) fn look_at_all<R>(&self, mut look: impl FnMut(&mut Shard) -> R) -> Result<Vec<R>, ErrorCode> {
        self.shards().iter().map(|shard| shard.look(|shard, _| look(shard))).collect()
    }

    /// Looks at the shards that serve, for metrics. Groups of others are left out: nobody is served them either.
    pub(crate) fn look_at_serving(&self, mut look: impl FnMut(&mut Shard)) {
        for shard in self.shards().iter() {
            let _others_are_left_out = shard.look(|shard, _| look(shard));
        }
    }

    /// The number of the shard that a group belongs to, to ask for groups together that are in one.
    pub(crate) fn place(&self, group: &str) -> Option<i32> {
        let count = i32::try_from(self.shards().len()).unwrap_or(i32::MAX);
        (count > 0).then(|| partition_for(group, count))
    }

    fn shard_of(&self, group: &str) -> Result<Arc<HostedShard>, ErrorCode> {
        let shards = self.shards();
        let count = i32::try_from(shards.len()).unwrap_or(i32::MAX);
        if count == 0 {
            return Err(ErrorCode::NotCoordinator);
        }
        let place = usize::try_from(partition_for(group, count)).expect("partitions count from zero");
        Ok(Arc::clone(&shards[place]))
    }

    fn host(&self, topic: &Topic) -> Shards {
        let settings = self.settings();
        let partitions = topic.partitions().into_iter();
        let shards: Shards = partitions
            .map(|partition| Arc::new(HostedShard::new(&self.means, partition, settings.clone())))
            .collect();
        *self.shards.write().expect("nobody panics with the lock held") = Arc::clone(&shards);
        shards
    }

    fn unhost(&self) {
        let shards = std::mem::take(&mut *self.shards.write().expect("nobody panics with the lock held"));
        shards.iter().for_each(|shard| shard.unload());
    }

    fn settings(&self) -> Settings {
        Settings::new(self.configs.read().expect("nobody panics with the lock held").broker())
    }

    fn shards(&self) -> Shards {
        Arc::clone(&self.shards.read().expect("nobody panics with the lock held"))
    }
}

impl TopicsWatcher for Groups {
    /// In a new topic there is nothing to load: its groups are served at once.
    fn topic_created(&self, topic: &Arc<Topic>) {
        if topic.identity.name == CONSUMER_OFFSETS {
            let stays = std::sync::atomic::AtomicBool::new(false);
            self.host(topic).iter().for_each(|shard| shard.load(&Existing::default(), &stays));
        }
    }

    fn topics_deleted(&self, topics: &[Arc<Topic>]) {
        if topics.iter().any(|topic| topic.identity.name == CONSUMER_OFFSETS) {
            self.unhost();
        }
        let deleted: Vec<DeletedTopic> = topics
            .iter()
            .map(|topic| DeletedTopic { name: topic.identity.name.clone(), id: topic.identity.id })
            .collect();
        self.shards().iter().for_each(|shard| shard.topics_deleted(&deleted));
    }

    fn configs_changed(&self) {
        let settings = self.settings();
        self.shards().iter().for_each(|shard| shard.configure(&settings));
    }
}
