use crate::{
    Alteration, CleanupPolicy, Durability, OffsetReset, Operation, Resource, Source, TimestampType,
    TopicCompression, TopicConfig, parse_set,
};

use super::*;

fn overrides(values: &[(&str, &str)]) -> Overrides {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn given(values: &[&str]) -> Settings {
    let assignments = values.iter().map(|value| parse_set(value).unwrap());
    Settings::new(StartConfig::new(assignments).unwrap().0)
}

#[test]
fn a_topic_has_kafkas_defaults_and_the_journal() {
    let config = TopicConfig::default();
    assert_eq!(config.retention_ms, 604_800_000);
    assert_eq!(config.segment_bytes, 1 << 30);
    assert_eq!(config.cleanup_policy, CleanupPolicy { delete: true, compact: false });
    assert_eq!(config.compression, TopicCompression::Producer);
    assert_eq!(config.message_timestamp_type, TimestampType::CreateTime);
    assert_eq!(config.durability, Durability::Journal);
    assert_eq!(config.flush_messages, i64::MAX);
}

#[test]
fn the_strongest_layer_that_says_something_wins() {
    let mut settings = given(&["log.retention.ms=1"]);
    let retention = |settings: &Settings, own: &[(&str, &str)]| settings.topic(&overrides(own)).retention_ms;
    assert_eq!(retention(&settings, &[]), 1);
    settings.set_for_all_brokers(overrides(&[("log.retention.ms", "2")]));
    assert_eq!(retention(&settings, &[]), 2);
    settings.set_for_this_broker(overrides(&[("log.retention.ms", "3")]));
    assert_eq!(retention(&settings, &[]), 3);
    assert_eq!(retention(&settings, &[("retention.ms", "4")]), 4);
    assert_eq!(settings.origin("log.retention.ms"), Origin::DynamicBroker);
}

#[test]
fn the_finest_unit_wins_whatever_its_layer() {
    for (values, milliseconds) in [
        (&["log.retention.hours=1"][..], 3_600_000),
        (&["log.retention.hours=1", "log.retention.minutes=2"], 120_000),
        (&["log.retention.hours=1", "log.retention.minutes=2", "log.retention.ms=3"], 3),
        (&["log.retention.ms=-1"], -1),
        (&["log.retention.ms=-5"], -1),
        (&["log.retention.hours=-1"], -1),
        (&["log.retention.hours=2147483647"], 2_147_483_647 * 3_600_000),
    ] {
        assert_eq!(given(values).topic(&Overrides::new()).retention_ms, milliseconds, "{values:?}");
    }
    assert_eq!(given(&["log.roll.hours=2"]).topic(&Overrides::new()).segment_ms, 7_200_000);
    assert_eq!(given(&["log.flush.scheduler.interval.ms=5"]).topic(&Overrides::new()).flush_ms, 5);
}

#[test]
fn an_unusable_value_is_passed_over_and_told() {
    let own = overrides(&[("retention.ms", "soon"), ("segment.bytes", "2000000"), ("of.the.future", "1")]);
    let config = given(&["log.retention.ms=9"]).topic(&own);
    assert_eq!((config.retention_ms, config.segment_bytes), (9, 2_000_000));
    let told: Vec<String> =
        Settings::unusable(Scope::Topic, &own).iter().map(|error| error.to_string()).collect();
    assert_eq!(told, ["Invalid value soon for configuration retention.ms: Not a number of type LONG"]);
}

#[test]
fn what_does_not_change_while_running_is_not_taken_from_config_records() {
    let mut settings = given(&["node.id=3"]);
    settings.set_for_this_broker(overrides(&[("node.id", "4"), ("listeners", "PLAINTEXT://:1")]));
    settings.set_for_all_brokers(overrides(&[("ssl.client.auth", "required")]));
    assert_eq!(settings.broker().node.node_id, 3);
    assert_eq!(settings.broker().network.listeners.broker[0].port, 9092);
    assert_eq!(settings.value("ssl.client.auth"), Some(Value::String("none".into())));
}

#[test]
fn every_codec_comes_with_its_level() {
    for (values, expected) in [
        (&[("compression.type", "gzip")][..], TopicCompression::Gzip { level: -1 }),
        (
            &[("compression.type", "zstd"), ("compression.zstd.level", "-7")],
            TopicCompression::Zstd { level: -7 },
        ),
        (&[("compression.type", "lz4")], TopicCompression::Lz4 { level: 9 }),
        (&[("compression.type", "snappy")], TopicCompression::Snappy),
        (&[("compression.type", "uncompressed")], TopicCompression::Uncompressed),
    ] {
        assert_eq!(Settings::default().topic(&overrides(values)).compression, expected);
    }
}

#[test]
fn durability_of_a_topic_falls_back_to_the_brokers() {
    let settings = given(&["ottla.log.durability=os"]);
    assert_eq!(settings.topic(&Overrides::new()).durability, Durability::Os);
    assert_eq!(
        settings.topic(&overrides(&[("ottla.durability", "journal")])).durability,
        Durability::Journal
    );
}

#[test]
fn our_options_are_described_when_they_say_something_or_are_asked_for() {
    let topic = Resource::Topic("t");
    let is_described = |settings: &Settings, own: &[(&str, &str)], names: Option<&[&str]>| {
        let described = settings.describe(topic, &overrides(own), names);
        described.iter().any(|one| one.name == "ottla.durability")
    };
    let settings = Settings::default();
    assert!(!is_described(&settings, &[], None));
    assert!(is_described(&settings, &[], Some(&["ottla.durability"])));
    assert!(is_described(&settings, &[("ottla.durability", "journal")], None));
    assert!(is_described(&given(&["ottla.log.durability=os"]), &[], None));
    assert!(!is_described(&settings, &[("ottla.durability", "os")], Some(&["retention.ms"])));
}

#[test]
fn a_description_has_only_the_names_that_were_asked_for() {
    let names = |asked: Option<&[&str]>| {
        let described = Settings::default().describe(Resource::Topic("t"), &Overrides::new(), asked);
        described.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Some(&["segment.ms", "no.such", "retention.ms"])), ["segment.ms", "retention.ms"]);
    assert_eq!(names(None).len(), 33);
    assert_eq!(names(Some(&[])), names(None));
}

