//! Kafka's scripts beside ours, on one broker, which is Apache Kafka's. Wants the conformance kit, whose folder `OTTLA_CONFORMANCE` names, and
//! Java, so it is run by name.
//!
//! Where a script changes something, each of the two changes its own: `{who}` is `gamma` in the one's command line and `delta` in the other's,
//! and both are put back to `{who}` in what they print. What they print on standard output and how they end must be the same.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "what was compared is shown when a test fails")]

mod acls;
mod client_metrics;
mod cluster;
mod console;
mod controllers;
mod data;
mod groups;
mod partitions;
mod performance;
mod quorum;
mod quotas;
mod share_groups;
mod streams_groups;
mod tokens;
mod topics;
mod transactions;

#[path = "../support/requests.rs"]
mod requests;
#[path = "../support/mod.rs"]
mod support;

use std::env;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use ottla_wire::ApiKey;
use ottla_wire::messages::StreamsGroupHeartbeatRequest;
use regex::Regex;
use requests::{ask, leaving_streams_member, share_member, stateful_streams_member};
use support::executable;
use support::ports::quiet_ports;
use tempfile::TempDir;

/// Apache Kafka, and the scripts of both.
struct Comparison {
    kit: PathBuf,
    dir: TempDir,
    port: u16,
    brokers: String,
    controllers: String,
    failures: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    code: Option<i32>,
    stdout: String,
}

impl Answer {
    fn sorted(self) -> Answer {
        // A first line may have what sets it off.
        let mut lines: Vec<&str> = self.stdout.lines().map(str::trim_start).collect();
        lines.sort_unstable();
        Answer { stdout: lines.join("\n"), ..self }
    }
}

impl Comparison {
    fn new() -> Comparison {
        Comparison::with(&[])
    }

    /// Of a broker with these options, as `key=value`; its own folder is `{node}`.
    fn with(settings: &[&str]) -> Comparison {
        let kit = env::var_os("OTTLA_CONFORMANCE").expect("OTTLA_CONFORMANCE names the kit's folder");
        let dir = TempDir::new().unwrap();
        // The broker's, and its controller's.
        let port = quiet_ports(2);
        let comparison = Comparison {
            kit: kit.into(),
            dir,
            port,
            brokers: format!("127.0.0.1:{port}"),
            controllers: format!("127.0.0.1:{}", port + 1),
            failures: Vec::new(),
        };
        let data = comparison.dir.path().join("node").display().to_string();
        let started = comparison
            .kafka(&["start", &data, &port.to_string()])
            .args(settings.iter().map(|setting| setting.replace("{node}", &data)))
            .status()
            .unwrap();
        assert!(started.success(), "Apache Kafka starts");
        comparison
    }

    fn kafka(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.kit.join("kafka/kafka"));
        command.args(args).env("HEAP", "256m");
        command
    }

    /// A file that both read.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A file for each of the two, which say what is their own.
    fn files(&self, name: &str, text: &str) -> String {
        for who in ["gamma", "delta"] {
            self.file(&format!("{who}-{name}"), &text.replace("{who}", who));
        }
        self.dir.path().join(format!("{{who}}-{name}")).display().to_string()
    }

    /// A member, which is never heard of again, of a group of each of the two.
    fn join_share_group(&self, group: &str, topic: &str) {
        for who in ["gamma", "delta"] {
            let member = share_member(&group.replace("{who}", who), &topic.replace("{who}", who));
            let response = ask(self.port, ApiKey::ShareGroupHeartbeat, 1, &member);
            assert_eq!(response.error_code, 0, "{response:?}");
        }
    }

    /// A member, which is never heard of again, of a group of each of the two, with state of its own.
    fn join_streams_group(&self, group: &str, topic: &str) {
        for who in ["gamma", "delta"] {
            let (group, topic) = (group.replace("{who}", who), topic.replace("{who}", who));
            let member = stateful_streams_member(&group, &topic, &format!("{group}-store-changelog"));
            self.tell_streams_group(&member);
        }
    }

    /// That member is gone again, and the group is not.
    fn leave_streams_group(&self, group: &str) {
        for who in ["gamma", "delta"] {
            self.tell_streams_group(&leaving_streams_member(&group.replace("{who}", who)));
        }
    }

    fn tell_streams_group(&self, member: &StreamsGroupHeartbeatRequest) {
        let response = ask(self.port, ApiKey::StreamsGroupHeartbeat, 0, member);
        assert_eq!(response.error_code, 0, "{response:?}");
    }

    /// Runs both; they must say the same.
    fn compare(&mut self, script: &str, line: &str) {
        self.compare_masked(script, line, "", &[]);
    }

    /// With this on standard input; each mask takes away what may differ.
    fn compare_masked(&mut self, script: &str, line: &str, input: &str, masks: &[&str]) {
        let original = self.original(script, line, input, masks);
        let ours = self.ours(script, line, input, masks);
        self.judge(script, line, &original, &ours);
    }

    /// Where Kafka's lines come in the order of a hash table.
    fn compare_unordered(&mut self, script: &str, line: &str) {
        let original = self.original(script, line, "", &[]).sorted();
        let ours = self.ours(script, line, "", &[]).sorted();
        self.judge(script, line, &original, &ours);
    }

    fn judge(&mut self, script: &str, line: &str, original: &Answer, ours: &Answer) {
        if original == ours {
            println!("ok    {script} {line}");
        } else {
            println!("DIFFERS {script} {line}\n--- Kafka's\n{original:?}\n--- ours\n{ours:?}");
            self.failures.push(format!("{script} {line}"));
        }
    }

    fn original(&self, script: &str, line: &str, input: &str, masks: &[&str]) -> Answer {
        let (_, class) = CLASSES.iter().find(|(name, _)| *name == script).expect("a class");
        let mut command = self.kafka(&["tool", class]);
        command.args(self.words(line, "gamma"));
        command.env("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        answer(command, &input.replace("{who}", "gamma"), "gamma", masks)
    }

    fn ours(&self, script: &str, line: &str, input: &str, masks: &[&str]) -> Answer {
        let mut command = Command::new(executable());
        command.arg(script).args(self.words(line, "delta"));
        answer(command, &input.replace("{who}", "delta"), "delta", masks)
    }

    fn words(&self, line: &str, who: &str) -> Vec<String> {
        let at_brokers = format!("--bootstrap-server {}", self.brokers);
        let at_controllers = format!("--bootstrap-controller {}", self.controllers);
        let line = line.replace("{at}", &at_brokers).replace("{controllers}", &at_controllers);
        let line = line.replace("{who}", who);
        line.split_whitespace().map(|word| word.replace("{sp}", " ")).collect()
    }

    fn done(mut self) {
        let failures = std::mem::take(&mut self.failures);
        assert!(failures.is_empty(), "{} differ: {failures:#?}", failures.len());
    }
}

