//! Every command that answers something does so in every format, and its fields have the names that programs rely on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Visit;
use super::support::{Ended, json_lines};

const FORMATS: [&str; 7] = ["table", "wide", "json", "yaml", "tsv", "csv", "ndjson"];

const CHANGE: &str = "name result error";
const OPTION: &str = "name value source type isSensitive isReadOnly synonyms";
const GROUP: &str = "group type state protocolType coordinator";
const SEEK: &str = "topic partition offset newOffset clamped error";
const MOVE: &str = "topic partition replicas newReplicas adding removing bytes result error";
const ACL: &str =
    "resourceType resourceName patternType principal host operation permissionType result error";
const TOP: &str = "at intervalMs clusterId controller brokerCount topicCount partitionCount leaderless underReplicated isHealthy groupCount recordsPerSecond bytesPerSecond bytes lag notes topics groups";
const VERDICT: &str = "status text measured";
const STEP: &str = "topic action what from to result error";

/// A line of each command, and the fields of what it answers; a line may answer with an empty list. `{n}` is another number each time.
#[rustfmt::skip]
const LINES: &[(&str, &str, &str)] = &[
    ("topic list", "", "name partitions replicationFactor isInternal underReplicated offline id"),
    ("topic describe", "orders", "name id isInternal partitionCount replicationFactor partitions configs"),
    ("topic create", "made-{n}", CHANGE),
    ("topic alter", "orders --set retention.ms={n}", CHANGE),
    ("topic add-partitions", "orders --by 1", CHANGE),
    ("topic delete", "none --if-exists --yes", CHANGE),
    ("topic trim", "orders --before end --dry-run", "partition startOffset newStartOffset error"),
    ("topic clone", "orders cloned-{n}", CHANGE),
    ("topic export", "orders", "topics"),
    ("topic config get", "orders retention.ms", OPTION),
    ("topic config set", "orders retention.ms={n}", CHANGE),
    ("topic config unset", "orders flush.ms", CHANGE),
    ("apply", "-f topics.yaml --check", STEP),
    ("group list", "", GROUP),
    ("group describe", "billing", "group type state assignor memberCount totalLag offsets members"),
    ("group seek", "billing --to start", SEEK),
    ("group delete", "nobody-{n} --yes", CHANGE),
    ("group delete-offsets", "other orders:0 --yes", CHANGE),
    ("group remove-member", "billing --instance none --yes", CHANGE),
    ("group clone", "billing copy", "topic partition offset newOffset error"),
    ("group watch", "billing -n 1", "group type state assignor memberCount totalLag offsets members"),
    ("share list", "", GROUP),
    ("share delete", "nobody --yes", CHANGE),
    ("streams list", "", GROUP),
    ("streams seek", "billing --to start", SEEK),
    ("streams delete", "nobody --yes", CHANGE),
    ("streams delete-offsets", "other orders:0 --yes", CHANGE),
    ("txn list", "", "transactionalId coordinator producerId state"),
    ("txn abort", "none --yes", CHANGE),
    ("txn find-hanging", "orders", "topic partition producerId producerEpoch startOffset lastTimestamp idleMs"),
    ("cluster info", "", "clusterId controller brokerCount brokers"),
    ("cluster brokers", "", "id host port rack isController isFenced"),
    ("cluster health", "", "isHealthy controller brokerCount partitionCount leaderless underReplicated"),
    ("cluster quorum", "", "leader leaderEpoch highWatermark replicas"),
    ("cluster features", "", "feature supportedMin supportedMax finalized epoch"),
    ("cluster log-dirs", "", "broker path replicas bytes totalBytes usableBytes isCordoned"),
    ("partition reassign plan", "", MOVE),
    ("partition reassign execute", "plan.json --dry-run", MOVE),
    ("partition reassign verify", "plan.json", "topic partition replicas wantedReplicas state"),
    ("partition reassign cancel", "--all --yes", CHANGE),
    ("partition reassign list", "", "topic partition replicas adding removing bytes copiedBytes"),
    ("partition elect", "orders:0", CHANGE),
    ("top", "-n 1 --interval 10ms", TOP),
    ("check produce", "orders", VERDICT),
    ("check consume", "orders", VERDICT),
    ("check lag", "billing", VERDICT),
    ("check offsets", "orders", VERDICT),
    ("acl create", "--allow User:a --operation read --topic t --dry-run", ACL),
    ("debug bundle", "--interval 0s --force --file bundle.tgz", "file bytes partCount incompleteCount parts"),
    ("ctx ls", "", "name isCurrent brokers securityProtocol"),
    ("config get", "--default", OPTION),
    ("config set", "--default log.retention.ms={n}", CHANGE),
    ("config unset", "--default log.retention.ms", CHANGE),
    ("config list", "", "kind name"),
    ("config explain", "retention", "name value source default type range change importance defaultOf hasEffect documentation"),
    ("applets list", "", "name about"),
    ("applets install", "links --force", "path result"),
];

