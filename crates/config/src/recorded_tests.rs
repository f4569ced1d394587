//! Compares with what Apache Kafka 4.3.1 was seen to declare and to answer (`testdata/`).

use std::collections::BTreeMap;

use crate::{
    Alteration, Assignment, ConfigChange, ConfigOption, DescribedConfig, Operation, Overrides, Refusal,
    RefusalCode, Resource, Scope, Settings, StartConfig, option::Change, options::NODE_DEFAULTS,
    origin::Origin, parse_file,
};

const DECLARED: &str = include_str!("../testdata/declared.tsv");
const TRANSCRIPT: &str = include_str!("../testdata/transcript.tsv");

/// What the recorded node was started with.
fn recorded_start() -> StartConfig {
    let properties = "\
        process.roles=broker,controller\n\
        node.id=1\n\
        listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n\
        advertised.listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n\
        controller.listener.names=CONTROLLER\n\
        controller.quorum.voters=1@127.0.0.1:9093\n\
        log.dirs=/k/data\n\
        log.dir=/tmp/kafka-logs\n\
        offsets.topic.replication.factor=1\n\
        offsets.topic.num.partitions=8\n\
        transaction.state.log.replication.factor=1\n\
        transaction.state.log.min.isr=1\n\
        transaction.state.log.num.partitions=8\n\
        share.coordinator.state.topic.replication.factor=1\n\
        share.coordinator.state.topic.min.isr=1\n\
        share.coordinator.state.topic.num.partitions=8\n\
        group.initial.rebalance.delay.ms=0\n";
    StartConfig::new(parse_file("server.properties", properties).unwrap()).unwrap().0
}

// ---- what is declared

#[test]
fn every_option_is_declared_as_kafka_declares_it() {
    let mut declared = 0;
    for line in DECLARED.lines().skip(1) {
        let [scope, name, kind, default, range, importance, change, listed] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let scope = scope_named(scope);
        let option = scope.find(name).unwrap_or_else(|| panic!("{name} is not declared"));
        assert_eq!(option.kind.name(), kind, "{name}");
        assert_eq!(option.listed, listed == "yes", "{name}");
        if !(scope == Scope::Broker && NODE_DEFAULTS.contains(&name)) {
            assert_eq!(shown_default(option), default, "{name}");
        }
        if !is_told_otherwise(name) {
            assert_eq!(option.check.to_string(), range, "{name}");
        }
        if scope == Scope::Broker {
            assert_eq!(format!("{:?}", option.importance).to_uppercase(), importance, "{name}");
            assert_eq!(shown_change(option), change, "{name}");
        }
        declared += 1;
    }
    let ours = all_options().filter(|(_, option)| option.is_own()).count();
    let only_altered = 3;
    assert_eq!(all_options().count(), declared + ours + only_altered);
}

/// Ranges that we put in other words.
fn is_told_otherwise(name: &str) -> bool {
    let option = Scope::Broker.find(name);
    name.starts_with("controller.quorum.")
        || name == "authorizer.class.name"
        || option.is_some_and(|option| option.check.to_string() == "non-empty list")
}

fn shown_default(option: &ConfigOption) -> String {
    option.default.map_or("-".into(), |default| format!("\"{default}\""))
}

/// Listeners do not change while running, though Kafka's do.
fn shown_change(option: &ConfigOption) -> &'static str {
    match option.change {
        Change::ReadOnly if matches!(option.name, "listeners" | "listener.security.protocol.map") => {
            "per-broker"
        }
        Change::ReadOnly => "read-only",
        Change::PerBroker => "per-broker",
        Change::ClusterWide => "cluster-wide",
    }
}

fn all_options() -> impl Iterator<Item = (Scope, &'static ConfigOption)> {
    [Scope::Topic, Scope::Broker, Scope::Group, Scope::ClientMetrics]
        .into_iter()
        .flat_map(|scope| scope.options().map(move |option| (scope, option)))
}

fn scope_named(name: &str) -> Scope {
    match name {
        "topic" => Scope::Topic,
        "broker" => Scope::Broker,
        "group" => Scope::Group,
        _ => Scope::ClientMetrics,
    }
}