impl Drop for Comparison {
    fn drop(&mut self) {
        let data = self.dir.path().join("node").display().to_string();
        // Nothing more can be done about it here.
        let _stopped = self.kafka(&["stop", &data]).status();
    }
}

fn answer(mut command: Command, input: &str, who: &str, masks: &[&str]) -> Answer {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that does not read may be gone.
    let _fed = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    let mut stdout = without_stack_traces(&String::from_utf8(stdout).unwrap()).replace(who, "{who}");
    for mask in masks {
        stdout = Regex::new(mask).unwrap().replace_all(&stdout, "*").into_owned();
    }
    Answer { code: status.code(), stdout }
}

/// Some of Kafka's scripts print them where their answers go: the exception, where it was, what caused it, and an empty line.
fn without_stack_traces(stdout: &str) -> String {
    let is_of_trace =
        |line: &str| ["\tat ", "\t... ", "Caused by: "].iter().any(|beginning| line.starts_with(beginning));
    let mut kept = String::new();
    let mut lines = stdout.split_inclusive('\n').peekable();
    let mut is_behind_trace = false;
    while let Some(line) = lines.next() {
        let is_exception = lines.peek().is_some_and(|next| next.starts_with("\tat "))
            || line.starts_with("org.apache.kafka.common.errors.");
        if is_exception || is_of_trace(line) {
            is_behind_trace = true;
        } else if !(std::mem::take(&mut is_behind_trace) && line == "\n") {
            kept.push_str(line);
        }
    }
    kept
}

const CLASSES: &[(&str, &str)] = &[
    ("kafka-topics", "TopicCommand"),
    ("kafka-get-offsets", "GetOffsetShell"),
    ("kafka-delete-records", "DeleteRecordsCommand"),
    ("kafka-log-dirs", "LogDirsCommand"),
    ("kafka-console-producer", "ConsoleProducer"),
    ("kafka-console-consumer", "consumer.ConsoleConsumer"),
    ("kafka-consumer-groups", "consumer.group.ConsumerGroupCommand"),
    ("kafka-share-groups", "consumer.group.ShareGroupCommand"),
    ("kafka-streams-groups", "streams.StreamsGroupCommand"),
    ("kafka-console-share-consumer", "consumer.ConsoleShareConsumer"),
    ("kafka-configs", "kafka.admin.ConfigCommand"),
    ("kafka-groups", "GroupsCommand"),
    ("kafka-cluster", "ClusterTool"),
    ("kafka-broker-api-versions", "BrokerApiVersionsCommand"),
    ("kafka-features", "FeatureCommand"),
    ("kafka-metadata-quorum", "MetadataQuorumCommand"),
    ("kafka-transactions", "TransactionsCommand"),
    ("kafka-leader-election", "LeaderElectionCommand"),
    ("kafka-reassign-partitions", "reassign.ReassignPartitionsCommand"),
    ("kafka-acls", "AclCommand"),
    ("kafka-producer-perf-test", "ProducerPerformance"),
    ("kafka-consumer-perf-test", "ConsumerPerformance"),
    ("kafka-e2e-latency", "EndToEndLatency"),
    ("kafka-client-metrics", "ClientMetricsCommand"),
    ("kafka-delegation-tokens", "DelegationTokenCommand"),
    ("kafka-dump-log", "DumpLogSegments"),
    ("kafka-storage", "kafka.tools.StorageTool"),
];
