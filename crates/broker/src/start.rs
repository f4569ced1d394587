//! Starting and stopping: in which order the parts come to life, and go.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use ottla_config::{Listener as ListenerConfig, NetworkConfig, StartConfig};
use ottla_log::{
    disk::{DirectoryLock, Disk, Priority, RealDisk},
    journal::{Event, JournalThreads, Options},
};
use ottla_quorum as quorum;
use ottla_records::Offset;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{sync::watch, task::JoinSet};
use tracing::{debug, error, info, warn};

use crate::{
    Broker, Settings,
    configs::Configs,
    controller::Controller,
    durable::Durable,
    fetch::session::Sessions,
    foundation::{Foundation, Ground},
    groups::{Driver, Groups},
    hosting::TopicsWatcher,
    http::Http,
    metrics::{JournalMetrics, MeasuredDisk, Metrics},
    partition::Partition,
    producer_ids::ProducerIds,
    random,
    server::{self, Admission, Listener},
    storage::{self, Cleaning, OpenError, Retention, Syncing, Writing},
};

/// Memory for requests larger than a connection's own buffer, where the configuration does not say.
const REQUEST_MEMORY: u64 = 128 << 20;
/// As the option that asks for a size has it.
const JOURNAL_FILE_BYTES_MIN: u64 = 1 << 20;
const JOURNAL: &str = "ottla-journal";
/// As Apache Kafka calls it, so that neither starts on a directory that the other uses.
const LOCK: &str = ".lock";

/// Why a broker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address} for {listener}: {source}")]
    Listen { listener: String, address: String, source: io::Error },
    #[error("cannot serve metrics on {address} (ottla.metrics.listener): {source}")]
    Metrics { address: String, source: io::Error },
    #[error("{} is in use by another process", .dir.display())]
    DirectoryInUse { dir: PathBuf },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} belongs to node {found}, and node.id is {configured}", .dir.display())]
    OtherNode { dir: PathBuf, found: i32, configured: i32 },
    #[error("several log directories ({dirs}) are not supported: give one")]
    SeveralDirectories { dirs: String },
    #[error(transparent)]
    Quorum(#[from] quorum::Error),
    #[error(transparent)]
    Log(#[from] ottla_log::Error),
    #[error("{0}")]
    Open(String),
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> StartError {
        StartError::Open(error.to_string())
    }
}

/// An address that the broker listens on.
#[derive(Clone, Debug)]
pub struct Address {
    pub listener: String,
    pub bound: SocketAddr,
    /// What clients are told.
    pub advertised: (String, u16),
}

/// A broker that serves. Dropped without [`Running::shutdown`] it ends as if it were killed, which loses nothing.
pub struct Running {
    broker: Arc<Broker>,
    addresses: Vec<Address>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<io::Result<()>>,
    groups: Driver,
    threads: Threads,
}

/// What runs beside the connections, in the order in which it is stopped.
struct Threads {
    http: Option<Http>,
    controller: JoinHandle<()>,
    retention: Retention,
    cleaning: Cleaning,
    writing: Writing,
    syncing: Syncing,
    journal: JournalThreads<Placed>,
    journal_dir: PathBuf,
    lock: DirectoryLock,
}

/// What the journal gives back with a batch: whose it is, and where the log ends behind it.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) partition: Arc<Partition>,
    pub(crate) end: Offset,
}

impl Running {
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Where metrics and health are told.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.threads.http.as_ref().map(Http::address)
    }

    pub fn data_dir(&self) -> &Path {
        &self.broker.storage.dir
    }

    pub fn cluster_id(&self) -> &str {
        &self.broker.identity.cluster_id
    }

    /// Whether topics are durable in the journal unless they say otherwise.
    pub fn is_durable(&self) -> bool {
        self.broker.is_durable_by_default()
    }

    /// Ends connections, then writes and syncs everything, so that the next start need not recover.
    pub async fn shutdown(mut self) {
        if let Some(http) = &self.threads.http {
            http.broker_stops();
        }
        // The receivers are gone only if all of them have ended.
        let _ended = self.stop.send(true);
        while self.listeners.join_next().await.is_some() {}
        let Running { broker, groups, threads, .. } = self;
        groups.stop().await;
        let stopped = tokio::task::spawn_blocking(move || stop(broker, threads));
        if let Err(error) = stopped.await {
            error!(%error, "the broker did not stop cleanly");
        }
    }
}