#[test]
fn names_are_unique_defaults_are_valid_and_everything_is_documented() {
    let mut seen = BTreeMap::new();
    for (scope, option) in all_options() {
        assert!(seen.insert((format!("{scope:?}"), option.name), ()).is_none(), "{} twice", option.name);
        if let Some(default) = option.default {
            let value = option.parse(default).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(value.to_string(), default, "{} is not shown as it is declared", option.name);
        }
        let text = option.documentation;
        assert!(text.ends_with('.') && text.len() < 160, "{}: {text}", option.name);
        if let Some(broker_option) = option.fallback {
            assert!(Scope::Broker.find(broker_option).is_some(), "{} falls back to nothing", option.name);
        }
    }
}

#[test]
fn an_option_and_the_one_that_it_falls_back_to_have_the_same_default() {
    let settings = Settings::default();
    for (scope, option) in all_options().filter(|(_, option)| option.fallback.is_some()) {
        let resolved = settings.resource_value(option, &Overrides::new()).map(|value| value.to_string());
        assert_eq!(resolved.as_deref(), option.default, "{scope:?} {}", option.name);
    }
}

// ---- what is answered

/// The cluster that an admin client talks to.
struct Cluster {
    settings: Settings,
    overrides: BTreeMap<(String, String), Overrides>,
}

impl Cluster {
    /// Kafka sets `min.insync.replicas` for all brokers when a cluster with ELR begins.
    fn new() -> Cluster {
        let mut settings = Settings::new(recorded_start());
        settings.set_for_all_brokers(Overrides::from([("min.insync.replicas".into(), "1".into())]));
        Cluster { settings, overrides: BTreeMap::new() }
    }

    fn overrides(&self, kind: &str, name: &str) -> Overrides {
        match (kind, name) {
            ("broker", "") => self.settings.for_all_brokers().clone(),
            ("broker", _) => self.settings.for_this_broker().clone(),
            _ => self.overrides.get(&(kind.into(), name.into())).cloned().unwrap_or_default(),
        }
    }

    fn set(&mut self, kind: &str, name: &str, overrides: Overrides) {
        match (kind, name) {
            ("broker", "") => self.settings.set_for_all_brokers(overrides),
            ("broker", _) => self.settings.set_for_this_broker(overrides),
            _ => drop(self.overrides.insert((kind.into(), name.into()), overrides)),
        }
    }

    fn create(&mut self, name: &str, configs: &[&str]) -> String {
        let configs =
            configs.iter().filter_map(|config| config.split_once('=')).map(|(k, v)| (k, non_null(v)));
        match self.settings.create_topic(configs) {
            Ok(overrides) => {
                self.set("topic", name, overrides);
                "ok".into()
            }
            Err(refusal) => outcome(&refusal),
        }
    }

    /// What we answer. It is kept only if Kafka took it, so that both go on from the same state.
    fn alter(&mut self, kind: &str, name: &str, operations: &[&str], kafkas: &str) -> String {
        let alterations: Vec<Alteration<'_>> = operations.chunks_exact(3).map(alteration).collect();
        let mut overrides = self.overrides(kind, name);
        match self.settings.alter(resource(kind, name), &overrides, &alterations) {
            Ok(changes) => {
                apply(&mut overrides, &changes);
                if kafkas == "ok" {
                    self.set(kind, name, overrides);
                }
                "ok".into()
            }
            Err(refusal) => outcome(&refusal),
        }
    }

    fn describe(&self, kind: &str, name: &str, only_altered: bool) -> Vec<String> {
        let overrides = self.overrides(kind, name);
        let mut lines: Vec<String> = self
            .settings
            .describe(resource(kind, name), &overrides, None)
            .iter()
            .filter(|one| !one.name.starts_with("ottla."))
            .filter(|one| !only_altered || one.source != crate::Source::Default)
            .map(described_line)
            .collect();
        lines.sort();
        lines
    }
}

fn apply(overrides: &mut Overrides, changes: &[ConfigChange]) {
    for change in changes {
        match &change.value {
            Some(value) => drop(overrides.insert(change.name.clone(), value.clone())),
            None => drop(overrides.remove(&change.name)),
        }
    }
}

fn resource<'a>(kind: &str, name: &'a str) -> Resource<'a> {
    match (kind, name) {
        ("topic", _) => Resource::Topic(name),
        ("broker", "") => Resource::AllBrokers,
        ("broker", _) => Resource::Broker(name.parse().unwrap()),
        ("group", _) => Resource::Group(name),
        _ => Resource::ClientMetrics(name),
    }
}

fn alteration<'a>(fields: &[&'a str]) -> Alteration<'a> {
    let operation = match fields[1] {
        "SET" => Operation::Set,
        "DELETE" => Operation::Delete,
        "APPEND" => Operation::Append,
        _ => Operation::Subtract,
    };
    Alteration { name: fields[0], operation, value: non_null(fields[2]) }
}

