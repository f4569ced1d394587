//! How many rounds the journal does on a real directory, which is emptied of its journal afterwards.
//!
//!     cargo run --release -p ottla-log --example journal -- DIRECTORY [SECONDS]

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures time and prints it")]

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ottla_log::disk::{Disk, RealDisk};
use ottla_log::journal::{Entry, Event, Journal, JournalThreads, Options, Recovery};
use ottla_records::{AssignedBatch, BatchBuilder, BatchOptions};
use uuid::Uuid;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let home = arguments.next().expect("a directory to write to");
    let seconds = arguments.next().map_or(3, |seconds| seconds.parse().expect("a number of seconds"));
    let dir = Path::new(&home).join("ottla-journal");
    println!(
        "{:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "entry", "in flight", "rounds/s", "entries/s", "MB/s", "p50 us", "p99 us"
    );
    for (size, in_flight) in
        [(1 << 10, 1), (1 << 10, 40), (1 << 10, 256), (16 << 10, 40), (128 << 10, 1), (128 << 10, 16)]
    {
        measure(&dir, size, in_flight, Duration::from_secs(seconds));
        RealDisk.remove_dir_all(&dir).expect("the journal can be removed");
    }
}

#[derive(Default)]
struct Counted {
    rounds: u64,
    /// Of each entry, from append to durable.
    waits: Vec<Duration>,
}

fn measure(dir: &Path, size: usize, in_flight: usize, time: Duration) {
    let recovery =
        Recovery::open(Arc::new(RealDisk), dir, Options::new(1)).expect("the directory can be used");
    let counted = Arc::new(Mutex::new(Counted::default()));
    let (sender, durable) = sync_channel(in_flight);
    let rounds = finish(recovery, Arc::clone(&counted), sender);
    let journal = Arc::clone(rounds.journal());
    let threads = JournalThreads::start(rounds, |error| println!("{error}")).expect("threads start");
    let started = Instant::now();
    feed(&journal, &batch(size), in_flight, &durable, started + time);
    threads.stop();
    print(size, in_flight, started.elapsed(), &mut counted.lock().expect("no panic"));
}

fn finish(
    mut recovery: Recovery,
    counted: Arc<Mutex<Counted>>,
    sender: SyncSender<()>,
) -> ottla_log::journal::Rounds<Instant, impl FnMut(Event<'_, Instant>) + Send + 'static> {
    assert_eq!(recovery.by_ref().count(), 0, "the directory is not in use");
    let observe = move |event: Event<'_, Instant>| match event {
        Event::Durable { tags, .. } => {
            let mut counted = counted.lock().expect("no panic");
            counted.rounds += 1;
            for appended in tags.drain(..) {
                counted.waits.push(appended.elapsed());
                // The feeder may have gone.
                sender.try_send(()).ok();
            }
        }
        Event::Full(error) | Event::Failed(error) => panic!("{error}"),
        Event::Started(_) | Event::Written(_) => {}
    };
    recovery.finish(observe).expect("the directory can be written")
}

/// Appends an entry for each that became durable, and releases what is durable as if segments were synced.
fn feed(
    journal: &Journal<Instant>,
    batch: &AssignedBatch,
    in_flight: usize,
    durable: &Receiver<()>,
    end: Instant,
) {
    for _ in 0..in_flight {
        append(journal, batch);
    }
    while Instant::now() < end {
        durable.recv().expect("the journal works");
        append(journal, batch);
        if journal.usage().frees_next.is_some() {
            journal.release(journal.durable()).expect("the checkpoint can be written");
        }
    }
}

fn append(journal: &Journal<Instant>, batch: &AssignedBatch) {
    let (topic_id, tag) = (Uuid::from_u128(1), Instant::now());
    journal.append(Entry { topic_id, partition: 0, batch: batch.clone(), sync: true, tag });
}

fn batch(size: usize) -> AssignedBatch {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    builder.append(0, None, Some(&vec![b'x'; size]), &[]).expect("it fits");
    builder.build().expect("it is whole").assign(0, 0)
}

fn print(size: usize, in_flight: usize, time: Duration, counted: &mut Counted) {
    counted.waits.sort();
    let entries = counted.waits.len();
    let quantile = |percent: usize| counted.waits[entries * percent / 100].as_micros();
    let per_second = |count: f64| count / time.as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "it is printed without fractions")]
    let (rounds, entries) = (per_second(counted.rounds as f64), per_second(entries as f64));
    #[allow(clippy::cast_precision_loss, reason = "it is printed without fractions")]
    let megabytes = entries * size as f64 / 1e6;
    println!(
        "{size:>10} {in_flight:>10} {rounds:>10.0} {entries:>10.0} {megabytes:>10.0} {:>10} {:>10}",
        quantile(50),
        quantile(99)
    );
}
