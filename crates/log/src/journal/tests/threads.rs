use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::super::{Event, JournalThreads, Lsn, Options, Recovery};
use super::support::*;
use crate::disk::{Call, RealDisk, SimDisk};

/// Longer than any machine needs.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq, Eq)]
enum Told {
    Started,
    Durable(Lsn, Vec<u64>),
    Failed,
}

fn teller() -> (impl FnMut(Event<'_, u64>) + Send + 'static, mpsc::Receiver<Told>) {
    let (sender, receiver) = mpsc::channel();
    let tell = move |event: Event<'_, u64>| {
        let told = match event {
            Event::Started(_) => Told::Started,
            Event::Written(_) => return,
            Event::Durable { up_to, tags } => Told::Durable(up_to, std::mem::take(tags)),
            Event::Full(_) | Event::Failed(_) => Told::Failed,
        };
        // Nobody listens to what happens at the end.
        drop(sender.send(told));
    };
    (tell, receiver)
}

fn start(disk: &SimDisk) -> (Arc<super::super::Journal<u64>>, JournalThreads<u64>, mpsc::Receiver<Told>) {
    let mut recovery = Recovery::open(Arc::new(disk.clone()), dir(), OPTIONS).unwrap();
    assert_eq!(recovery.by_ref().count(), 0);
    let (tell, told) = teller();
    let rounds = recovery.finish(tell).unwrap();
    let journal = Arc::clone(rounds.journal());
    let threads = JournalThreads::start(rounds, |error| panic!("{error}")).unwrap();
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Told::Started);
    (journal, threads, told)
}

#[test]
fn a_thread_that_sleeps_is_woken_by_each_entry() {
    let (journal, _threads, told) = start(&new_disk());
    for number in 0..1000 {
        let lsn = journal.append(entry(number, 10, true));
        assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Told::Durable(lsn, vec![number]));
        journal.release(lsn).unwrap();
    }
}

#[test]
fn entries_of_many_threads_become_durable_in_their_order() {
    const EACH: u64 = 500;
    let (journal, threads, told) = start(&new_disk());
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (journal, barrier) = (&journal, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for number in 0..EACH {
                    journal.append(entry(writer * EACH + number, 10, number % 3 == 0));
                }
            });
        }
    });
    threads.stop();
    let mut all = Vec::new();
    for told in told.try_iter() {
        let Told::Durable(up_to, numbers) = told else { panic!("{told:?}") };
        all.extend(numbers);
        assert_eq!(up_to, Lsn::new(all.len() as u64));
    }
    assert_eq!(all.len() as u64, 4 * EACH);
    for writer in 0..4 {
        let own: Vec<_> = all.iter().copied().filter(|number| number / EACH == writer).collect();
        assert!(own.is_sorted(), "{own:?}");
    }
}

#[test]
fn a_failure_is_told_once_and_the_threads_still_end() {
    let disk = new_disk();
    let (journal, threads, told) = start(&disk);
    disk.fail(Call::Sync, ".journal", 0);
    journal.append(entry(1, 10, true));
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Told::Failed);
    journal.append(entry(2, 10, true));
    threads.stop();
    assert_eq!(told.try_iter().count(), 0);
}

#[test]
fn a_real_directory_is_written_stopped_and_read() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ottla-journal");
    let options = Options { file_bytes: 256 * 1024, first_file_bytes: 64 * 1024, ..Options::new(7) };
    let sizes = [10, 70_000, 500, 2_000_000, 9000];
    for start in 0..4 {
        let mut recovery = Recovery::open(Arc::new(RealDisk), &dir, options).unwrap();
        let found = recovery.by_ref().collect::<crate::error::Result<Vec<_>>>().unwrap();
        assert_eq!(numbers(&found), (0..start * 50).collect::<Vec<_>>());
        for found in found {
            let number = number(&found);
            assert_eq!(found.batch, bytes(number, sizes[usize::try_from(number).unwrap() % sizes.len()]));
        }
        let rounds = recovery.finish(|_| {}).unwrap();
        let journal = Arc::clone(rounds.journal());
        let threads = JournalThreads::start(rounds, |error| panic!("{error}")).unwrap();
        for number in start * 50..(start + 1) * 50 {
            let size = sizes[usize::try_from(number).unwrap() % sizes.len()];
            journal.append(entry(number, size, number % 2 == 0));
        }
        threads.stop();
        assert_eq!(journal.durable(), Lsn::new((start + 1) * 50));
    }
}
