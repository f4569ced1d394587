//! `ottla log dump` of a journal's folder.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ottla_log::disk::RealDisk;
use ottla_log::journal::{Entry, Options, Recovery, Step};
use ottla_records::{AssignedBatch, BatchBuilder, BatchOptions};
use serde_json::Value;
use support::{Ended, json_lines, ottla, run};
use tempfile::TempDir;
use uuid::Uuid;

fn batch(value: &str, offset: i64) -> AssignedBatch {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    builder.append(1_700_000_000_000, None, Some(value.as_bytes()), &[]).expect("it fits");
    builder.build().expect("it fits").assign(offset, 3)
}

/// A journal with an entry for each value, each written and synced alone.
fn journal_of(values: &[&str]) -> (TempDir, PathBuf) {
    let data = TempDir::new().expect("a temporary directory");
    let dir = data.path().join("ottla-journal");
    let mut recovery = Recovery::open(Arc::new(RealDisk), &dir, Options::new(7)).expect("a new journal");
    assert!(recovery.read().expect("an empty journal").is_none());
    let mut rounds = recovery.finish(|_| {}).expect("a new journal");
    for (value, offset) in values.iter().zip(0..) {
        let batch = batch(value, offset);
        let entry = Entry { topic_id: Uuid::from_u128(9), partition: 2, batch, sync: true, tag: () };
        rounds.journal().append(entry);
        while rounds.run() == Step::Worked {}
    }
    (data, dir)
}

fn dump(path: &Path) -> (Vec<Value>, Ended) {
    let ended = run(ottla(["log", "dump", "-o", "ndjson"]).arg(path));
    (json_lines(&ended.stdout), ended)
}

fn of_type<'a>(lines: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["type"] == kind)
}

#[test]
fn entries_are_shown_with_their_partition_and_records() {
    let (_guard, dir) = journal_of(&["one", "two"]);
    let (lines, ended) = dump(&dir);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let entries: Vec<_> =
        of_type(&lines, "journalEntry").map(|line| (&line["lsn"], &line["partition"])).collect();
    assert_eq!(entries, [(&1.into(), &2.into()), (&2.into(), &2.into())]);
    let values: Vec<_> = of_type(&lines, "record").map(|line| &line["value"]).collect();
    assert_eq!(values, ["one", "two"]);
    assert_eq!(lines[0]["content"], "journal");
    assert_eq!(lines[1]["released"], 0);
}

#[test]
fn the_journal_is_found_in_its_data_directory_and_by_one_of_its_files() {
    let (data, dir) = journal_of(&["one"]);
    let (whole, _) = dump(&dir);
    let file = fs::read_dir(&dir).expect("a folder").map(|entry| entry.expect("a file").path());
    let file = file.into_iter().find(|path| path.extension().is_some_and(|it| it == "journal"));
    for path in [data.path().to_path_buf(), file.expect("a file of entries")] {
        assert_eq!(dump(&path).0, whole, "{}", path.display());
    }
}

#[test]
fn what_was_durable_and_is_damaged_is_reported() {
    let (_guard, dir) = journal_of(&["one", "two"]);
    let file = dir.join("00000000.journal");
    let mut bytes = fs::read(&file).expect("the journal");
    let at = bytes.windows(3).position(|window| window == b"one").expect("the first value");
    bytes[at] ^= 1;
    fs::write(&file, bytes).expect("the journal");

    let (lines, ended) = dump(&dir);
    assert_eq!(ended.code, Some(1));
    let damage: Vec<_> = of_type(&lines, "damage").collect();
    assert_eq!(damage.len(), 1);
    assert!(
        damage[0]["problem"].as_str().expect("text").contains("entry 1 is missing or damaged"),
        "{}",
        damage[0]
    );
}

#[test]
fn a_dump_changes_nothing_since_a_broker_may_be_at_work() {
    let (_guard, dir) = journal_of(&["one"]);
    let unfinished = dir.join("00000001.tmp");
    fs::write(&unfinished, "half written").expect("a file");
    dump(&dir);
    assert_eq!(fs::read_to_string(&unfinished).expect("still there"), "half written");
}
