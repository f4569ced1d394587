//! What a broker stands on: the data directory with everything in it opened and recovered, and nothing running yet.
//!
//! ```text
//! identity ──► metadata log ──► topics and their settings ──► partitions ◄── journal
//! ```
//! It takes its disk and reads no configuration but what it is given, so that a test can pull the plug at every step.

use std::{
    path::Path,
    sync::{Arc, RwLock},
};

use ottla_config::{BrokerConfig, SecurityProtocol};
use ottla_log::{
    Files,
    disk::Disk,
    format::CleanShutdown,
    journal::{Event, Options, Recovery, Rounds},
};
use ottla_metadata::{BrokerRegistration, Change, Endpoint, Image, InternalTopic};
use ottla_quorum as quorum;
use tracing::info;

use crate::{
    Identity, clock,
    configs::{Configs, DeclaredOptions},
    controller::{Act, Metadata, Worker},
    hosting::{Hosting, TopicsWatcher},
    partition::{Partition, TopicIdentity},
    random,
    start::{Address, StartError},
    storage::{Deletions, Opening, Placed, Storage, Wanted},
    topics::{Topic, Topics},
};

/// Where everything lies.
pub(crate) struct Ground<'a> {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) dir: &'a Path,
    pub(crate) open_files_max: usize,
    /// The journal may be on a disk of its own.
    pub(crate) journal_disk: Arc<dyn Disk>,
    pub(crate) journal_dir: &'a Path,
    pub(crate) journal_options: Options,
}

pub(crate) struct Foundation {
    pub(crate) identity: Identity,
    pub(crate) configs: Arc<RwLock<Configs>>,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) worker: Worker,
    pub(crate) topics: Arc<Topics>,
    pub(crate) deletions: Arc<Deletions>,
    pub(crate) storage: Arc<Storage>,
}

impl Foundation {
    /// Opens a data directory that exists and is locked. The rounds are the journal's work: they need a thread.
    pub(crate) fn open<F: FnMut(Event<'_, Placed>)>(
        ground: Ground<'_>,
        configs: Configs,
        addresses: &[Address],
        observe: F,
    ) -> Result<(Foundation, Rounds<Placed, F>), StartError> {
        let config = Arc::clone(configs.broker());
        let (disk, dir) = (&ground.disk, ground.dir);
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Io { path, source }
        };
        let identity = identify(&**disk, dir, config.node.node_id, config.node.cluster_id.as_deref())?;
        let clean = CleanShutdown::read(&**disk, dir)?.is_some();
        // Before anything is written: what a stop during the start leaves must be recovered.
        CleanShutdown::remove(&**disk, dir)?;
        let files = Files::new(Arc::clone(disk), ground.open_files_max);
        let opened = quorum::MetadataLog::open(
            &files,
            &quorum::OpenOptions {
                data_dir: dir.to_owned(),
                identity: identity.clone(),
                is_clean: clean,
                snapshot_bytes: u64::try_from(config.metadata.bytes_between_snapshots).unwrap_or(u64::MAX),
                min_insync_replicas: 1,
                now_ms: clock::wall_ms(),
            },
        )?;
        let configs = Arc::new(RwLock::new(configs));
        let topics = Arc::new(Topics::default());
        let deletions = Arc::new(Deletions::new(dir, &files).map_err(at(dir))?);
        let metadata =
            Arc::new(Metadata::new(opened.log.image().clone(), opened.log.end_offset(), opened.log.epoch()));
        let mut worker = Worker {
            log: opened.log,
            metadata: Arc::clone(&metadata),
            settings: decisions(&config),
            rules: Box::new(DeclaredOptions { configs: Arc::clone(&configs) }),
            actor: Box::new(NobodyActs),
        };
        register(&mut worker, &identity, addresses, config.node.rack.as_deref());
        configs.write().expect("nobody else has it yet").reload(&metadata.image());
        let mut recovery = Recovery::open(ground.journal_disk, ground.journal_dir, ground.journal_options)?;
        let opening = Opening::new(dir, &files, clean, !recovery.is_new())?;
        let wanted = wanted(&metadata.image(), &configs);
        let opened = opening.open(wanted, &mut recovery)?;
        host(&topics, &opened.all);
        let identity = Identity {
            node_id: identity.node_id,
            cluster_id: identity.cluster_id.into(),
            directory_id: identity.directory_id,
        };
        let rounds = recovery.finish(observe)?;
        let journal = Arc::clone(rounds.journal());
        let reserve = configs.read().expect("nobody else has it yet").broker().logs.disk_reserve_bytes;
        let storage = Arc::new(Storage::new(dir, Arc::clone(&files), journal, reserve));
        opened.unsynced.into_iter().for_each(|partition| storage.list_opened(partition));
        let foundation = Foundation { identity, configs, metadata, worker, topics, deletions, storage };
        Ok((foundation, rounds))
    }

    /// The configuration as it is now.
    pub(crate) fn config(&self) -> Arc<BrokerConfig> {
        Arc::clone(self.configs.read().expect("nobody panics with the lock held").broker())
    }

    /// From here on decisions are carried out.
    pub(crate) fn host(&mut self, watchers: Vec<Arc<dyn TopicsWatcher>>) {
        self.worker.actor = Box::new(Hosting {
            storage: Arc::clone(&self.storage),
            topics: Arc::clone(&self.topics),
            configs: Arc::clone(&self.configs),
            deletions: Arc::clone(&self.deletions),
            watchers,
        });
    }
}

