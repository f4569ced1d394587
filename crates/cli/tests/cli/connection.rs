//! Which cluster is meant, and what is said when it is not there.

use std::fs;

use super::{Visit, run, user};

#[test]
fn a_cluster_that_does_not_answer_is_named_with_who_named_it_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let ended = run(&mut user(home.path(), &["topic", "list", "--brokers", "127.0.0.1:1"]));
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout, "");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.stderr);
    assert!(lines[0].starts_with("error: cannot connect to 127.0.0.1:1 (--brokers)"), "{}", lines[0]);
    assert!(lines[1].trim_start().starts_with("see that bootstrap.servers is right"), "{}", lines[1]);
}

#[test]
fn an_option_that_there_is_not_is_a_usage_error_with_a_hint() {
    let home = tempfile::tempdir().unwrap();
    for (option, hint) in [
        ("bootstrap.server=x:1", "did you mean bootstrap.servers?"),
        ("nothing", "key=value"),
        ("request.timeout.ms=soon", "request.timeout.ms"),
    ] {
        let ended = run(&mut user(home.path(), &["topic", "list", "-X", option]));
        assert_eq!(ended.code, Some(2), "{option}: {}", ended.stderr);
        assert!(ended.stderr.contains(hint), "{option}: {}", ended.stderr);
    }
}

#[test]
fn what_a_consumer_is_to_leave_alone_is_not_ignored() {
    let home = tempfile::tempdir().unwrap();
    for (args, code, expected) in [
        (&["consume", "/a/", "-X", "topic.blacklist=^ab"][..], 2, "error: topic.blacklist: no topics can be"),
        (
            &["consume", "a", "-g", "g", "-X", "enable.auto.offset.store=false"],
            2,
            "error: enable.auto.offset.store: no offsets can be",
        ),
        (
            &["kcat", "-b", "127.0.0.1:1", "-C", "-t", "a", "-X", "topic.blacklist=^ab"],
            1,
            "% ERROR: topic.blacklist: no topics can be",
        ),
    ] {
        let ended = run(&mut user(home.path(), args));
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.starts_with(expected), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn the_cluster_is_found_by_flag_option_file_and_environment() {
    let visit = Visit::new();
    let file = visit.home.path().join("client.properties");
    fs::write(&file, format!("bootstrap.servers={}\nclient.id=till\n", visit.brokers)).unwrap();
    let option = format!("metadata.broker.list={}", visit.brokers);
    for args in [
        &["topic", "list", "-b", &visit.brokers][..],
        &["topic", "list", "--bootstrap-server", &visit.brokers],
        &["topic", "list", "-X", &option],
        &["topic", "list", "--command-config", file.to_str().unwrap()],
    ] {
        let ended = run(user(visit.home.path(), args).env("OTTLA_BROKERS", "127.0.0.1:1"));
        assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
    }
    let ended = visit.run(&["topic", "list", "-X", "debug=all", "-X", "queued.min.messages=1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr, "warning: without effect here: debug (-X), queued.min.messages (-X)\n");
    let ended = visit.run(&["kcat", "-L", "-b", &visit.brokers, "-F", "none", "-X", "queued.min.messages=1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr, "warning: without effect here: queued.min.messages (the command line)\n");
    let mut command = user(visit.home.path(), &["topic", "list"]);
    let ended = run(command.env("OTTLA_COMMAND_CONFIG", &file));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
