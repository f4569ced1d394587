//! The command line as people and scripts meet it: the executable against a running broker.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod acl;
mod applets;
mod apply;
mod bench;
mod check;
mod cluster;
mod completion;
mod config;
mod connection;
mod consume;
mod ctx;
mod debug;
mod dev;
mod formats;
mod group;
mod kinds;
mod man;
mod partition;
mod produce;
mod security;
mod terminal;
mod top;
mod topic;
mod tour;
mod txn;
mod unreachable;

#[path = "../support/terminal.rs"]
mod pty;
#[path = "../support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use support::server::{Server, serve};
use support::{Ended, ottla, run, search_path};
use tempfile::TempDir;

/// A broker, and a user with a home that nobody else has.
struct Visit {
    home: TempDir,
    _server: Server,
    brokers: String,
}

impl Visit {
    fn new() -> Visit {
        let home = TempDir::new().expect("a temporary directory");
        let mut command = serve(&home.path().join("data"));
        command.args(["--set", "group.initial.rebalance.delay.ms=0"]);
        command.args(["--set", "offsets.topic.num.partitions=2"]);
        let mut server = Server::start(&mut command);
        let brokers = server.address().to_string();
        Visit { home, _server: server, brokers }
    }

    /// The executable in the user's hands.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = user(self.home.path(), args);
        command.env("OTTLA_BROKERS", &self.brokers);
        command
    }

    /// A shell in the user's hands, where `ottla` is the executable and the cluster is this one.
    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-c", script]).current_dir(self.home.path());
        shell.env("PATH", search_path()).env("HOME", self.home.path()).env("OTTLA_BROKERS", &self.brokers);
        shell.env_remove("XDG_CONFIG_HOME");
        shell
    }

    fn run(&self, args: &[&str]) -> Ended {
        run(&mut self.command(args))
    }

    /// What it prints when all goes well.
    fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// What it says when it refuses.
    fn refused(&self, args: &[&str], code: i32) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(code), "{args:?}: {}{}", ended.stdout, ended.stderr);
        ended.stderr
    }

    /// What it prints when all goes well, with this on its standard input.
    fn fed(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the executable starts");
        child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// The executable in the hands of somebody whose home this is.
fn user(home: &Path, args: &[&str]) -> Command {
    let mut command = ottla(args);
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME");
    for variable in ["OTTLA_BROKERS", "OTTLA_COMMAND_CONFIG", "OTTLA_CTX"] {
        command.env_remove(variable);
    }
    command
}
