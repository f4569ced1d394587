//! Data directories: one that Apache Kafka left, and new ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Comparison;

/// Files that lie in a data directory, by the end of their names.
fn files(dir: &Path, part: &str, end: &str) -> String {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() && entry.path().display().to_string().contains(part) {
            found.extend(std::fs::read_dir(entry.path()).unwrap().map(|file| file.unwrap().path()));
        }
    }
    found.sort();
    let found = found.iter().map(|path| path.display().to_string()).filter(|path| path.ends_with(end));
    found.collect::<Vec<_>>().join(",")
}

#[test]
fn files_are_dumped_alike() {
    let mut it = Comparison::new();
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/data-dir-clean.tar.gz");
    let unpacked = Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(it.dir.path()).status();
    assert!(unpacked.expect("tar is installed").success());
    let data = it.dir.path().join("data");
    for (part, end, more) in [
        ("", ".log", ""),
        ("", ".log", "--deep-iteration"),
        ("", ".log", "--deep-iteration --max-bytes 2000"),
        ("tx-", ".log", "--print-data-log"),
        ("codec-gzip", ".log", "--print-data-log --skip-record-metadata"),
        ("__consumer_offsets", ".log", "--offsets-decoder"),
        ("__transaction_state", ".log", "--transaction-log-decoder"),
        ("__share_group_state", ".log", "--share-group-state-decoder"),
        ("__cluster_metadata", ".log", "--cluster-metadata-decoder"),
        ("__cluster_metadata", ".checkpoint", "--cluster-metadata-decoder"),
        ("plain", ".log", "--offsets-decoder"),
        ("", "index", ""),
        ("", "index", "--verify-index-only"),
        ("", "index", "--index-sanity-check"),
        ("", ".snapshot", ""),
        ("", "leader-epoch-checkpoint", ""),
    ] {
        let line = format!("--files {} {more}", files(&data, part, end));
        it.compare("kafka-dump-log", &line);
    }
    it.compare("kafka-dump-log", "--files /none.log");
    it.compare("kafka-dump-log", "");
    it.done();
}

#[test]
fn directories_are_formatted_alike() {
    let mut it = Comparison::new();
    let dirs = it.dir.path().join("{who}").display().to_string();
    let common = "process.roles=broker,controller\nnode.id=7\nlisteners=CONTROLLER://127.0.0.1:1,PLAINTEXT://127.0.0.1:2\n\
                  controller.listener.names=CONTROLLER\n";
    // Each has a file of its own, as its name is in it.
    for (name, text) in [
        ("static", format!("{common}controller.quorum.voters=7@127.0.0.1:1\nlog.dirs={dirs}-a\n")),
        ("several", format!("{common}controller.quorum.voters=7@127.0.0.1:1\nlog.dirs={dirs}-c,{dirs}-b\n")),
        ("dynamic", format!("{common}controller.quorum.bootstrap.servers=127.0.0.1:1\nlog.dirs={dirs}-d\n")),
    ] {
        for who in ["gamma", "delta"] {
            it.file(&format!("{who}-{name}"), &text.replace("{who}", who));
        }
    }
    let dir = it.dir.path().display().to_string();
    for line in [
        "info -c {dir}/{who}-static",
        "format -c {dir}/{who}-static -t abcdefghijklmnopqrstuv",
        "info -c {dir}/{who}-static",
        "format -c {dir}/{who}-static -t abcdefghijklmnopqrstuv",
        "format -c {dir}/{who}-static -t abcdefghijklmnopqrstuv -g",
        "format -c {dir}/{who}-static -t Xbcdefghijklmnopqrstuv -g",
        "format -c {dir}/{who}-static -t abcdefghijklmnopqrstuv --standalone",
        "info -c {dir}/{who}-several",
        "format -c {dir}/{who}-several -t abcdefghijklmnopqrstuv --release-version 4.3 --feature group.version=1",
        "info -c {dir}/{who}-several",
        "format -c {dir}/{who}-dynamic -t abcdefghijklmnopqrstuv",
        "format -c {dir}/{who}-dynamic -t abcdefghijklmnopqrstuv -N --feature nonsense=1",
        "format -c {dir}/{who}-dynamic -t abcdefghijklmnopqrstuv -N --feature metadata.version=30",
        "format -c {dir}/{who}-dynamic",
        "version-mapping",
        "version-mapping --release-version 3.9",
        "version-mapping --release-version 1.0",
        "feature-dependencies --feature group.version=1 --feature eligible.leader.replicas.version=1",
        "feature-dependencies --feature nonsense=1",
        "nonsense",
        "random-uuid",
    ] {
        let masks = ["(?m)^Bootstrap metadata: .*$", "directory.id=[^,]+", "^[A-Za-z0-9_-]{22}\n$"];
        it.compare_masked("kafka-storage", &line.replace("{dir}", &dir), "", &masks);
    }
    it.done();
}

#[test]
fn records_of_coordinators_are_printed_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    it.original("kafka-topics", "{at} --create --topic a", "", &[]);
    it.original("kafka-console-producer", "{at} --topic a", "one\ntwo\n", &[]);
    it.original(
        "kafka-console-consumer",
        "{at} --topic a --group g --from-beginning --max-messages 2",
        "",
        &[],
    );
    let perf = "{at} --topic a --num-records 5 --throughput -1 --record-size 5 --transactional-id t";
    it.original("kafka-producer-perf-test", perf, "", &[]);
    // The partition of group g: others come and go with those who look.
    for (topic, class) in [
        ("__consumer_offsets --partition 7 --offset earliest", "OffsetsMessageFormatter"),
        ("__consumer_offsets --partition 7 --offset earliest", "GroupMetadataMessageFormatter"),
        ("__consumer_offsets --partition 7 --offset earliest", "ShareGroupMessageFormatter"),
        ("__transaction_state", "TransactionLogMessageFormatter"),
        ("a", "LoggingMessageFormatter"),
        ("a", "OffsetsMessageFormatter"),
    ] {
        let from = if topic.contains(' ') { "" } else { "--from-beginning" };
        let line = format!(
            "{{at}} --topic {topic} {from} --timeout-ms 3000 --formatter org.apache.kafka.tools.consumer.{class}"
        );
        it.compare("kafka-console-consumer", &line);
    }
    it.done();
}