/// These want what the broker does not serve: `tests/apache_kafka` runs them. Or they want more than a line: they have tests of their own.
#[rustfmt::skip]
const ELSEWHERE: &[&str] = &[
    "share describe", "share seek", "share delete-offsets", "streams describe", "txn describe", "acl list", "acl delete",
    "user list", "user create", "user alter", "user delete", "quota describe", "quota set", "quota unset",
    "token list", "token create", "token renew", "token expire",
    "bench produce", "bench consume", "bench latency", "bench all", "cluster clients",
];

/// These write records, or what is in files, in formats of their own; or they answer nothing.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "serve", "dev", "consume", "produce", "group peek", "log dump", "completion", "man",
    "ctx use", "ctx add", "ctx import", "ctx rename", "ctx rm", "ctx edit",
];

fn visit() -> Visit {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "2"]);
    for group in ["billing", "other"] {
        visit.ok(&["group", "seek", group, "--to", "0", "--topic", "orders", "--execute"]);
    }
    visit.ok(&["ctx", "add", "here", "-b", "127.0.0.1:9092"]);
    let file = |name: &str, text: &str| std::fs::write(visit.home.path().join(name), text).unwrap();
    file("topics.yaml", "topics:\n- name: new\n  partitions: 3\n");
    file("plan.json", r#"{"partitions":[{"topic":"orders","partition":0,"replicas":[2]}]}"#);
    visit
}

/// The commands below this one that have none below them.
fn leaves(visit: &Visit, path: &str) -> Vec<String> {
    let args: Vec<&str> = path.split_whitespace().chain(["--help"]).collect();
    let help = visit.ok(&args);
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names =
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let below: Vec<String> = names.map(|name| format!("{path} {name}").trim_start().to_owned()).collect();
    if below.is_empty() {
        return vec![path.to_owned()];
    }
    below.iter().flat_map(|path| leaves(visit, path)).collect()
}

#[test]
fn every_command_of_the_tree_is_known_here() {
    let visit = Visit::new();
    let known = LINES.iter().map(|(command, _, _)| *command).chain(ELSEWHERE.iter().chain(OTHERS).copied());
    let known: BTreeSet<String> = known.map(str::to_owned).collect();
    let there: BTreeSet<String> = leaves(&visit, "").into_iter().collect();
    let unknown: Vec<&String> = there.difference(&known).collect();
    assert!(unknown.is_empty(), "add a line, and the names of the fields, for {unknown:?}");
    let gone: Vec<&String> = known.difference(&there).collect();
    assert!(gone.is_empty(), "there is no {gone:?} any more");
}

#[test]
fn every_command_answers_in_every_format() {
    let visit = visit();
    let mut number = 1_000_000;
    for (command, args, fields) in LINES {
        for format in FORMATS {
            number += 1;
            let line = format!("{command} {args} -o {format}").replace("{n}", &number.to_string());
            let args: Vec<&str> = line.split_whitespace().collect();
            let mut command = visit.command(&args);
            check(&line, format, fields, &super::support::run(command.current_dir(visit.home.path())));
        }
    }
}

fn check(line: &str, format: &str, fields: &str, ended: &Ended) {
    assert!(ended.code.is_some_and(|code| code < 2), "{line}: {ended:?}");
    let answered = match format {
        "json" => {
            items(serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{line}: {e}: {ended:?}")))
        }
        "yaml" => {
            items(serde_saphyr::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{line}: {e}: {ended:?}")))
        }
        "ndjson" => json_lines(&ended.stdout),
        _ => return assert!(!ended.stdout.trim().is_empty(), "{line}: {ended:?}"),
    };
    for item in answered {
        let names: Vec<&str> = item.as_object().expect(line).keys().map(String::as_str).collect();
        assert_eq!(names.join(" "), fields, "{line}");
    }
}

/// An answer that is one thing is as good as a list of it.
fn items(answer: Value) -> Vec<Value> {
    answer.as_array().cloned().unwrap_or_else(|| vec![answer])
}