#[test]
fn a_coarser_unit_that_was_given_is_told_as_the_source() {
    let settings = given(&["log.retention.hours=1"]);
    let described = settings.describe(Resource::Topic("t"), &Overrides::new(), Some(&["retention.ms"]));
    assert_eq!(described[0].value.as_deref(), Some("3600000"));
    assert_eq!(described[0].source, Source::StaticBroker);
    assert_eq!(described[0].synonyms[0].name, "log.retention.hours");
}

#[test]
fn secrets_and_what_nobody_declared_are_not_shown() {
    let settings =
        given(&["ssl.key.password=hush", "listener.name.a.ssl.key.password=hush", "my.plugin=hush"]);
    let described = settings.describe(Resource::Broker(1), &Overrides::new(), None);
    for name in ["ssl.key.password", "listener.name.a.ssl.key.password", "my.plugin"] {
        let one = described.iter().find(|one| one.name == name).unwrap();
        assert!(one.is_sensitive && one.value.is_none(), "{one:?}");
        assert_eq!(one.source, Source::StaticBroker);
    }
    assert!(!format!("{described:?} {:?}", settings.explain()).contains("hush"));
}

#[test]
fn appending_to_what_is_not_set_keeps_what_the_broker_says() {
    let settings = given(&["log.cleanup.policy=compact"]);
    let append =
        |value| Alteration { name: "cleanup.policy", operation: Operation::Append, value: Some(value) };
    let changes = settings.alter(Resource::Topic("t"), &Overrides::new(), &[append("delete")]).unwrap();
    assert_eq!(changes[0].value.as_deref(), Some("compact,delete"));
}

