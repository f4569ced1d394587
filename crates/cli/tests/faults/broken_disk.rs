//! A disk that fails: the process stops at once, and whatever it acknowledged is there when it starts again.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;

use rdkafka::admin::NewTopic;
use rustix::process::Signal;
use tempfile::TempDir;

use super::client::{self, create_topics};
use super::record::{Producer, Record, read_records};
use super::support::ports::quiet_address;
use super::support::server::{Server, serve_at};
use super::support::wait_until;

/// The same command, whose system calls are tampered with as strace's `--inject` describes.
pub(super) fn injected(command: &Command, call: &str, what: &str, log: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["--follow-forks", "--seccomp-bpf", "--quiet=all", "--output"]).arg(log);
    strace.arg(format!("--trace={call}")).arg(format!("--inject={call}:{what}"));
    strace.arg(command.get_program()).args(command.get_args());
    for (name, _) in command.get_envs() {
        strace.env_remove(name);
    }
    strace
}

pub(super) fn topic(name: &str) -> NewTopic<'_> {
    client::topic(name, 1)
}

fn serve(dir: &Path, address: SocketAddr, checkpoint_ms: u32) -> Command {
    let mut command = serve_at(dir, address.port());
    command.args(["--set", &format!("log.flush.offset.checkpoint.interval.ms={checkpoint_ms}")]);
    command
}

/// Sends one record after the other until one is not acknowledged; how many were.
fn send_until_it_ends(address: SocketAddr) -> usize {
    let producer = Producer::new(address, &[("message.timeout.ms", "2000")]);
    (0..).find(|at| producer.send("t", 0, &[record(*at)])[0].is_err()).expect("it ends")
}

fn record(at: usize) -> Record {
    Record::new(&at.to_string(), "value")
}

/// Lets a call of a thread fail from the `when`-th on, under load; the process must end by itself and say why.
fn check(call: &str, when: usize, checkpoint_ms: u32, reason: &str) {
    let dir = TempDir::new().expect("a temporary directory");
    let data = dir.path().join("data");
    let address = quiet_address();
    let healthy = serve(&data, address, checkpoint_ms);
    let what = format!("error=EIO:when={when}+");
    let mut server = Server::start(&mut injected(&healthy, call, &what, &dir.path().join("strace")));
    server.wait_for("listening");
    create_topics(address, &[topic("t")]);
    let acknowledged = send_until_it_ends(address);
    let ended = server.ended();
    assert_eq!(ended.code, None, "it aborts: {}", ended.stderr);
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    assert!(acknowledged > 0, "it failed before it was used");

    let mut server = Server::start(&mut serve(&data, address, checkpoint_ms));
    server.wait_for("listening");
    let read = read_records(address, "t");
    // What was on its way may have come to the disk.
    let count = read.len();
    assert!((acknowledged..=acknowledged + 1).contains(&count), "{count} of {acknowledged}");
    assert!(read.into_iter().eq((0..count).map(record)));
}

#[test]
fn a_failed_sync_of_the_journal_ends_the_process() {
    check("fdatasync", 40, 60_000, "cannot write the journal");
}

#[test]
fn a_failed_write_of_the_journal_ends_the_process() {
    check("pwritev", 40, 60_000, "cannot write the journal");
}

#[test]
fn a_failed_sync_of_a_segment_ends_the_process() {
    check("fdatasync", 40, 10, "");
}

fn read_whole(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("the file is there")
}

/// While one thread is long at writing segments, another one syncs those that are written.
#[test]
fn the_journal_keeps_what_a_slow_disk_has_not_brought_to_its_segment() {
    let dir = TempDir::new().expect("a temporary directory");
    let data = dir.path().join("data");
    let address = quiet_address();
    let healthy = serve(&data, address, 10);
    let slow = &mut injected(&healthy, "pwritev", "delay_enter=200ms", &dir.path().join("strace"));
    let mut server = Server::start(slow);
    server.wait_for("listening");
    let names: Vec<String> = (0..12).map(|at| format!("t{at:02}")).collect();
    create_topics(address, &names.iter().map(|name| topic(name)).collect::<Vec<_>>());
    let checkpoint = data.join("ottla-journal/checkpoint");
    let before = read_whole(&checkpoint);
    let producer = Producer::new(address, &[]);
    thread::scope(|scope| {
        names.iter().for_each(|name| drop(scope.spawn(|| producer.deliver(name, 0, &[record(0)]))));
    });
    wait_until("something is let go of", || read_whole(&checkpoint) != before);
    server.signal_child(Signal::KILL);
    server.ended();

    let mut server = Server::start(&mut serve(&data, address, 60_000));
    server.wait_for("listening");
    for name in &names {
        assert_eq!(read_records(address, name), [record(0)], "{name}");
    }
}
