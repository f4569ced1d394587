//! `ottla log dump` against what Apache Kafka's own classes say of the same files.

mod support;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{Ended, json_lines, ottla, read_gzip, run, unhex, unpack};
use tempfile::TempDir;

/// The lines of a dump, by file, relative to the directory.
type Dump = HashMap<String, Vec<Value>>;

fn dump(dir: &Path) -> (Dump, Ended) {
    let ended = run(ottla(["log", "dump", "--output", "ndjson"]).arg(dir));
    let mut files = Dump::new();
    for line in json_lines(&ended.stdout) {
        let file = Path::new(line["file"].as_str().expect("every line names its file"));
        let file = file.strip_prefix(dir).expect("below the directory").display().to_string();
        files.entry(file).or_default().push(line);
    }
    (files, ended)
}

/// The lines of a type, without what the envelope adds.
fn of_type(dump: &Dump, file: &str, kind: &str) -> Vec<Value> {
    let lines = dump.get(file).unwrap_or_else(|| panic!("{file} is not in the dump"));
    lines.iter().filter(|line| line["type"] == kind).cloned().map(without_envelope).collect()
}

fn without_envelope(mut line: Value) -> Value {
    let fields = line.as_object_mut().expect("an object");
    fields.remove("file");
    fields.remove("type");
    line
}

fn without(mut value: Value, keys: &[&str]) -> Value {
    let fields = value.as_object_mut().expect("an object");
    keys.iter().for_each(|key| drop(fields.remove(*key)));
    value
}

/// Bytes as the dump has them, from the manifest's hex.
fn payload(hex: &Value) -> Value {
    let Some(hex) = hex.as_str() else { return Value::Null };
    let bytes = unhex(hex);
    match std::str::from_utf8(&bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": STANDARD.encode(&bytes) }),
    }
}

fn expected_record(record: &Value) -> Value {
    let headers = record["headers"].as_array().map_or(&[][..], Vec::as_slice);
    let headers: Vec<Value> = headers.iter().map(|pair| json!([pair[0], payload(&pair[1])])).collect();
    let mut expected = json!({
        "offset": record["offset"],
        "timestamp": record["timestamp"],
        "key": payload(&record["key"]),
        "value": payload(&record["value"]),
        "headers": headers,
    });
    if let Some(decoded) = record.get("decoded") {
        expected["decoded"] = decoded.clone();
    }
    expected
}

/// Fails at the first difference, which is easier to read than two lists.
fn assert_same(found: &[Value], expected: &[Value], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{what}");
    }
    assert_eq!(found.len(), expected.len(), "{what}");
}

/// Compares the batches of a segment or snapshot, records included.
fn check_batches(dump: &Dump, file: &str, expected: &Value) {
    let batches = expected.as_array().expect("batches");
    let headers: Vec<Value> = batches
        .iter()
        .map(|batch| {
            let mut header = without(batch.clone(), &["records"]);
            header["crcValid"] = json!(true);
            header
        })
        .collect();
    assert_same(&of_type(dump, file, "batch"), &headers, file);
    let records: Vec<Value> = batches
        .iter()
        .flat_map(|batch| batch["records"].as_array().expect("records"))
        .map(expected_record)
        .collect();
    assert_same(&of_type(dump, file, "record"), &records, file);
}

fn check_segment(dump: &Dump, folder: &str, segment: &Value) {
    let file = segment["file"].as_str().expect("a name");
    let stem = file.strip_suffix(".log").expect("a segment");
    let path = |extension: &str| format!("{folder}/{stem}.{extension}");
    check_batches(dump, &path("log"), &segment["batches"]);
    for (extension, kind, key) in [
        ("index", "offsetIndexEntry", "offsetIndex"),
        ("timeindex", "timeIndexEntry", "timeIndex"),
        ("txnindex", "abortedTransaction", "abortedTransactions"),
    ] {
        let expected: Vec<Value> = segment[key]
            .as_array()
            .map(|entries| entries.iter().map(|entry| without(entry.clone(), &["version"])).collect())
            .unwrap_or_default();
        if expected.is_empty() && !dump.contains_key(&path(extension)) {
            continue;
        }
        assert_eq!(of_type(dump, &path(extension), kind), expected, "{}", path(extension));
    }
}