/// Until the partitions are opened there is nothing to carry anything out on.
struct NobodyActs;

impl Act for NobodyActs {
    fn act(&self, _image: &Image, _changes: &[Change]) {}
}

/// Reads whose directory it is, and formats a new one.
fn identify(
    disk: &dyn Disk,
    dir: &Path,
    node_id: i32,
    cluster_id: Option<&str>,
) -> Result<quorum::Identity, StartError> {
    if let Some(found) = quorum::read_identity(disk, dir, random::uuid())? {
        if found.node_id != node_id {
            return Err(StartError::OtherNode {
                dir: dir.to_owned(),
                found: found.node_id,
                configured: node_id,
            });
        }
        return Ok(found);
    }
    let mut identity = quorum::Identity::new(random::uuid(), node_id, random::uuid());
    if let Some(cluster_id) = cluster_id {
        identity.cluster_id = cluster_id.to_owned();
    }
    quorum::format(disk, dir, &identity, clock::wall_ms())?;
    info!(dir = %dir.display(), cluster = %identity.cluster_id, "formatted a new data directory");
    Ok(identity)
}

fn decisions(config: &ottla_config::BrokerConfig) -> ottla_metadata::Settings {
    let offsets = &config.offsets;
    let replicas = |asked: i32| i16::try_from(asked).unwrap_or(1).min(1);
    let consumer_offsets = InternalTopic {
        partitions: i32::try_from(offsets.topic_partitions).unwrap_or(i32::MAX),
        replication_factor: replicas(offsets.topic_replication_factor),
        ..InternalTopic::consumer_offsets()
    }
    .with("segment.bytes", offsets.topic_segment_bytes);
    let transactions = &config.transactions;
    let transaction_state = InternalTopic {
        partitions: i32::try_from(transactions.topic_partitions).unwrap_or(i32::MAX),
        replication_factor: replicas(transactions.topic_replication_factor),
        ..InternalTopic::transaction_state()
    }
    .with("min.insync.replicas", transactions.topic_min_in_sync_replicas)
    .with("segment.bytes", transactions.topic_segment_bytes);
    ottla_metadata::Settings {
        node_id: config.node.node_id,
        num_partitions: i32::try_from(config.creation.partitions).unwrap_or(i32::MAX),
        replication_factor: i16::try_from(config.creation.replication_factor).unwrap_or(1),
        topic_deletion: config.creation.can_delete,
        consumer_offsets,
        transaction_state,
        ..ottla_metadata::Settings::default()
    }
}

/// Registers this start of the broker and lets it serve.
fn register(worker: &mut Worker, identity: &quorum::Identity, addresses: &[Address], rack: Option<&str>) {
    let registration = BrokerRegistration {
        id: identity.node_id,
        incarnation: random::uuid(),
        endpoints: addresses.iter().map(endpoint).collect(),
        rack: rack.map(Into::into),
        directories: vec![identity.directory_id],
    };
    let next_offset = worker.log.next_offset();
    worker.propose(|controller| controller.register_broker(&registration, next_offset));
    worker.propose(|controller| ottla_metadata::Decision {
        records: controller.unfence_broker(identity.node_id),
        response: (),
    });
    worker.commit();
}

fn endpoint(address: &Address) -> Endpoint {
    let (host, port) = &address.advertised;
    Endpoint {
        name: address.listener.as_str().into(),
        host: host.as_str().into(),
        port: *port,
        security_protocol: SecurityProtocol::Plaintext.code(),
    }
}

/// Every partition of every topic: this node is the only one.
fn wanted(image: &Image, configs: &RwLock<Configs>) -> Vec<Wanted> {
    let configs = configs.read().expect("nobody panics with the lock held");
    let mut wanted = Vec::with_capacity(image.topics().partition_count());
    for topic in image.topics().sorted() {
        let identity = Arc::new(TopicIdentity { id: topic.id, name: topic.name.clone() });
        let settings = configs.topic_settings(image, &topic.name);
        wanted.extend(topic.partitions.iter().map(|partition| Wanted {
            topic: Arc::clone(&identity),
            index: partition.id,
            leader_epoch: partition.leader_epoch,
            settings: Arc::clone(&settings),
        }));
    }
    wanted
}

/// Puts the opened partitions, which come topic by topic, where requests find them.
fn host(topics: &Topics, partitions: &[Arc<Partition>]) {
    for of_topic in partitions.chunk_by(|a, b| Arc::ptr_eq(&a.topic, &b.topic)) {
        topics.insert(Arc::new(Topic::new(Arc::clone(&of_topic[0].topic), of_topic.to_vec())));
    }
}
