//! The group coordinator at work: a shard of the coordinator's core for each partition of `__consumer_offsets`, hosted as
//! all coordinators are, see [`crate::coordinators`].

mod core;
mod request;
mod settings;

use std::{
    ops::Deref,
    sync::{Arc, RwLock},
};

use bytestring::ByteString;
use ottla_coordinator::{DeletedTopic, Shard};
use ottla_metadata::{Image, names::CONSUMER_OFFSETS};
use rustc_hash::FxHashSet;

use crate::{
    configs::Configs,
    coordinators::{Driver, Shards},
    durable::Durable,
    hosting::TopicsWatcher,
    storage::Storage,
    topics::{Topic, Topics},
};

pub(crate) use request::{Asked, Asker};

use settings::Settings;

/// The names of the topics that there were when loading began.
type Existing = FxHashSet<ByteString>;

/// All groups of this broker.
#[derive(Debug)]
pub(crate) struct Groups {
    shards: Arc<Shards<Shard>>,
    configs: Arc<RwLock<Configs>>,
}

impl Groups {
    pub(crate) fn new(
        storage: &Arc<Storage>,
        durable: &Arc<Durable>,
        configs: &Arc<RwLock<Configs>>,
    ) -> Groups {
        Groups { shards: Arc::new(Shards::new(storage, durable)), configs: Arc::clone(configs) }
    }

    /// Begins to load the groups that an earlier process has left. To be called before topics come and go.
    pub(crate) fn load(&self, topics: &Topics, image: &Image) -> std::io::Result<()> {
        let Some(topic) = topics.by_name(CONSUMER_OFFSETS) else { return Ok(()) };
        let existing: Existing = image.topics().iter().map(|topic| topic.name.clone()).collect();
        self.shards.load(&topic, &self.settings(), move |shard| core::orphans(shard, &existing))
    }

    /// Starts the task that looks after all groups.
    pub(crate) fn drive(&self) -> Driver {
        Driver::start(&self.shards)
    }

    fn settings(&self) -> Settings {
        Settings::new(self.configs.read().expect("nobody panics with the lock held").broker())
    }
}

/// What is asked of groups is asked of their shards.
impl Deref for Groups {
    type Target = Shards<Shard>;

    fn deref(&self) -> &Shards<Shard> {
        &self.shards
    }
}

impl TopicsWatcher for Groups {
    fn topic_created(&self, topic: &Arc<Topic>) {
        if topic.identity.name == CONSUMER_OFFSETS {
            self.shards.serve_new(topic, &self.settings());
        }
    }

    fn topics_deleted(&self, topics: &[Arc<Topic>]) {
        if topics.iter().any(|topic| topic.identity.name == CONSUMER_OFFSETS) {
            self.shards.unhost();
        }
        let deleted: Vec<DeletedTopic> = topics
            .iter()
            .map(|topic| DeletedTopic { name: topic.identity.name.clone(), id: topic.identity.id })
            .collect();
        self.shards.tell_news(&deleted);
    }

    fn configs_changed(&self, _image: &Image) {
        self.shards.configure(&self.settings());
    }
}