fn check_log(dump: &Dump, folder: &str, log: &Value) {
    for segment in log["segments"].as_array().expect("segments") {
        check_segment(dump, folder, segment);
    }
    for snapshot in log["producerSnapshots"].as_array().expect("snapshots") {
        let file = format!("{folder}/{}", snapshot["file"].as_str().expect("a name"));
        let expected = snapshot["producerEntries"].as_array().expect("entries");
        assert_eq!(&of_type(dump, &file, "producerState"), expected, "{file}");
    }
    for snapshot in log["snapshots"].as_array().map_or(&[][..], Vec::as_slice) {
        let file = format!("{folder}/{}", snapshot["file"].as_str().expect("a name"));
        check_batches(dump, &file, &snapshot["batches"]);
    }
    let epochs = of_type(dump, &format!("{folder}/leader-epoch-checkpoint"), "leaderEpoch");
    assert_eq!(json!(epochs), log["leaderEpochs"], "{folder}");
    let metadata = of_type(dump, &format!("{folder}/partition.metadata"), "partitionMetadata");
    assert_eq!(metadata, [json!({ "topicId": log["partitionMetadata"]["topic_id"] })], "{folder}");
}

fn check_small_files(dump: &Dump, manifest: &Value) {
    for (file, entries) in manifest["checkpoints"].as_object().expect("checkpoints") {
        assert_eq!(json!(of_type(dump, file, "partitionOffset")), *entries, "{file}");
    }
    let identity = &manifest["metaProperties"];
    let expected = json!({
        "clusterId": identity["cluster.id"],
        "nodeId": 1,
        "directoryId": identity["directory.id"],
    });
    assert_eq!(of_type(dump, "meta.properties", "metaProperties"), [expected]);
    let quorum = of_type(dump, "__cluster_metadata-0/quorum-state", "quorumState");
    assert_eq!(quorum, [json!({ "data": manifest["quorumState"] })]);
    check_batches(dump, "bootstrap.checkpoint", &manifest["bootstrap"]);
}

fn check_data_directory(name: &str) -> (Dump, Ended, Value) {
    let (_guard, data) = unpack(&format!("{name}.tar.gz"));
    let (dump, ended) = dump(&data);
    let manifest: Value = serde_json::from_str(&read_gzip(&format!("{name}.json.gz"))).expect("a manifest");
    for file in manifest["files"].as_array().expect("files") {
        let path = file["path"].as_str().expect("a path");
        assert_eq!(of_type(&dump, path, "file")[0]["size"], file["size"], "{path}");
    }
    for (folder, log) in manifest["logs"].as_object().expect("logs") {
        check_log(&dump, folder, log);
    }
    check_small_files(&dump, &manifest);
    (dump, ended, manifest)
}

#[test]
fn everything_that_kafka_left_after_a_clean_stop_is_found() {
    let (dump, ended, manifest) = check_data_directory("data-dir-clean");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let clean = of_type(&dump, ".kafka_cleanshutdown", "cleanShutdown");
    assert_eq!(clean, [json!({ "brokerEpoch": manifest["cleanShutdown"]["brokerEpoch"] })]);
}

#[test]
fn everything_that_kafka_left_when_it_was_killed_is_found_and_the_torn_tail_is_reported() {
    let (dump, ended, _) = check_data_directory("data-dir-killed");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("1 problem found in"), "{}", ended.stderr);
    let torn = of_type(&dump, "torn-0/00000000000000000000.log", "damage");
    assert_eq!(torn.len(), 1);
    assert_eq!(torn[0]["position"], 1576);
    assert!(!dump.contains_key(".kafka_cleanshutdown"));
}

/// Writes each vector as a segment in a folder of its own; returns the folder of each.
fn segments_of_vectors(dir: &Path) -> BTreeMap<String, Value> {
    let vectors = json_lines(&read_gzip("batches.jsonl.gz"));
    let number = |(index, vector): (usize, Value)| (format!("vector-{index}"), vector);
    let folders: BTreeMap<String, Value> = vectors.into_iter().enumerate().map(number).collect();
    for (folder, vector) in &folders {
        fs::create_dir(dir.join(folder)).expect("a folder");
        let bytes = unhex(vector["hex"].as_str().expect("bytes"));
        fs::write(dir.join(folder).join("00000000000000000000.log"), bytes).expect("a segment");
    }
    folders
}

#[test]
fn batches_and_old_messages_are_read_as_kafka_reads_them_and_bad_ones_are_damage() {
    let dir = TempDir::new().expect("a temporary directory");
    let vectors = segments_of_vectors(dir.path());
    let (dump, ended) = dump(dir.path());
    assert_eq!(ended.code, Some(1));
    for (folder, vector) in &vectors {
        let (file, name) =
            (format!("{folder}/00000000000000000000.log"), vector["name"].as_str().unwrap_or("?"));
        let damage = of_type(&dump, &file, "damage");
        if name.starts_with("bad/") {
            assert!(!damage.is_empty(), "{name}");
            continue;
        }
        assert_eq!(damage, Vec::<Value>::new(), "{name}");
        let batches = vector["batches"].as_array().expect("batches");
        let all = batches.iter().flat_map(|batch| batch["records"].as_array().expect("records"));
        let records: Vec<Value> =
            of_type(&dump, &file, "record").into_iter().map(|r| without(r, &["decoded"])).collect();
        assert_same(&records, &all.map(expected_record).collect::<Vec<_>>(), name);
        let headers = of_type(&dump, &file, "batch").len() + of_type(&dump, &file, "message").len();
        assert_eq!(headers, batches.len(), "{name}");
    }
}

