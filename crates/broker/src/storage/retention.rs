//! The housekeeping thread: retention, expired producers, and the removal of what was deleted.

use std::{
    sync::{Arc, RwLock},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use ottla_log::DeletedFiles;
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
        let now = clock::now();
        if now.duration_since(self.retention_at) >= millis(config.logs.retention_check_interval_ms) {
            self.retention_at = now;
            self.apply_retention();
        }
        if now.duration_since(self.producers_at)
            >= millis(config.producers.expiration_check_interval_ms.into())
        {
            self.producers_at = now;
            self.topics.partitions().iter().for_each(|partition| partition.on(&Event::Tick));
        }
        self.deletions.remove_due(millis(config.logs.delete_delay_ms));
        self.deletions.remove_due_files();
    }

    fn apply_retention(&self) {
        for partition in self.topics.partitions() {
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

/// Deletes what the topic does not keep; the files go after the delay.
fn retain(partition: &Partition) -> ottla_log::Result<(Duration, DeletedFiles)> {
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
