//! A journal on a simulated disk, with an observer that remembers what it heard.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ottla_records::{AssignedBatch, BatchBuilder, BatchOptions};
use uuid::Uuid;

use super::super::{Entry, Event, Journal, Lsn, Options, Recovered, Recovery, Rounds, Step, lock};
use crate::disk::{Disk, Loss, SimDisk};
use crate::error::Result;

/// Files so small that a few entries fill one.
pub(super) const OPTIONS: Options = Options {
    file_bytes: 32 * 1024,
    first_file_bytes: 16 * 1024,
    total_bytes_max: 256 * 1024,
    queued_bytes_max: 64 * 1024,
    unsynced_bytes_max: 20 * 1024,
    salt: 0x5A17,
};

/// Larger than what is copied.
pub(super) const LARGE: usize = 9000;

pub(super) fn dir() -> &'static Path {
    Path::new("/data/ottla-journal")
}

/// A disk with a data directory.
pub(super) fn new_disk() -> SimDisk {
    let disk = SimDisk::new();
    disk.create_dir_all(Path::new("/data")).unwrap();
    disk.crash(Loss::Nothing)
}

/// A batch whose base offset is its number, of about `size` bytes that depend on the number.
pub(super) fn batch(number: u64, size: usize) -> AssignedBatch {
    let value: Vec<u8> =
        (0..size).map(|at| number.to_le_bytes()[0] ^ at.to_le_bytes()[0].wrapping_mul(7)).collect();
    let mut builder = BatchBuilder::new(BatchOptions::default());
    builder.append(0, None, Some(&value), &[]).unwrap();
    builder.build().unwrap().assign(number.cast_signed(), 0)
}

pub(super) fn topic(partition: i32) -> Uuid {
    Uuid::from_u128(1000 + u128::try_from(partition).unwrap())
}

pub(super) fn entry(number: u64, size: usize, sync: bool) -> Entry<u64> {
    let partition = i32::try_from(number % 3).unwrap();
    Entry { topic_id: topic(partition), partition, batch: batch(number, size), sync, tag: number }
}

/// The number that [`batch`] was given.
pub(super) fn number(recovered: &Recovered) -> u64 {
    u64::from_be_bytes(recovered.batch[..8].try_into().unwrap())
}

#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) written: Vec<u64>,
    /// Each with the number of operations of the disk at that time.
    pub(super) durable: Vec<(u64, usize)>,
    pub(super) up_to: Lsn,
    pub(super) failures: Vec<String>,
}

type Observer = Box<dyn FnMut(Event<'_, u64>) + Send>;

pub(super) struct World {
    pub(super) disk: SimDisk,
    pub(super) rounds: Rounds<u64, Observer>,
    pub(super) heard: Arc<Mutex<Heard>>,
    pub(super) recovered: Vec<Recovered>,
}

impl World {
    pub(super) fn new() -> World {
        World::open(&new_disk()).unwrap()
    }

    /// Recovers what is there and goes on.
    pub(super) fn open(disk: &SimDisk) -> Result<World> {
        let mut recovery = Recovery::open(Arc::new(disk.clone()), dir(), OPTIONS)?;
        let recovered = recovery.by_ref().collect::<Result<Vec<_>>>()?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let observer = observer(disk.clone(), Arc::clone(&heard));
        Ok(World { disk: disk.clone(), rounds: recovery.finish(observer)?, heard, recovered })
    }

    pub(super) fn journal(&self) -> &Journal<u64> {
        self.rounds.journal()
    }

    pub(super) fn append(&self, number: u64, size: usize, sync: bool) -> Lsn {
        self.journal().append(entry(number, size, sync))
    }

    /// Rounds until there is nothing to do.
    pub(super) fn settle(&mut self) {
        while self.rounds.run() == Step::Worked {}
    }

    /// One round for each.
    pub(super) fn write_each(&mut self, numbers: impl Iterator<Item = u64>, size: usize) {
        for number in numbers {
            self.append(number, size, true);
            self.rounds.run();
        }
    }

    pub(super) fn durable(&self) -> Vec<u64> {
        lock(&self.heard).durable.iter().map(|(number, _)| *number).collect()
    }

    pub(super) fn written(&self) -> Vec<u64> {
        lock(&self.heard).written.clone()
    }

    pub(super) fn failures(&self) -> Vec<String> {
        lock(&self.heard).failures.clone()
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let entries = self.disk.list(dir()).unwrap();
        let journals = entries.into_iter().filter(|entry| entry.name.ends_with(".journal"));
        journals.map(|entry| dir().join(entry.name)).collect()
    }
}

fn observer(disk: SimDisk, heard: Arc<Mutex<Heard>>) -> Observer {
    Box::new(move |event| {
        let mut heard = lock(&heard);
        match event {
            Event::Started(_) => {}
            Event::Written(numbers) => heard.written.extend(numbers),
            Event::Durable { up_to, tags } => {
                heard.up_to = up_to;
                heard.durable.extend(tags.drain(..).map(|number| (number, disk.operations())));
            }
            Event::Full(error) | Event::Failed(error) => heard.failures.push(error.to_string()),
        }
    })
}

/// All that a start would find.
pub(super) fn recover(disk: &SimDisk) -> Result<Vec<Recovered>> {
    Recovery::open(Arc::new(disk.clone()), dir(), OPTIONS)?.collect()
}

pub(super) fn numbers(recovered: &[Recovered]) -> Vec<u64> {
    recovered.iter().map(number).collect()
}

pub(super) fn bytes(number: u64, size: usize) -> Bytes {
    batch(number, size).to_bytes()
}