/// A segment of a clean data directory, alone, with its offset index.
fn one_segment() -> (TempDir, PathBuf) {
    let (guard, data) = unpack("data-dir-clean.tar.gz");
    (guard, data.join("plain-0/00000000000000000000.log"))
}

fn change_byte(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("the file");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("the file");
}

#[test]
fn a_changed_byte_is_reported_with_its_batch_and_the_rest_is_still_shown() {
    let (_guard, segment) = one_segment();
    let whole = json_lines(&run(ottla(["log", "dump", "-o", "ndjson"]).arg(&segment)).stdout);
    let second = whole.iter().filter(|line| line["type"] == "batch").nth(1).expect("a second batch");
    let position = second["position"].as_u64().expect("a number");
    change_byte(&segment, usize::try_from(position).expect("small") + 70);

    let ended = run(ottla(["log", "dump", "-o", "ndjson"]).arg(&segment));
    assert_eq!(ended.code, Some(1));
    let lines = json_lines(&ended.stdout);
    let damage: Vec<&Value> = lines.iter().filter(|line| line["type"] == "damage").collect();
    assert_eq!((damage.len(), damage[0]["position"].as_u64()), (1, Some(position)));
    let count = |lines: &[Value]| lines.iter().filter(|line| line["type"] == "batch").count();
    assert_eq!(count(&lines), count(&whole));
}

/// Changes one byte in every file of a folder, another one in each round.
fn change_every_file(folder: &Path, round: usize) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let len = usize::try_from(fs::metadata(&path).expect("a file").len()).expect("small");
        if len > 0 {
            change_byte(&path, (round * 37) % len);
        }
    }
}

#[test]
fn no_change_of_any_byte_makes_it_panic() {
    let (_guard, data) = unpack("data-dir-clean.tar.gz");
    for folder in ["tx-0", "__consumer_offsets-0", "__cluster_metadata-0"] {
        for round in 0..20 {
            change_every_file(&data.join(folder), round);
            let ended = run(ottla(["log", "dump"]).arg(data.join(folder)));
            assert_eq!(ended.code, Some(1), "{}", ended.stderr);
            assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let (_guard, data) = unpack("data-dir-clean.tar.gz");
    let mut command = ottla(["log", "dump"]);
    let mut child =
        command.arg(data).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn an_index_that_contradicts_its_segment_is_damage() {
    let (_guard, segment) = one_segment();
    let index = segment.with_extension("index");
    change_byte(&index, 3);
    let ended = run(ottla(["log", "dump"]).arg(&index));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("at byte 0: the batch at "), "{}", ended.stdout);
}

#[test]
fn records_and_headers_can_be_had_alone() {
    let (_guard, segment) = one_segment();
    for (flag, wanted, unwanted) in [("--records", "record", "batch"), ("--headers-only", "batch", "record")]
    {
        let ended = run(ottla(["log", "dump", "-o", "ndjson", flag]).arg(&segment));
        let has = |kind: &str| json_lines(&ended.stdout).iter().any(|line| line["type"] == kind);
        assert!(has(wanted) && !has(unwanted), "{flag}");
    }
}

#[test]
fn a_file_taken_out_of_its_folder_is_decoded_on_request() {
    let (_guard, data) = unpack("data-dir-clean.tar.gz");
    let aside = data.join("aside.log");
    fs::copy(data.join("__consumer_offsets-0/00000000000000000000.log"), &aside).expect("a copy");
    let ended = run(ottla(["log", "dump", "--decode", "offsets"]).arg(&aside));
    assert!(ended.stdout.contains(r#"OFFSET_COMMIT key={"group":"classic-group","#), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_read_is_named_in_one_line() {
    let dir = TempDir::new().expect("a temporary directory");
    let notes = dir.path().join("notes.txt");
    fs::write(&notes, "x").expect("a file");
    for (path, reason) in
        [(notes, "is no file that a log has"), (dir.path().join("missing"), "No such file or directory")]
    {
        let ended = run(ottla(["log", "dump"]).arg(&path));
        assert_eq!(ended.code, Some(1));
        let named = ended.stderr.contains(&path.display().to_string()) && ended.stderr.contains(reason);
        assert!(named && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
}
