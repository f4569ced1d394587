//! A broker that answers where clients begin, and tells them of an address where nobody is.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::support::server::{Server, serve};
use super::support::{Ended, run, wait_until};
use super::{TempDir, user};

/// Where nobody listens.
const ADVERTISED: &str = "127.0.0.1:1";

struct Lost {
    home: TempDir,
    _server: Server,
    brokers: String,
}

impl Lost {
    /// A topic and its records were there before the address changed.
    fn new() -> Lost {
        let home = TempDir::new().expect("a temporary directory");
        let data = home.path().join("data");
        let mut server = Server::start(&mut serve(&data));
        let brokers = server.address().to_string();
        let ended = run(&mut user(home.path(), &["topic", "create", "orders", "-p", "1", "-b", &brokers]));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        server.stop(Signal::TERM);
        let mut server = Server::start(serve(&data).args(["--advertise", ADVERTISED]));
        let brokers = server.address().to_string();
        Lost { home, _server: server, brokers }
    }

    fn run(&self, args: &[&str]) -> Ended {
        run(user(self.home.path(), args).env("OTTLA_BROKERS", &self.brokers))
    }
}

fn told(ended: &Ended, what: &str) {
    let address = format!("{ADVERTISED} (advertised by broker 1): Connection refused");
    for expected in [what, &address, "advertised.listeners"] {
        assert!(ended.stderr.contains(expected), "{expected}: {}", ended.stderr);
    }
}

#[test]
fn commands_that_cannot_reach_a_broker_fail_and_say_where_it_is_said_to_be() {
    let lost = Lost::new();
    let brief = "default.api.timeout.ms=2000";
    for args in [
        &["consume", "orders", "-e", "-X", brief][..],
        &["consume", "orders", "-X", brief],
        &["consume", "orders", "--timeout", "2s"],
        &["consume", "orders", "-g", "readers", "-e", "--timeout", "2s"],
        &["topic", "trim", "orders", "--before", "end", "--yes", "-X", brief],
    ] {
        let ended = lost.run(args);
        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{args:?}: {}", ended.stderr);
        told(&ended, "error: ");
        assert_eq!(ended.stderr.matches("warning: cannot connect to").count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn a_signal_ends_the_waiting_for_records_to_be_written() {
    let lost = Lost::new();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = user(lost.home.path(), &["produce", "orders", "-k", "a", "--tombstone"]);
        command.env("OTTLA_BROKERS", &lost.brokers).args(["-X", "delivery.timeout.ms=600000"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.any(|line| line.contains("cannot connect to")));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let expected = "error: interrupted before all was written: 0 records written";
        assert!(said.any(|line| line == expected), "{signal:?}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal:?}");
    }
}

#[test]
fn a_second_signal_waits_for_nothing() {
    let lost = Lost::new();
    let mut command = user(lost.home.path(), &["produce", "orders", "-X", "delivery.timeout.ms=600000"]);
    command.env("OTTLA_BROKERS", &lost.brokers).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"a line\n").unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("cannot connect to")));
    wait_until("two signals are told apart", || {
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        child.try_wait().unwrap().is_some()
    });
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn offsets_that_are_not_known_are_told_with_why() {
    let lost = Lost::new();
    let ended = lost.run(&["topic", "describe", "orders", "-X", "default.api.timeout.ms=2000"]);
    told(&ended, "warning: the offsets of orders-0 are not known: ");
}