fn non_null(text: &str) -> Option<&str> {
    (text != "null").then_some(text)
}

fn outcome(refusal: &Refusal) -> String {
    let code = match refusal.code {
        RefusalCode::InvalidConfig => 40,
        RefusalCode::InvalidRequest => 42,
    };
    format!("{code} {}", refusal.message)
}

fn described_line(config: &DescribedConfig) -> String {
    let mark = |is: bool, mark| if is { mark } else { "-" };
    let synonyms: Vec<String> = config
        .synonyms
        .iter()
        .map(|one| format!("{}={}@{}", one.name, one.value.as_deref().unwrap_or("null"), one.source.code()))
        .collect();
    [
        &config.name,
        config.value.as_deref().unwrap_or("null"),
        &config.source.code().to_string(),
        mark(config.is_read_only, "read-only"),
        mark(config.is_sensitive, "sensitive"),
        &config.kind.map_or(0, crate::Kind::code).to_string(),
        &synonyms.join(" "),
    ]
    .join("\t")
}

#[test]
fn a_recorded_talk_with_kafka_goes_the_same_way() {
    let mut cluster = Cluster::new();
    let mut lines = TRANSCRIPT.lines().skip(1);
    while let Some(line) = lines.next() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (asked, answered) = match fields.iter().position(|field| *field == "=>") {
            Some(at) => (&fields[..at], fields[at + 1]),
            None => (&fields[..], ""),
        };
        match asked {
            ["create", name, configs @ ..] => assert_eq!(cluster.create(name, configs), answered, "{line}"),
            ["alter", kind, name, operations @ ..] => {
                let found = cluster.alter(kind, name, operations, answered);
                let expected = ours_instead(kind, operations, answered);
                assert_eq!(found, expected, "{line}");
            }
            [describe, kind, name] => {
                let expected: Vec<&str> = lines.by_ref().take_while(|line| *line != ".").collect();
                compare(line, &cluster.describe(kind, name, *describe == "describe-altered"), &expected);
            }
            _ => panic!("{line}"),
        }
    }
}

/// Where we answer otherwise, and why.
fn ours_instead(kind: &str, operations: &[&str], kafkas: &str) -> String {
    let ours = match (kind, operations) {
        // NaN passes every range of Kafka.
        (_, ["min.cleanable.dirty.ratio", "SET", "NaN"]) => {
            "40 Invalid value NaN for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE"
        }
        (_, ["ottla.durability", "SET", "os"]) => "ok",
        // Kafka has thread pools, whose sizes may be halved and doubled; here these options do nothing.
        (_, ["num.io.threads" | "background.threads", "SET", _]) => "ok",
        // Kafka divides by it.
        (_, ["log.cleaner.threads", "SET", "0"]) => "ok",
        // Listeners do not change while running.
        ("broker", ["listeners", "SET", _]) => "42 Cannot update these configs dynamically: [listeners]",
        // Kafka protects this one while ELR is on.
        ("broker", ["min.insync.replicas", ..]) => "ok",
        _ => return kafkas.replace("requirement failed: ", ""),
    };
    ours.into()
}

fn compare(asked: &str, found: &[String], expected: &[&str]) {
    let expected: Vec<&str> = expected.iter().copied().filter(|line| !is_described_otherwise(line)).collect();
    let found: Vec<&str> =
        found.iter().map(String::as_str).filter(|line| !is_described_otherwise(line)).collect();
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{asked}");
    }
    assert_eq!(found.len(), expected.len(), "{asked}");
}

/// Options whose default or way to change is ours, and one that Kafka protects while ELR is on.
fn is_described_otherwise(line: &str) -> bool {
    let name = line.split('\t').next().unwrap_or_default();
    NODE_DEFAULTS.contains(&name) || name == "listener.security.protocol.map" || name == "min.insync.replicas"
}

#[test]
fn an_assignment_of_every_listed_option_to_its_default_starts_without_a_warning() {
    let assignments = Scope::Broker.options().filter_map(|option| {
        let value = option.default?.to_owned();
        Some(Assignment { name: option.name.into(), value, origin: Origin::Flag { flag: "--set".into() } })
    });
    let given: Vec<_> = assignments.filter(|one| one.name != "broker.id").collect();
    let (_, warnings) = StartConfig::new(given).unwrap();
    assert_eq!(warnings, []);
}