/// Starts a broker with what it was given.
pub async fn start(config: StartConfig) -> Result<Running, StartError> {
    let configs = Configs::new(ottla_config::Settings::new(config));
    let config = Arc::clone(configs.broker());
    let (listeners, addresses) = bind(&config.network)?;
    let http = config.node.metrics_listener.as_ref().map(serve_metrics).transpose()?;
    let [dir] = config.node.log_dirs.as_slice() else {
        return Err(StartError::SeveralDirectories { dirs: config.node.log_dirs.join(", ") });
    };
    let (broker, threads) = run(Path::new(dir), configs, &addresses, http)?;
    let groups = Driver::start(&broker.groups);
    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for listener in listeners {
        tasks.spawn(listener.run(Arc::clone(&broker), stopping.clone()));
    }
    if let Some(http) = &threads.http {
        http.broker_serves(&broker);
    }
    Ok(Running { broker, addresses, stop, listeners: tasks, groups, threads })
}

/// Binds before anything is written, so that a port that is taken leaves no trace.
fn bind(network: &NetworkConfig) -> Result<(Vec<Listener>, Vec<Address>), StartError> {
    let mut listeners = Vec::new();
    let mut addresses = Vec::new();
    for config in &network.listeners.broker {
        let address = format!("{}:{}", bracketed(&config.host), config.port);
        let failed =
            |source| StartError::Listen { listener: config.name.clone(), address: address.clone(), source };
        let socket = server::bind(resolve(&config.host, config.port).map_err(failed)?).map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        let told = network.listeners.advertised.iter().find(|one| one.name == config.name);
        addresses.push(Address {
            listener: config.name.clone(),
            bound,
            advertised: advertised(told.unwrap_or(config), bound),
        });
        listeners.push(Listener { name: config.name.as_str().into(), socket });
    }
    Ok((listeners, addresses))
}

