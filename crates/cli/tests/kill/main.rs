//! The real process, killed again and again while real clients use it: nothing that it acknowledged is lost.
//!
//! `OTTLA_KILLS` says how often it is killed, `OTTLA_SEED` repeats the choices of an earlier run.

mod checker;
mod checker_tests;
mod history;
mod payload;
mod producing;
mod reading;
mod topics;

#[path = "../support/client.rs"]
mod client;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use rustix::process::Signal;
use tempfile::TempDir;

use client::DEADLINE;
use history::{History, Reader};
use producing::Producers;
use random::Random;
use reading::{Readers, read_commits, read_to_the_end};
use support::ports::quiet_ports;
use support::server::{Server, serve_at};

/// Enough for each kind of ending; by hand it is run with many more.
const KILLS: usize = 5;
/// Within so many acknowledgements of its start the broker is killed.
const ACKNOWLEDGED_MAX: usize = 2_000;
/// A start has made most of its system calls that write by then.
const WRITES_OF_A_START: usize = 60;

fn kills() -> usize {
    std::env::var("OTTLA_KILLS").map_or(KILLS, |text| text.parse().expect("OTTLA_KILLS is a number"))
}

/// The broker between two endings.
struct Broker {
    dir: TempDir,
    port: u16,
    random: Random,
    killed: usize,
}

impl Broker {
    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Each start has other sizes and times: what is in files and what only in the journal differs.
    fn command(&mut self) -> Command {
        let mut command = serve_at(self.dir.path(), self.port);
        let journal_file = self.random.pick(&[1 << 20, 4 << 20, 64 << 20]);
        let checkpoint_ms = self.random.pick(&[50, 1_000, 60_000]);
        let settings = [
            format!("ottla.journal.file.bytes={journal_file}"),
            format!("log.flush.offset.checkpoint.interval.ms={checkpoint_ms}"),
            "log.cleaner.backoff.ms=100".to_owned(),
            "log.initial.task.delay.ms=10".to_owned(),
            "group.initial.rebalance.delay.ms=0".to_owned(),
            "offsets.topic.num.partitions=2".to_owned(),
            "offsets.topic.segment.bytes=1048576".to_owned(),
        ];
        command.args(settings.iter().flat_map(|setting| ["--set", setting]));
        command
    }

    fn start(&mut self) -> Server {
        let mut server = Server::start(&mut self.command());
        server.wait_for("listening");
        server
    }

    /// Starts it and kills it before it is ready, or just after.
    fn start_in_vain(&mut self) {
        let mut server = Server::start(&mut self.command());
        let writes = self.random.below(WRITES_OF_A_START);
        support::wait_until("it has written so often or is ready", || {
            server.writes() >= writes || server.has_said("listening")
        });
        self.end(server, Signal::KILL);
    }

    /// Once in a while a clean stop lies between two kills.
    fn ending(&mut self) -> Signal {
        if self.random.one_in(8) { Signal::TERM } else { Signal::KILL }
    }

    /// Ends it, and looks at what it said.
    fn end(&mut self, server: Server, signal: Signal) {
        let ended = server.stop(signal);
        let was_killed = signal == Signal::KILL;
        self.killed += usize::from(was_killed);
        assert_eq!(ended.code, if was_killed { None } else { Some(0) }, "{}", ended.stderr);
        assert!(!ended.stderr.contains("panicked") && !ended.stderr.contains("ERROR"), "{}", ended.stderr);
    }
}

#[test]
fn a_broker_that_is_killed_under_load_keeps_all_that_it_acknowledged() {
    let seed = Random::seed();
    let dir = TempDir::new().expect("a temporary directory");
    let mut broker = Broker { dir, port: quiet_ports(1), random: Random::new(seed), killed: 0 };
    let address = broker.address();
    let history = Arc::new(History::default());

    let mut server = broker.start();
    topics::create(address);
    let mut producers = Producers::start(address, seed, &history);
    let readers = Readers::start(address, seed, &history);
    let kills = kills();
    while broker.killed < kills {
        producers.burst();
        let until = history.lock().acknowledged + broker.random.below(ACKNOWLEDGED_MAX);
        history.wait_until("enough is acknowledged", DEADLINE, |state| state.acknowledged >= until);
        let ending = broker.ending();
        broker.end(server, ending);
        if broker.random.one_in(3) {
            broker.start_in_vain();
        }
        server = broker.start();
    }
    producers.stop();

    let ends = read_to_the_end(address, seed, &history, 0);
    history.wait_until("the follower is at the end", DEADLINE, |state| {
        let at = |place| state.polled.get(&(Reader::Following, place)).map_or(0, |offset| offset + 1);
        ends.iter().all(|(place, end)| at(*place) == *end)
    });
    readers.stop();
    read_commits(address, &history);
    broker.end(server, Signal::TERM);

    let server = broker.start();
    read_to_the_end(address, seed, &history, 1);
    read_commits(address, &history);
    broker.end(server, Signal::TERM);
    eprintln!("{} kills", broker.killed);
    report(&history);
}

fn report(history: &History) {
    let state = history.lock();
    let anomalies = checker::check(&state.events, topics::promise);
    eprintln!("{} acknowledged, {} offsets committed", state.acknowledged, state.commits);
    assert!(anomalies.is_empty(), "{} anomalies:\n{}", anomalies.len(), anomalies.join("\n"));
    assert!(state.commits > 0, "the group has committed nothing");
}
