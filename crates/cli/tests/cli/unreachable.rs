//! A broker that answers where clients begin, and tells them of an address where nobody is.

use super::support::server::{Server, serve};
use super::support::{Ended, run};
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
        server.stop(rustix::process::Signal::TERM);
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
fn offsets_that_are_not_known_are_told_with_why() {
    let lost = Lost::new();
    let ended = lost.run(&["topic", "describe", "orders", "-X", "default.api.timeout.ms=2000"]);
    told(&ended, "warning: the offsets of orders-0 are not known: ");
}