/// Health is told from the first moment on, however long the logs take to open.
fn serve_metrics((host, port): &(String, u16)) -> Result<Http, StartError> {
    let failed = |source| StartError::Metrics { address: format!("{}:{port}", bracketed(host)), source };
    let socket = server::bind(resolve(host, *port).map_err(failed)?).map_err(failed)?;
    Http::start(socket).map_err(failed)
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn resolve(host: &str, port: u16) -> io::Result<SocketAddr> {
    let host = if host.is_empty() { "0.0.0.0" } else { host };
    let mut found = (host, port).to_socket_addrs()?;
    found.next().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address"))
}

/// A host or port that was left open is that of the bound socket, or of this machine.
fn advertised(told: &ListenerConfig, bound: SocketAddr) -> (String, u16) {
    let host = match told.host.as_str() {
        "" if bound.ip().is_unspecified() => host_name(),
        "" => bound.ip().to_string(),
        host => host.to_owned(),
    };
    (host, if told.port == 0 { bound.port() } else { told.port })
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Opens the data directory and starts the threads, the ones that others need first.
fn run(
    dir: &Path,
    configs: Configs,
    addresses: &[Address],
    http: Option<Http>,
) -> Result<(Arc<Broker>, Threads), StartError> {
    let config = Arc::clone(configs.broker());
    let at = |source| StartError::Io { path: dir.to_owned(), source };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    disk.create_dir_all(dir).map_err(at)?;
    let dir = &std::path::absolute(dir).map_err(at)?;
    let lock = lock(&*disk, dir)?;
    let journal_dir = config.node.journal_dir.as_ref().map_or_else(|| dir.join(JOURNAL), PathBuf::from);
    let (durable, metrics) = (Arc::new(Durable::default()), Arc::new(JournalMetrics::default()));
    let ground = Ground {
        journal_disk: Arc::new(MeasuredDisk::new(Arc::clone(&disk), Arc::clone(&metrics))),
        journal_options: journal_options(&config, &*disk, dir),
        disk,
        dir,
        open_files_max: open_files_max(config.logs.open_files_max),
        journal_dir: &journal_dir,
    };
    let observer = observer(&durable, &metrics);
    let (mut parts, rounds) = Foundation::open(ground, configs, addresses, observer)?;
    let config = Arc::clone(parts.configs.read().expect("nobody panics with the lock held").broker());
    let storage = Arc::clone(&parts.storage);
    durable.publish(storage.journal.durable());
    let groups = Arc::new(Groups::new(&storage, &durable, &parts.configs));
    parts.host(Arc::clone(&groups) as Arc<dyn TopicsWatcher>);
    let warn = |error| warn!(%error, "cannot prepare a journal file");
    let journal = JournalThreads::start(rounds, warn).map_err(at)?;
    let interval = Duration::from_millis(config.logs.recovery_point_interval_ms.into());
    let syncing = Syncing::start(&storage, &parts.topics, interval).map_err(at)?;
    let writing = Writing::start(&storage).map_err(at)?;
    let retention = Retention::start(&parts.topics, &parts.configs, &parts.deletions).map_err(at)?;
    let cleaning = Cleaning::start(&storage, &parts.topics, &parts.configs, &parts.deletions).map_err(at)?;
    groups.load(&parts.topics, &parts.metadata.image()).map_err(at)?;
    let (controller, controller_thread) = Controller::start(parts.worker).map_err(at)?;
    let memory = config.network.queued_request_bytes_max.unwrap_or(REQUEST_MEMORY);
    let listeners = addresses.iter().map(|address| address.listener.as_str());
    let metrics = Metrics::new(listeners, metrics, parts.metadata.end_offset());
    let broker = Arc::new(Broker {
        identity: parts.identity,
        settings: settings(&config),
        configs: parts.configs,
        metadata: parts.metadata,
        controller,
        topics: parts.topics,
        storage,
        durable,
        fetch_sessions: Sessions::new(config.fetch.session_slots_max as usize),
        groups,
        producer_ids: ProducerIds::default(),
        admission: Admission::new(usize::try_from(memory).unwrap_or(usize::MAX)),
        connection_limits: Arc::default(),
        metrics,
    });
    info!(cluster = %broker.identity.cluster_id, node = broker.identity.node_id, listeners = addresses.len(), "ready");
    let threads = Threads {
        http,
        controller: controller_thread,
        retention,
        cleaning,
        writing,
        syncing,
        journal,
        journal_dir,
        lock,
    };
    Ok((broker, threads))
}

fn lock(disk: &dyn Disk, dir: &Path) -> Result<DirectoryLock, StartError> {
    disk.lock(&dir.join(LOCK)).map_err(|source| {
        let dir = dir.to_owned();
        if source.kind() == io::ErrorKind::WouldBlock {
            return StartError::DirectoryInUse { dir };
        }
        StartError::Io { path: dir, source }
    })
}

fn settings(config: &ottla_config::BrokerConfig) -> Settings {
    Settings {
        request_bytes_max: config.network.request_bytes_max as usize,
        fetch_bytes_max: config.fetch.bytes_max as usize,
        idle_max: match u64::try_from(config.network.idle_max_ms) {
            Ok(ms) => Duration::from_millis(ms),
            // Negative means never.
            Err(_negative) => Duration::from_secs(100 * 365 * 24 * 3600),
        },
    }
}

fn journal_options(config: &ottla_config::BrokerConfig, disk: &dyn Disk, dir: &Path) -> Options {
    let options = Options { file_bytes: config.logs.journal_file_bytes, ..Options::new(random::u64()) };
    match disk.free_space(dir) {
        Ok(space) => fitting(options, space.total),
        Err(_unknown) => options,
    }
}

/// On a small disk the journal makes do with less: the reserve, a twentieth, must be enough for new files of it.
fn fitting(options: Options, disk_bytes: u64) -> Options {
    let file_bytes_max = (disk_bytes / 64).max(JOURNAL_FILE_BYTES_MIN);
    Options {
        file_bytes: options.file_bytes.min(file_bytes_max),
        first_file_bytes: options.first_file_bytes.min(file_bytes_max),
        total_bytes_max: options.total_bytes_max.min(disk_bytes / 4),
        ..options
    }
}

/// What the journal tells: high watermarks advance, then those who wait are woken.
pub(crate) fn observer(
    durable: &Arc<Durable>,
    metrics: &Arc<JournalMetrics>,
) -> impl FnMut(Event<'_, Placed>) + Send + use<> {
    let (durable, metrics) = (Arc::clone(durable), Arc::clone(metrics));
    move |event| match event {
        Event::Started(priority) => {
            JournalMetrics::on_journal_thread();
            report_priority(priority);
        }
        Event::Written(_) => {}
        Event::Durable { up_to, tags } => {
            metrics.batches.record(tags.len() as u64);
            let mut placed = tags.drain(..).peekable();
            while let Some(Placed { partition, end }) = placed.next() {
                let goes_on = placed.peek().is_some_and(|next| Arc::ptr_eq(&next.partition, &partition));
                if !goes_on {
                    partition.durable(end);
                }
            }
            durable.publish(up_to);
        }
        Event::Full(error) => {
            error!(%error, "the disk has no space for the journal: acknowledgements wait until there is some");
        }
        Event::Failed(error) => storage::fail("cannot write the journal", error),
    }
}

fn report_priority(priority: &Priority) {
    match priority {
        Priority::Realtime => debug!("the journal's thread has real-time priority"),
        Priority::Nice(nice) => info!(nice, "the journal's thread has raised, but no real-time priority"),
        Priority::Refused(error) => {
            info!(%error, "the journal's thread has no raised priority: on busy processors acknowledgements wait longer");
        }
    }
}

/// Takes as many descriptors as the system allows. Half of them are for segments, the rest for connections.
fn open_files_max(configured: u32) -> usize {
    let limits = getrlimit(Resource::Nofile);
    if let Err(error) =
        setrlimit(Resource::Nofile, Rlimit { current: limits.maximum, maximum: limits.maximum })
    {
        debug!(%error, "cannot raise the limit of open files");
    }
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    (configured as usize).min(usize::try_from(limit / 2).unwrap_or(usize::MAX)).max(16)
}

/// Writes and syncs everything that is left.
fn stop(broker: Arc<Broker>, threads: Threads) {
    let (storage, topics) = (Arc::clone(&broker.storage), Arc::clone(&broker.topics));
    if let Some(http) = threads.http {
        http.stop();
    }
    broker.groups.stop();
    threads.retention.stop();
    threads.cleaning.stop();
    // The controller's thread ends with the last handle to its queue, which the broker has.
    let epoch = broker.metadata.image().cluster().broker(broker.identity.node_id).map_or(0, |b| b.epoch);
    drop(broker);
    if threads.controller.join().is_err() {
        error!("the controller's thread panicked");
        return;
    }
    threads.journal.stop();
    threads.writing.stop();
    threads.syncing.stop();
    match storage.close(&topics, epoch).and_then(|()| storage.remove_journal(&threads.journal_dir)) {
        Ok(()) => info!("stopped; everything is in synced segments"),
        Err(error) => error!(%error, "cannot close the logs; the next start recovers them"),
    }
    drop(threads.lock);
}
