//! `ottla dev`.

use std::fs;

use rustix::process::Signal;

use super::support::server::Server;
use super::support::{json_lines, wait_until};
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

#[test]
fn commands_come_to_it_while_it_runs() {
    let home = tempfile::tempdir().unwrap();
    let server = |args: &[&str]| {
        let mut server = Server::start(&mut user(home.path(), &[&["dev", "--any-port"], args].concat()));
        server.wait_for("consume");
        server
    };
    let topics = || run(&mut user(home.path(), &["topic", "list", "-o", "tsv"]));
    run(&mut user(home.path(), &["ctx", "add", "prod", "-b", "127.0.0.1:1"]));
    run(&mut user(home.path(), &["ctx", "use", "prod"]));
    let dev = server(&["--topic", "mine"]);
    assert!(topics().stdout.contains("mine\t"), "{}", topics().stderr);
    let another = server(&["--topic", "other", "--no-context"]);
    assert!(topics().stdout.contains("mine\t"));
    for server in [dev, another] {
        assert_eq!(server.stop(Signal::TERM).code, Some(0));
    }
    assert!(topics().stderr.contains("127.0.0.1:1"), "the context before is in use again");
}

#[test]
fn the_demo_has_data_that_keep_flowing() {
    let home = tempfile::tempdir().unwrap();
    let mut dev = Server::start(&mut user(home.path(), &["dev", "--any-port", "--demo"]));
    dev.wait_for("consume");
    let consumed = run(&mut user(home.path(), &["consume", "orders", "-n", "8", "--timeout", "30s"]));
    assert_eq!(consumed.stdout.lines().count(), 8, "{}", consumed.stderr);
    assert!(json_lines(&consumed.stdout).iter().all(|order| order["cents"].as_u64() > Some(0)));
    let paid = run(&mut user(home.path(), &["consume", "payments", "-n", "3", "--timeout", "30s"]));
    assert_eq!(paid.stdout.lines().count(), 3, "{}", paid.stderr);
    wait_until("the group is there", || {
        run(&mut user(home.path(), &["group", "list"])).stdout.contains("billing")
    });
    assert_eq!(dev.stop(Signal::TERM).code, Some(0));
}