#[test]
fn the_old_form_of_altering_removes_what_it_does_not_name() {
    let current = overrides(&[("retention.ms", "5"), ("segment.ms", "6"), ("flush.ms", "7")]);
    let configs = [("segment.ms", Some("6")), ("flush.ms", Some("8"))];
    let changes = Settings::default().replace(Resource::Topic("t"), &current, configs).unwrap();
    let changes: Vec<_> = changes.iter().map(|one| (one.name.as_str(), one.value.as_deref())).collect();
    assert_eq!(changes, [("retention.ms", None), ("flush.ms", Some("8"))]);
}

#[test]
fn an_alteration_that_changes_nothing_needs_no_record() {
    let current = overrides(&[("retention.ms", "5")]);
    let set = Alteration { name: "retention.ms", operation: Operation::Set, value: Some("5") };
    assert_eq!(Settings::default().alter(Resource::Topic("t"), &current, &[set]).unwrap(), []);
}

#[test]
fn a_misspelt_option_of_ours_is_refused_with_a_suggestion() {
    let refuse = |resource, name| {
        let set = Alteration { name, operation: Operation::Set, value: Some("os") };
        Settings::default().alter(resource, &Overrides::new(), &[set]).unwrap_err().message
    };
    assert_eq!(
        refuse(Resource::Topic("t"), "ottla.durabilty"),
        "Unknown topic config name: ottla.durabilty, did you mean ottla.durability?"
    );
    assert_eq!(
        refuse(Resource::AllBrokers, "ottla.log.durabilities"),
        "Unknown broker config name: ottla.log.durabilities, did you mean ottla.log.durability?"
    );
}

#[test]
fn a_value_that_no_record_takes_is_refused() {
    let long = "x".repeat(32_768);
    let set = Alteration { name: "my.plugin", operation: Operation::Set, value: Some(&long) };
    let refusal = Settings::default().alter(Resource::AllBrokers, &Overrides::new(), &[set]).unwrap_err();
    assert!(refusal.message.ends_with("exceeds the maximum value size of 32767 bytes."));
}

#[test]
fn a_group_keeps_within_bounds_that_were_narrowed_later() {
    let own = overrides(&[
        ("consumer.session.timeout.ms", "60000"),
        ("share.auto.offset.reset", "by_duration:PT1H"),
    ]);
    let settings = given(&["group.consumer.max.session.timeout.ms=50000"]);
    let config = settings.group(&own);
    assert_eq!(config.consumer.session_timeout_ms, 50_000);
    assert_eq!(config.consumer.heartbeat_interval_ms, 5_000);
    assert_eq!(config.share_auto_offset_reset, OffsetReset::ByDuration("PT1H".into()));
}

#[test]
fn every_duration_of_iso_8601_is_told_from_what_is_none() {
    let option = Scope::Group.find("share.auto.offset.reset").unwrap();
    for good in ["PT1H", "P1D", "P2DT3H4M", "PT0.5S", "PT1H30M10S", "pt1h"] {
        assert!(option.parse(&format!("by_duration:{good}")).is_ok(), "{good}");
    }
    for bad in
        ["", "P", "PT", "P1", "1H", "P1H", "PT1D", "PT-1H", "-PT1H", "PT1M1H", "PT1.5H", "P1DT", "PT1é"]
    {
        assert!(option.parse(&format!("by_duration:{bad}")).is_err(), "{bad}");
    }
}

#[test]
fn numbers_are_written_as_java_writes_them() {
    for (number, expected) in [
        (0.5, "0.5"),
        (1.0, "1.0"),
        (0.0, "0.0"),
        (1e7, "1.0E7"),
        (12_345_678.0, "1.2345678E7"),
        (9_999_999.0, "9999999.0"),
        (1e-3, "0.001"),
        (1e-4, "1.0E-4"),
        (-2.5, "-2.5"),
        (f64::MAX, "1.7976931348623157E308"),
        (f64::INFINITY, "Infinity"),
    ] {
        assert_eq!(Value::Double(number).to_string(), expected);
    }
}

