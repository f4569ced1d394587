use super::*;

const SERVER_PROPERTIES: &str = include_str!("../testdata/server.properties");

fn file(text: &str) -> Vec<Assignment> {
    parse_file("server.properties", text).unwrap()
}

fn environment(variable: &str, value: &str) -> Vec<Assignment> {
    crate::from_environment([(variable.to_owned(), value.to_owned())])
}

#[track_caller]
fn start(assignments: Vec<Assignment>) -> (Settings, Vec<String>) {
    let (config, warnings) = StartConfig::new(assignments).unwrap();
    (Settings::new(config), warnings.iter().map(Warning::to_string).collect())
}

#[track_caller]
fn refuse(assignments: Vec<Assignment>) -> Vec<String> {
    StartConfig::new(assignments).unwrap_err().iter().map(ConfigError::to_string).collect()
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_a_file_in_whatever_order_they_come() {
    let from_file = file("num.partitions=1\nnum.partitions=2");
    let from_environment = environment("KAFKA_NUM_PARTITIONS", "3");
    let from_flag = vec![parse_set("num.partitions=4").unwrap()];
    for (given, value, origin) in [
        (vec![from_file.clone()], 2, "server.properties:2"),
        (vec![from_file.clone(), from_environment.clone()], 3, "KAFKA_NUM_PARTITIONS"),
        (vec![from_environment.clone(), from_file.clone()], 3, "KAFKA_NUM_PARTITIONS"),
        (vec![from_flag.clone(), from_environment, from_file], 4, "--set"),
    ] {
        let (settings, warnings) = start(given.concat());
        assert_eq!(settings.broker().creation.partitions, value);
        assert_eq!(settings.start().origin("num.partitions").unwrap().to_string(), origin);
        assert!(warnings.is_empty());
    }
}

#[test]
fn a_set_is_split_at_the_first_equals_sign() {
    let set = parse_set("sasl.jaas.config=a=b").unwrap();
    assert_eq!((set.name.as_str(), set.value.as_str()), ("sasl.jaas.config", "a=b"));
    for bad in ["", "num.partitions", "=5", " =5"] {
        assert_eq!(parse_set(bad).unwrap_err().to_string(), format!("--set {bad}: expected KEY=VALUE"));
    }
}

#[test]
fn a_file_is_toml_if_its_name_says_so() {
    assert_eq!(parse_file("ottla.toml", "[log]\ndirs = ['/a', '/b']").unwrap()[0].value, "/a,/b");
    assert_eq!(parse_file("server.properties", "log.dirs=/a,/b").unwrap()[0].value, "/a,/b");
}

#[test]
fn the_file_of_a_kafka_installation_starts() {
    let (settings, warnings) = start(file(SERVER_PROPERTIES));
    let broker = settings.broker();
    assert_eq!(broker.node.log_dirs, ["/tmp/kraft-combined-logs"]);
    assert_eq!(broker.network.listeners.broker[0].to_string(), "PLAINTEXT://:9092");
    assert_eq!(broker.network.listeners.controller[0].to_string(), "CONTROLLER://:9093");
    assert_eq!(broker.network.listeners.advertised[0].to_string(), "PLAINTEXT://localhost:9092");
    let names = warnings.iter().map(|warning| warning.split(' ').nth(1).unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["share.coordinator.state.topic.min.isr", "share.coordinator.state.topic.replication.factor",]
    );
}

#[test]
fn what_does_nothing_is_told_and_what_is_secret_is_not_repeated() {
    let (_, warnings) = start(file(
        "num.io.threads=16\nzookeeper.connect=zk:2181\nnum.partitons=3\nretention.ms=5\nconfluent.license=x\n\
         num.network.threads=3\nssl.keystore.password=hush\nlistener.name.internal.ssl.client.auth=required",
    ));
    let expected = [
        "server.properties:5: confluent.license is no option of Kafka and has no effect",
        "server.properties:8: listener.name.internal.ssl.client.auth has no effect here",
        "server.properties:1: num.io.threads has no effect here",
        "server.properties:3: num.partitons is no option of Kafka and has no effect; did you mean num.partitions?",
        "server.properties:4: retention.ms is an option of topics; for all of them set log.retention.ms",
        "server.properties:7: ssl.keystore.password has no effect here",
        "server.properties:2: zookeeper.connect is no option of Kafka any more and has no effect",
    ];
    assert_eq!(warnings, expected);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_origin() {
    let errors = refuse(
        [
            file("num.partitions=many\nottla.log.durabilty=os\nottla.zzz=1"),
            environment("KAFKA_MESSAGE_MAX_BYTES", "-1"),
            vec![Assignment::of_flag("--durability", "ottla.log.durability", "none")],
        ]
        .concat(),
    );
    let expected = [
        "KAFKA_MESSAGE_MAX_BYTES: Invalid value -1 for configuration message.max.bytes: Value must be at least 0",
        "server.properties:1: Invalid value many for configuration num.partitions: Not a number of type INT",
        "--durability: Invalid value none for configuration ottla.log.durability: String must be one of: journal, os",
        "server.properties:2: there is no option ottla.log.durabilty, did you mean ottla.log.durability?",
        "server.properties:3: there is no option ottla.zzz",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    for (text, expected) in [
        (
            "node.id=1\nbroker.id=2",
            "server.properties:2: You must set `node.id` to the same value as `broker.id`.",
        ),
        (
            "process.roles=broker",
            "server.properties:1: only process.roles=broker,controller is supported yet",
        ),
        (
            "controller.quorum.voters=1@a:1,2@b:1",
            "server.properties:1: controller.quorum.voters may name this node alone",
        ),
        ("controller.quorum.voters=1@a", "Each entry should be in the form `{id}@{host}:{port}`."),
        ("authorizer.class.name=org.Acl", "server.properties:1: authorizer.class.name must be empty"),
        ("listeners=SSL://:9093", "server.properties:1: the listener SSL://:9093 needs TLS"),
        ("listeners=", "Configuration 'listeners' must not be empty."),
        ("log.roll.ms=0", "log.roll.ms must be greater than or equal to 1"),
        (
            "log.retention.hours=0",
            "server.properties:1: log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
        ),
        ("max.connections.per.ip=0", "max.connections.per.ip can be set to zero only if"),
        ("max.connections.per.ip.overrides=a:x", "expected host:number,host:number"),
        ("queued.max.request.bytes=5", "queued.max.request.bytes must be larger or equal to"),
        ("ottla.metrics.listener=nine", "expected host:port"),
        ("group.max.session.timeout.ms=5", "group.max.session.timeout.ms must be greater than or equal to"),
    ] {
        let errors = refuse(file(text));
        assert!(errors.len() == 1 && errors[0].contains(expected), "{text}: {errors:?}");
    }
}

#[test]
fn node_id_and_broker_id_stand_for_each_other() {
    for (given, expected) in [
        (file("broker.id=7"), 7),
        (file("node.id=7"), 7),
        (file("broker.id=7\nnode.id=7"), 7),
        ([file("broker.id=7"), environment("KAFKA_NODE_ID", "8")].concat(), 8),
        ([file("node.id=7"), environment("KAFKA_BROKER_ID", "8")].concat(), 8),
        (Vec::new(), 1),
    ] {
        assert_eq!(start(given.clone()).0.broker().node.node_id, expected, "{given:?}");
    }
}

#[test]
fn who_says_only_what_to_advertise_listens_there_on_every_interface() {
    let (settings, _) = start(environment("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka.example:9092"));
    let listeners = settings.broker().network.listeners;
    assert_eq!(listeners.broker[0].to_string(), "PLAINTEXT://0.0.0.0:9092");
    assert_eq!(listeners.advertised[0].to_string(), "PLAINTEXT://kafka.example:9092");
}

#[test]
fn no_configuration_at_all_gives_a_node_on_loopback() {
    let (settings, warnings) = start(Vec::new());
    let broker = settings.broker();
    assert_eq!(broker.network.listeners.broker[0].to_string(), "PLAINTEXT://127.0.0.1:9092");
    assert_eq!(broker.network.listeners.controller, []);
    assert_eq!(broker.node.log_dirs, ["ottla-data"]);
    assert!(warnings.is_empty());
}
