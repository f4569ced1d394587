//! `ottla debug bundle`.

use std::collections::BTreeMap;
use std::fs;
use std::io::read_to_string;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Visit;
use super::support::{json_lines, unpacked, wait_until};

fn visit() -> Visit {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    visit.fed(&["produce", "orders", "-p", "0"], b"what nobody else may read\n");
    visit.ok(&["group", "seek", "billing", "--to", "0", "--topic", "orders", "--execute"]);
    visit
}

#[test]
fn a_bundle_tells_of_cluster_and_machine_and_of_no_record() {
    let visit = visit();
    let home = visit.home.path();
    let [file, log, config] = ["b.tar.gz", "log", "server.properties"].map(|name| home.join(name));
    fs::write(&log, "started\nssl.key.password=hush\n").unwrap();
    fs::write(&config, "node.id=1\nssl.keystore.password=hush hush\n").unwrap();
    let data = visit.home.path().join("data");
    let args = [
        "debug",
        "bundle",
        "--file",
        file.to_str().unwrap(),
        "--interval",
        "10ms",
        "-o",
        "json",
        "--data-dir",
        data.to_str().unwrap(),
        "--log-file",
        log.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ];
    let told: Value = serde_json::from_str(&visit.ok(&args)).unwrap();
    assert_eq!(told["file"], file.to_str().unwrap());
    let files = unpacked(&file);
    for (name, expected) in [
        ("cluster/info.ndjson", "\"clusterId\""),
        ("cluster/api-versions-1.ndjson", "\"api\":\"Produce\""),
        ("configs/broker-1.ndjson", "\"name\":\"log.retention.ms\""),
        ("topics/list.ndjson", "\"name\":\"orders\""),
        ("samples/1/topics.ndjson", "\"endOffset\":1"),
        ("samples/2/groups.ndjson", "\"totalLag\":1"),
        ("data-dir/files.ndjson", "\"path\":\"orders-0/partition.metadata\""),
        ("data-dir/small-files.txt", "== meta.properties =="),
        ("machine/memory.txt", "MemTotal"),
        ("client.ndjson", "\"origin\":\"OTTLA_BROKERS\""),
        ("server-config.txt", "node.id=1\nssl.keystore.password=[redacted]\n"),
        ("log-tail.txt", "started\nssl.key.password=[redacted]\n"),
    ] {
        assert!(files[name].contains(expected), "{name}: {}", files[name]);
    }
    assert!(!files.values().any(|text| text.contains("nobody else may read") || text.contains("hush")));
    // It is listed, and no text.
    assert!(files["data-dir/files.ndjson"].contains("\"ottla-journal/checkpoint\""));
    assert!(
        !files["data-dir/small-files.txt"].contains("ottla-journal"),
        "{}",
        files["data-dir/small-files.txt"]
    );
    check_manifest(&told, &files);
    let again = visit.refused(&["debug", "bundle", "--file", file.to_str().unwrap()], 1);
    assert!(again.contains("give --force"), "{again}");
    visit.ok(&["debug", "bundle", "--force", "--interval", "0s", "--file", file.to_str().unwrap()]);
    assert!(!unpacked(&file).contains_key("samples/2/topics.ndjson"));
    assert_eq!(fs::read_dir(home).unwrap().count(), 4, "nothing unfinished is left");
}

/// Every file is told of, and what is missing has its reason.
fn check_manifest(told: &Value, files: &BTreeMap<String, String>) {
    let manifest: Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["parts"], told["parts"]);
    let errors = json_lines(&files["errors.ndjson"]);
    assert_eq!(told["incompleteCount"], errors.len());
    for part in manifest["parts"].as_array().unwrap() {
        let name = part["part"].as_str().unwrap();
        assert_eq!(files.contains_key(name), part["result"] != "missing", "{part}");
        assert_eq!(errors.iter().any(|error| error["part"] == name), part["result"] != "complete", "{part}");
    }
}

#[test]
fn without_a_cluster_this_machine_is_told_of() {
    let visit = visit();
    let file = visit.home.path().join("b.tgz");
    let data = visit.home.path().join("data");
    let file = file.to_str().unwrap();
    let nobody = ["debug", "bundle", "--file", file, "-b", "127.0.0.1:1", "--timeout", "2s"];
    let refused = visit.refused(&nobody, 1);
    assert!(refused.contains("127.0.0.1:1") || refused.contains("no answer within 2s"), "{refused}");
    visit.ok(&[&nobody[..], &["--data-dir", data.to_str().unwrap()]].concat());
    let files = unpacked(Path::new(file));
    assert!(files.contains_key("data-dir/files.ndjson"));
    assert!(files["errors.ndjson"].contains("\"part\":\"cluster\""), "{}", files["errors.ndjson"]);
    for (args, hint) in [(["--interval", "soon"], "--interval"), (["--timeout", "1x"], "--timeout")] {
        let refused = visit.refused(&[&["debug", "bundle"][..], &args].concat(), 2);
        assert!(refused.contains(hint), "{refused}");
    }
    let refused = visit.refused(&["debug", "bundle", "--file", "bundle.zip"], 1);
    assert!(refused.contains("NAME.tar.gz"), "{refused}");
}

#[test]
fn a_signal_leaves_nothing_of_a_bundle() {
    let visit = visit();
    let folder = visit.home.path().join("bundles");
    fs::create_dir(&folder).unwrap();
    let files = || fs::read_dir(&folder).unwrap().count();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = visit.command(&["debug", "bundle", "--interval", "10m"]);
        let mut child = command.current_dir(&folder).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("there is a file", || files() > 0);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let said = read_to_string(child.stderr.take().unwrap()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{said}");
        assert_eq!(said, "error: interrupted: there is no bundle\n");
        assert_eq!(files(), 0, "{signal:?}");
    }
}
