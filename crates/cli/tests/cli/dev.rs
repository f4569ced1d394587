//! `ottla dev`.

use std::fs;

use rustix::process::Signal;

use super::support::server::Server;
use super::{run, user};

#[test]
fn it_has_its_topics_when_it_is_ready_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let temporary = home.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut command = user(home.path(), &["dev", "--any-port", "--topic", "orders:3", "--topic", "payments"]);
    let mut server = Server::start(command.env("TMPDIR", &temporary));
    let address = server.address().to_string();
    let listed = run(&mut user(home.path(), &["topic", "list", "-b", &address]));
    let rows: Vec<Vec<&str>> = listed.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1..], [["orders", "3", "1"], ["payments", "1", "1"]], "{}", listed.stderr);
    assert_eq!(server.stop(Signal::TERM).code, Some(0));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_topic_that_cannot_be_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let ended = run(&mut user(home.path(), &["dev", "--any-port", "--topic", "orders:none"]));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let ended = run(&mut user(home.path(), &["dev", "--any-port", "--topic", "a/b"]));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot create a/b"), "{}", ended.stderr);
}
