//! `ottla man`.

use std::fs;

use tempfile::TempDir;

use super::support::{ottla, run};

#[test]
fn every_command_has_a_page() {
    let dir = TempDir::new().unwrap();
    let pages = dir.path().join("man1");
    let ended = run(ottla(["man", "--dir"]).arg(&pages));
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{}", ended.stderr);
    for name in ["ottla.1", "ottla-consume.1", "ottla-topic-create.1"] {
        let page = fs::read_to_string(pages.join(name)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{name}: {page}");
    }
    let one = run(&mut ottla(["man", "topic", "create"]));
    assert_eq!(one.stdout, fs::read_to_string(pages.join("ottla-topic-create.1")).unwrap());
}

#[test]
fn a_command_that_is_not_there_has_none() {
    let ended = run(&mut ottla(["man", "topic", "crate"]));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("topic has no command crate"), "{}", ended.stderr);
}
