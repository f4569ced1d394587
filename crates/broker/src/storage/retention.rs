//! The housekeeping thread: retention, expired producers, and the removal of what was deleted.

use std::{
    sync::{Arc, RwLock},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use ottla_log::{CleanupPolicy, DeletedFiles};
use ottla_replica::Event;
use tracing::{error, info};

use super::{Deletions, room::parking::Parking};
use crate::{
    clock,
    configs::Configs,
    partition::{Partition, producer_entries},
    topics::Topics,
};

/// How often it looks whether something is due.
const TURN: Duration = Duration::from_millis(500);

pub(crate) struct Retention {
    parking: Arc<Parking>,
    thread: JoinHandle<()>,
}

struct Housekeeper {
    topics: Arc<Topics>,
    configs: Arc<RwLock<Configs>>,
    deletions: Arc<Deletions>,
    retention_at: Instant,
    cleaned_at: Instant,
    producers_at: Instant,
}

impl Retention {
    pub(crate) fn start(
        topics: &Arc<Topics>,
        configs: &Arc<RwLock<Configs>>,
        deletions: &Arc<Deletions>,
    ) -> std::io::Result<Retention> {
        let parking = Arc::new(Parking::default());
        let now = clock::now();
        let mut housekeeper = Housekeeper {
            topics: Arc::clone(topics),
            configs: Arc::clone(configs),
            deletions: Arc::clone(deletions),
            retention_at: now,
            cleaned_at: now,
            producers_at: now,
        };
        let thread = std::thread::Builder::new().name("retention".into()).spawn({
            let parking = Arc::clone(&parking);
            move || {
                while parking.park(TURN) {
                    housekeeper.turn();
                }
            }
        })?;
        Ok(Retention { parking, thread })
    }

    pub(crate) fn stop(self) {
        self.parking.stop();
        self.thread.join().expect("the housekeeper does not panic");
    }
}

impl Housekeeper {
    fn turn(&mut self) {
        let config = Arc::clone(self.configs.read().expect("nobody panics with the lock held").broker());
        if is_due(&mut self.retention_at, config.logs.retention_check_interval_ms) {
            self.apply_retention(|_policy| true);
        }
        // As Apache Kafka, whose cleaner deletes from the logs that it compacts, at its own pace.
        if is_due(&mut self.cleaned_at, config.cleaner.backoff_ms) {
            self.apply_retention(|policy| policy.compact && policy.delete);
        }
        if is_due(&mut self.producers_at, config.producers.expiration_check_interval_ms.into()) {
            self.topics.partitions().iter().for_each(|partition| partition.on(&Event::Tick));
        }
        self.deletions.remove_due(millis(config.logs.delete_delay_ms));
        self.deletions.remove_due_files();
    }

    fn apply_retention(&self, concerns: impl Fn(CleanupPolicy) -> bool) {
        for partition in self.topics.partitions() {
            if !concerns(partition.lock().settings.log.cleanup_policy) {
                continue;
            }
            match retain(&partition) {
                Ok((delay, deleted)) if !deleted.is_empty() => {
                    info!(topic = %partition.topic.name, partition = partition.index, files = deleted.paths().len(),
                          "deleted segments by retention");
                    self.deletions.remove_files_after(delay, deleted);
                }
                Ok(_) => {}
                Err(error) => {
                    error!(topic = %partition.topic.name, partition = partition.index, %error, "cannot delete segments");
                }
            }
        }
    }
}

/// Whether so much time has passed; if so, it begins anew.
fn is_due(since: &mut Instant, interval_ms: i64) -> bool {
    let now = clock::now();
    let is_due = now.duration_since(*since) >= millis(interval_ms);
    if is_due {
        *since = now;
    }
    is_due
}

/// Deletes what the topic does not keep; the files go after the delay.
pub(crate) fn retain(partition: &Partition) -> ottla_log::Result<(Duration, DeletedFiles)> {
    let deleted = {
        let mut state = partition.lock();
        let state = &mut *state;
        let (replica, high_watermark) = (&state.replica, state.replica.high_watermark());
        let deleted =
            state.log.apply_retention(clock::wall_ms(), high_watermark, || producer_entries(replica))?;
        (state.log.config().file_delete_delay, deleted)
    };
    let start = partition.lock().log.start_offset();
    partition.on(&Event::LogStartRaised { offset: start });
    Ok(deleted)
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX / 2))
}
