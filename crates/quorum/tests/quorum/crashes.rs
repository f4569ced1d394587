//! The plug is pulled after every operation.

use std::{path::Path, sync::Arc};

use crate::support::{NOW, create, names, open};
use ottla_log::disk::{Disk, SimDisk};

const DATA: &str = "/data";
const OUTCOMES: usize = 12;

/// A topic that was committed once so many operations were done, in an epoch.
struct Acknowledged {
    operations: usize,
    name: String,
    epoch: i32,
}

fn run(disk: &SimDisk) -> Vec<Acknowledged> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let mut acknowledged = Vec::new();
    for start in 0..3 {
        let mut log = open(&shared, Path::new(DATA), 300).expect("the disk works").log;
        for i in 0..3 {
            let name = format!("topic-{start}-{i}");
            create(&mut log, &name, 2);
            acknowledged.push(Acknowledged { operations: disk.operations(), name, epoch: log.epoch() });
            log.maybe_snapshot(NOW).expect("the disk works");
        }
    }
    acknowledged
}

/// Opens what a crash left, twice: what the first recovery leaves must do for the second.
fn check(disk: SimDisk, operations: usize, acknowledged: &[Acknowledged]) {
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let mut epoch_before =
        acknowledged.iter().filter(|a| a.operations <= operations).map(|a| a.epoch).max().unwrap_or(0);
    for attempt in 0..2 {
        let log = open(&disk, Path::new(DATA), 300);
        let log = log.unwrap_or_else(|error| panic!("after {operations} operations: {error}")).log;
        let found = names(log.image());
        for topic in acknowledged.iter().filter(|topic| topic.operations <= operations) {
            assert!(found.contains(&topic.name), "{} is lost after {operations} operations", topic.name);
        }
        for topic in log.image().topics().iter() {
            assert_eq!(
                topic.partitions.len(),
                2,
                "{} is not whole after {operations} operations",
                topic.name
            );
        }
        assert!(log.epoch() > epoch_before, "epoch {} again, at attempt {attempt}", log.epoch());
        epoch_before = log.epoch();
    }
}

#[test]
fn nothing_that_was_committed_is_lost_and_no_epoch_begins_twice_wherever_the_power_fails() {
    let disk = SimDisk::new();
    let acknowledged = run(&disk);
    for (operations, before) in disk.prefixes() {
        for crashed in before.crashes(OUTCOMES, operations as u64) {
            check(crashed, operations, &acknowledged);
        }
    }
}