#[test]
fn an_explanation_says_where_each_value_comes_from() {
    let mut settings = given(&["num.io.threads=9"]);
    settings.set_for_all_brokers(overrides(&[("log.segment.bytes", "2000000")]));
    let explained = settings.explain();
    let of = |name: &str| explained.iter().find(|one| one.option.name == name);
    let segment_bytes = of("log.segment.bytes").unwrap();
    assert_eq!(segment_bytes.value.as_deref(), Some("2000000"));
    assert_eq!(segment_bytes.origin, Origin::DynamicDefault);
    assert_eq!(
        (segment_bytes.option.default, segment_bytes.range.as_str()),
        (Some("1073741824"), "[1048576,...]")
    );
    assert_eq!(segment_bytes.default_of, ["segment.bytes"]);
    assert_eq!(of("num.partitions").unwrap().origin, Origin::Default);
    assert_eq!(of("num.io.threads").unwrap().origin.to_string(), "--set");
    assert!(of("num.network.threads").is_none(), "what does nothing and was not given is left out");
}

#[test]
fn the_manual_has_what_something_acts_on() {
    let manual = crate::manual();
    assert!(manual.contains("### `log.segment.bytes`\n\n"));
    assert!(
        manual.contains(
            "*whole number; default `604800000`; `[-1,...]`; else the broker's `log.retention.ms`*"
        )
    );
    assert!(!manual.contains("num.network.threads"));
    let listeners = manual.split("### ").find(|entry| entry.starts_with("`listeners`")).unwrap();
    assert!(listeners.contains("The default is not Kafka's."));
}

#[test]
fn every_snapshot_reads_what_is_declared() {
    let settings = Settings::default();
    let broker = settings.broker();
    assert_eq!(broker, crate::BrokerConfig::default());
    assert_eq!(broker.offsets.topic_partitions, 50);
    assert_eq!(broker.network.queued_request_bytes_max, None);
    assert_eq!(settings.group(&Overrides::new()).consumer.session_timeout_ms, 45_000);
}

#[test]
fn the_documentation_of_retention_has_the_words_that_scripts_look_for() {
    let text = Scope::Topic.find("retention.ms").unwrap().documentation;
    assert!(text.contains("maximum time we will retain a log"));
}

#[test]
fn sockets_are_the_systems_unless_something_is_given() {
    let network = |values: &[&str]| given(values).broker().network;
    let buffers = |values: &[&str]| {
        let network = network(values);
        (network.send_buffer_bytes, network.receive_buffer_bytes, network.backlog)
    };
    assert_eq!(buffers(&[]), (None, None, None));
    assert_eq!(
        buffers(&["socket.send.buffer.bytes=-1", "socket.receive.buffer.bytes=-1"]),
        (None, None, None)
    );
    let all = ["socket.send.buffer.bytes=1", "socket.receive.buffer.bytes=2", "socket.listen.backlog.size=3"];
    assert_eq!(buffers(&all), (Some(1), Some(2), Some(3)));
}

#[test]
fn a_listener_may_have_limits_of_its_own_and_that_of_brokers_has_only_these() {
    let mut settings = given(&[
        "listeners=PLAINTEXT://:1,INNER://:2",
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=INNER",
        "max.connection.creation.rate=7",
    ]);
    settings.set_for_this_broker(overrides(&[
        ("listener.name.inner.max.connection.creation.rate", "5"),
        ("listener.name.plaintext.max.connections", "9"),
    ]));
    let network = settings.broker().network;
    assert_eq!(network.connection_rate_max, 7);
    assert_eq!(network.connection_rate_max_of.get("INNER"), Some(&5));
    assert_eq!(network.connection_rate_max_of.get("PLAINTEXT"), None);
    assert_eq!(network.connections_max_of.get("PLAINTEXT"), Some(&9));
    assert!(network.is_protected("INNER") && !network.is_protected("PLAINTEXT"));
    assert!(!given(&[]).broker().network.is_protected("PLAINTEXT"));
}
