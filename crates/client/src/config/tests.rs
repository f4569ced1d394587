use std::time::Duration;

use super::declare::Options;
use super::*;
use crate::Error;

#[track_caller]
fn refused<T: std::fmt::Debug>(read: Result<T, Error>, text: &str) {
    let error = read.unwrap_err();
    assert!(matches!(error, Error::Config(_)), "{error:?}");
    assert_eq!(error.to_string(), text);
}

fn producer(properties: &[(&str, &str)]) -> Result<ProducerConfig, Error> {
    let servers = [("bootstrap.servers", "a:9092")];
    let properties = servers.iter().chain(properties);
    ProducerConfig::from_properties(properties.copied()).map(|(_, producer)| producer)
}

fn consumer(properties: &[(&str, &str)]) -> Result<ConsumerConfig, Error> {
    let servers = [("bootstrap.servers", "a:9092")];
    let properties = servers.iter().chain(properties);
    ConsumerConfig::from_properties(properties.copied()).map(|(_, consumer)| consumer)
}

/// What Kafka's own definitions say: kind of client, name, default.
fn recorded() -> Vec<(&'static str, &'static str, &'static str)> {
    let table = include_str!("recorded_definitions.txt").lines().filter(|line| !line.starts_with('#'));
    table
        .map(|line| {
            let mut fields = line.splitn(3, '\t');
            let mut field = || fields.next().expect("three fields");
            (field(), field(), field())
        })
        .collect()
}

/// Where the difference is meant.
const OTHER_DEFAULTS: &[(&str, &str, &str)] = &[
    ("admin", "connections.max.idle.ms", "one client may be everything"),
    ("admin", "enable.metrics.push", "one client may be everything"),
    ("*", "receive.buffer.bytes", "the system grows the buffer better than anybody can guess it"),
    ("*", "sasl.mechanism", "GSSAPI is not there"),
    ("*", "sasl.jaas.config", "none is no text"),
    ("producer", "enable.idempotence", "the default gives way to other options, as it does in Java"),
];

#[test]
fn every_default_is_that_of_kafkas_own_definitions() {
    for (kind, name, text) in recorded() {
        let differs = |(of, known, _): &&(&str, &str, &str)| (*of == "*" || *of == kind) && *known == name;
        let text =
            if text == "null" { "" } else { text.trim_matches(['[', ']']).trim_start_matches("class ") };
        let text = text.replace(", class ", ",");
        if properties::is_javas(name)
            || properties::why_not(name).is_some()
            || OTHER_DEFAULTS.iter().any(|other| differs(&other))
        {
            continue;
        }
        let is_read = match kind {
            "producer" => keeps_default::<ProducerConfig>(name, &text),
            "consumer" => keeps_default::<ConsumerConfig>(name, &text),
            _ => keeps_default::<AdminConfig>(name, &text),
        };
        assert!(is_read || keeps_default::<ClientConfig>(name, &text), "{kind}: {name} is not read");
    }
}

fn keeps_default<T: Options + PartialEq + std::fmt::Debug>(name: &str, text: &str) -> bool {
    let mut config = T::default();
    let is_read = config.set(name, text).unwrap_or_else(|reason| panic!("{name}={text}: {reason}"));
    assert_eq!(config, T::default(), "{name}={text}");
    is_read
}

#[test]
fn other_clients_names_are_those_of_options() {
    let known = properties::all();
    for (alias, key) in aliases::ALIASES {
        assert!(known.contains(key), "{alias} stands for {key}, which is not there");
        assert!(!known.contains(alias), "{alias} is an option itself");
    }
}

#[test]
fn an_unknown_property_is_refused_with_the_nearest_name() {
    refused(producer(&[("linger.mss", "5")]), "there is no option linger.mss, did you mean linger.ms?");
    refused(producer(&[("colour", "red")]), "there is no option colour");
}

#[test]
fn a_text_of_the_wrong_type_is_refused_with_the_name_that_was_used() {
    for (name, text, expected) in [
        ("acks", "2", "acks: \"2\" is none of all, -1, 1, 0"),
        ("batch.size", "-1", "batch.size: \"-1\" is not a number in range"),
        (
            "queue.buffering.max.ms",
            "soon",
            "queue.buffering.max.ms: \"soon\" is not a number of milliseconds",
        ),
        ("compression.zstd.level", "23", "compression.zstd.level: 23 is not between -131072 and 22"),
        ("compression.gzip.level", "0", "compression.gzip.level: 0 is not between 1 and 9"),
        ("max.in.flight", "0", "max.in.flight: must be at least 1"),
        ("enable.idempotence", "yes", "enable.idempotence: \"yes\" is neither true nor false"),
    ] {
        refused(producer(&[(name, text)]), expected);
    }
}

#[test]
fn bootstrap_servers_must_be_there_and_have_ports() {
    refused(
        ClientConfig::from_properties::<&str, &str>([]),
        "bootstrap.servers: name at least one broker, as host:port",
    );
    refused(
        ClientConfig::from_properties([("bootstrap.servers", "a:9092, b")]),
        "bootstrap.servers: b: the port is missing",
    );
}

#[test]
fn a_file_that_a_producer_and_a_consumer_share_serves_both_and_javas_classes_do_not_matter() {
    let shared = [
        ("bootstrap.servers", "a:9092"),
        ("linger.ms", "7"),
        ("group.id", "billing"),
        ("key.serializer", "org.apache.kafka.common.serialization.StringSerializer"),
    ];
    assert_eq!(ProducerConfig::from_properties(shared).unwrap().1.linger, Duration::from_millis(7));
    assert_eq!(ConsumerConfig::from_properties(shared).unwrap().1.group_id.as_deref(), Some("billing"));
    assert_eq!(ClientConfig::from_properties(shared).unwrap(), ClientConfig::new("a:9092"));
}

#[test]
fn idempotence_gives_way_by_default_and_is_refused_where_it_was_asked_for() {
    assert!(producer(&[]).unwrap().is_idempotent());
    for (name, text, why) in [
        ("acks", "1", "acks: not all"),
        ("max.in.flight", "6", "max.in.flight.requests.per.connection: more than 5"),
        ("retries", "0", "retries: none"),
    ] {
        assert!(!producer(&[(name, text)]).unwrap().is_idempotent(), "{name}");
        let asked = producer(&[(name, text), ("enable.idempotence", "true")]);
        refused(asked, &format!("{why}, which idempotence does not allow"));
    }
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    refused(
        producer(&[("delivery.timeout.ms", "30000")]),
        "delivery.timeout.ms: must be at least linger.ms and request.timeout.ms together",
    );
    refused(
        consumer(&[("group.id", "g"), ("heartbeat.interval.ms", "45000")]),
        "heartbeat.interval.ms: must be less than session.timeout.ms",
    );
}

#[test]
fn times_are_milliseconds_or_have_their_units() {
    for (text, expected) in
        [("250", 250), ("250ms", 250), ("1m30s", 90_000), ("2h", 7_200_000), ("1s500ms", 1_500)]
    {
        let linger = parse::millis(text);
        assert_eq!(linger, Ok(Duration::from_millis(expected)), "{text}");
    }
    for text in ["", "-1", "5 s", "ms", "1d", "99999999999999h"] {
        assert!(parse::millis(text).is_err(), "{text}");
    }
}

#[test]
fn an_offset_reset_may_be_a_duration_and_have_librdkafkas_names() {
    for (text, expected) in [
        ("earliest", OffsetReset::Earliest),
        ("largest", OffsetReset::Latest),
        ("error", OffsetReset::None),
        ("by_duration:P1DT2H3M4.5S", OffsetReset::ByDuration(Duration::from_millis(93_784_500))),
        ("by_duration:PT5M", OffsetReset::ByDuration(Duration::from_secs(300))),
    ] {
        assert_eq!(consumer(&[("auto.offset.reset", text)]).unwrap().auto_offset_reset, expected, "{text}");
    }
    for text in ["by_duration:P", "by_duration:PT-5M", "by_duration:5M", "middle"] {
        assert!(consumer(&[("auto.offset.reset", text)]).is_err(), "{text}");
    }
}

#[test]
fn a_user_comes_from_a_line_of_jaas_or_from_options_of_its_own() {
    let jaas = r#"org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="p\"w";"#;
    let sasl =
        [("bootstrap.servers", "a:1"), ("security.protocol", "sasl_plaintext"), ("sasl.mechanism", "PLAIN")];
    let read = |more: &[(&str, &str)]| ClientConfig::from_properties(sasl.iter().chain(more).copied());
    let expected = Credentials::new("alice", "p\"w");
    let separate = [("sasl.username", "alice"), ("sasl.password", "p\"w")];
    assert_eq!(read(&[("sasl.jaas.config", jaas)]).unwrap().security.credentials(), Some(expected.clone()));
    assert_eq!(read(&separate).unwrap().security.credentials(), Some(expected));
    refused(
        read(&[("sasl.jaas.config", "PlainLoginModule required user=\"alice\" password=\"hunter2\";")]),
        "sasl.jaas.config: there is no username=\"...\" in it",
    );
    assert!(read(&[]).is_err());
}

#[test]
fn secrets_are_not_shown() {
    let mut config = ClientConfig::new("a:9092");
    for (name, text) in [
        ("sasl.password", "hunter2"),
        ("sasl.jaas.config", "x required username=\"u\" password=\"hunter2\";"),
        ("ssl.keystore.key", "hunter2"),
    ] {
        assert!(config.set(name, text).unwrap());
    }
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
