//! Kafka's scripts by their names. What they print was seen from Apache Kafka 4.3.1's own.

mod administration;
mod data;
mod groups;
mod performance;
mod sarama;

use std::process::Command;

use super::Visit;
use super::support::{Ended, ottla, run};

impl Visit {
    /// A script against the broker, as `ottla NAME ...`.
    fn script(&self, name: &str, line: &str) -> Ended {
        let words = line.split_whitespace().map(|word| word.replace("{sp}", " "));
        let mut command = self.command(&[name, "--bootstrap-server", &self.brokers]);
        command.args(words);
        run(&mut command)
    }

    /// What it prints, which ends well.
    fn prints(&self, name: &str, line: &str, expected: &str) {
        let ended = self.script(name, line);
        assert_eq!(
            (ended.stdout.as_str(), ended.code),
            (expected, Some(0)),
            "{name} {line}: {}",
            ended.stderr
        );
    }

    /// What it prints where it refuses: on standard output, and first on standard error.
    fn refuses(&self, name: &str, line: &str, stdout: &str, stderr: &str) {
        let ended = self.script(name, line);
        assert_eq!((ended.stdout.as_str(), ended.code), (stdout, Some(1)), "{name} {line}: {}", ended.stderr);
        assert!(ended.stderr.starts_with(stderr), "{name} {line}: {}", ended.stderr);
    }
}

#[test]
fn scripts_are_called_by_links_by_their_names_and_through_ottla() {
    let visit = Visit::new();
    let dir = visit.home.path().join("bin");
    let dir_text = dir.display().to_string();
    assert!(visit.ok(&["applets", "list"]).contains("kafka-topics.sh"));
    visit.ok(&["applets", "install", &dir_text]);
    visit.ok(&["applets", "install", &dir_text]);
    let link = dir.join("kafka-topics.sh");
    let mut command = Command::new(&link);
    assert_eq!(run(command.arg("--version")).stdout, "4.3.1\n");
    assert_eq!(run(Command::new(dir.join("kafka-topics")).arg("--version")).stdout, "4.3.1\n");
    assert_eq!(visit.ok(&["kafka-topics.sh", "--version"]), "4.3.1\n");
    std::fs::remove_file(&link).unwrap();
    std::fs::write(&link, "somebody's own").unwrap();
    assert!(visit.refused(&["applets", "install", &dir_text], 1).contains("--force replaces it"));
    visit.ok(&["applets", "install", &dir_text, "--force"]);
    assert!(std::fs::read_link(&link).is_ok());
}

#[test]
fn topics_are_made_shown_changed_and_deleted() {
    let visit = Visit::new();
    let name = "kafka-topics.sh";
    visit.prints(name, "--list", "\n");
    let created = "--create --topic orders --partitions 2 --replication-factor 1 --config retention.ms=5000";
    visit.prints(name, created, "Created topic orders.\n");
    let exists = "Error while executing topic command : Topic 'orders' already exists.\n";
    visit.refuses(name, "--create --topic orders", exists, "");
    visit.prints(name, "--create --topic orders --if-not-exists", "");
    visit.prints(name, "--list", "orders\n");
    visit.prints(name, "--alter --topic orders --partitions 3", "");
    let described = visit.script(name, "--describe --topic ord.*").stdout;
    let (topic, partitions) = described.split_once('\n').unwrap();
    let (before, after) = topic.split_once("TopicId: ").unwrap();
    assert_eq!(before, "Topic: orders\t");
    let about = "\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: ";
    assert!(after[22..].starts_with(about) && after.contains("retention.ms=5000"), "{after}");
    let first = "\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n";
    assert!(partitions.starts_with(first), "{partitions}");
    visit.prints(name, "--describe --topic orders --under-replicated-partitions", "");
    visit.prints(name, "--delete --topic orders", "");
    let missing = "Error while executing topic command : Topic 'orders' does not exist as expected\n";
    visit.refuses(name, "--describe --topic orders", missing, "");
    visit.prints(name, "--delete --topic orders --if-exists", "");
}

#[test]
fn a_command_line_that_makes_no_sense_is_told_with_the_help() {
    let visit = Visit::new();
    for (name, line, expected) in [
        ("kafka-topics", "--create", "Missing required argument \"[topic]\"\nOption "),
        (
            "kafka-topics",
            "--list --create",
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete\nOption ",
        ),
        ("kafka-topics", "--lis", "lis is not a recognized option\n"),
        (
            "kafka-topics",
            "--list --if-exists",
            "Option \"[if-exists]\" can't be used with option \"[list]\"\nOption ",
        ),
        ("kafka-get-offsets", "--nonsense", "Error occurred: nonsense is not a recognized option\n"),
        ("kafka-delete-records", "", "Missing required argument \"[offset-json-file]\"\nOption "),
        ("kafka-log-dirs", "", "Missing required argument \"[describe]\"\nOption "),
        ("kafka-console-producer", "", "Missing required argument \"[topic]\"\nOption "),
        (
            "kafka-console-consumer",
            "--topic a --offset 1",
            "The partition is required when offset is specified.\nOption ",
        ),
    ] {
        visit.refuses(name, line, "", expected);
    }
}

#[test]
fn lines_become_records_and_lines_again() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders", "Created topic orders.\n");
    let brokers = visit.brokers.clone();
    let produce = |more: &[&str], input: &[u8]| {
        let args =
            [&["kafka-console-producer", "--bootstrap-server", &brokers, "--topic", "orders"], more].concat();
        String::from_utf8(visit.fed(&args, input)).unwrap()
    };
    assert_eq!(produce(&["--timeout", "5"], b"one\ntwo"), "");
    let warned = produce(&["--property", "parse.key=true", "--compression-codec"], b"k\tv\n");
    assert_eq!(
        warned,
        "Warning: --property is deprecated and will be removed in a future version. Use --reader-property instead.\n"
    );
    let all = "--topic orders --from-beginning --max-messages 3";
    visit.prints("kafka-console-consumer", all, "one\ntwo\nv\n");
    let columns = "--formatter-property print.key=true --formatter-property print.offset=true \
                   --formatter-property print.headers=true --formatter-property print.partition=true";
    visit.prints(
        "kafka-console-consumer",
        &format!("{all} {columns}"),
        "Partition:0\tOffset:0\tNO_HEADERS\tnull\tone\nPartition:0\tOffset:1\tNO_HEADERS\tnull\ttwo\n\
         Partition:0\tOffset:2\tNO_HEADERS\tk\tv\n",
    );
    let from = "--topic orders --partition 0 --offset 1 --max-messages 1";
    visit.prints("kafka-console-consumer", from, "two\n");
    let ended = visit.script("kafka-console-consumer", "--topic orders --partition 0 --timeout-ms 100");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert!(ended.stderr.ends_with("Processed a total of 0 messages\n"), "{}", ended.stderr);
    // What was fetched and not printed was not consumed.
    for (line, expected) in [("--from-beginning --max-messages 2", "one\ntwo\n"), ("--max-messages 1", "v\n")]
    {
        visit.prints("kafka-console-consumer", &format!("--topic orders --group g {line}"), expected);
    }
}

#[test]
fn offsets_are_shown_and_records_deleted() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders --partitions 2", "Created topic orders.\n");
    visit.fed(&["produce", "orders", "-p", "1"], b"a\nb\nc\n");
    let name = "kafka-get-offsets";
    visit.prints(name, "--topic orders", "orders:0:0\norders:1:3\n");
    visit.prints(name, "--topic-partitions ord.*:1-", "orders:1:3\n");
    visit.prints(name, "--topic orders --time 0", "orders:1:0\n");
    let unmatched = "Error occurred: Could not match any topic-partitions with the specified filters\n";
    visit.refuses(name, "--topic nothing", "", unmatched);
    let file = visit.home.path().join("before.json");
    let json = r#"{"partitions": [{"topic": "orders", "partition": 1, "offset": 2}], "version": 1}"#;
    std::fs::write(&file, json).unwrap();
    let line = format!("--offset-json-file {}", file.display());
    let deleted = "Executing records delete operation\nRecords delete operation completed:\n\
                   partition: orders-1\tlow_watermark: 2\n";
    visit.prints("kafka-delete-records", &line, deleted);
    visit.prints(name, "--topic orders --time earliest", "orders:0:0\norders:1:2\n");
    // Kafka's looks for it until its time is up.
    std::fs::write(&file, json.replace("orders", "nothing")).unwrap();
    let missing = "Executing records delete operation\nRecords delete operation completed:\n\
                   partition: nothing-1\terror: \
                   org.apache.kafka.common.errors.UnknownTopicOrPartitionException: \
                   This server does not host this topic-partition.\n";
    visit.prints("kafka-delete-records", &line, missing);
}

#[test]
fn data_directories_are_shown() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders", "Created topic orders.\n");
    let dir = visit.home.path().join("data").display().to_string();
    let expected = format!(
        "Querying brokers for log directories information\nReceived log directory information from brokers 1\n\
         {{\"brokers\":[{{\"broker\":1,\"logDirs\":[{{\"partitions\":[{{\"partition\":\"orders-0\",\"size\":0,\
         \"offsetLag\":0,\"isFuture\":false}}],\"error\":null,\"logDir\":\"{dir}\"}}]}}],\"version\":1}}\n"
    );
    visit.prints("kafka-log-dirs", "--describe --topic-list orders", &expected);
    let missing =
        "ERROR: The given brokers do not exist from --broker-list: 7. Current existent brokers: 1\n";
    visit.refuses("kafka-log-dirs", "--describe --broker-list 1,7", "", missing);
}

#[test]
fn groups_are_shown_reset_and_deleted() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders --partitions 2", "Created topic orders.\n");
    visit.fed(&["produce", "orders", "-p", "1"], b"a\nb\nc\n");
    let name = "kafka-consumer-groups";
    let reset = "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\nbilling         orders          1          2\n";
    visit.prints(name, "--reset-offsets --group billing --topic orders:1 --to-offset 2 --execute", reset);
    visit.prints(name, "--list", "billing\n");
    visit.prints(
        name,
        "--list --state --type",
        "GROUP                     TYPE                 STATE               \n\
         billing                   Classic              Empty               \n",
    );
    visit.prints(
        name,
        "--describe --group billing",
        "\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             \
         CONSUMER-ID     HOST            CLIENT-ID\n\
         billing         orders          1          2               3               1               \
         -               -               -\n",
    );
    visit.prints(
        name,
        "--describe --group billing --members",
        "\nGROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n",
    );
    let missing = "\nError: Executing consumer group command failed due to \
                   org.apache.kafka.common.errors.GroupIdNotFoundException: Group nobody not found.\n";
    visit.prints(name, "--describe --group nobody", missing);
    visit.prints(
        "kafka-groups",
        "--list",
        "GROUP                TYPE                 PROTOCOL            \n\
         billing              Classic                                   \n",
    );
    let deleted = "Deletion of requested consumer groups ('billing') was successful.\n";
    visit.prints(name, "--delete --group billing", deleted);
    visit.refuses(
        name,
        "--reset-offsets --group billing --to-latest --dry-run",
        "",
        "One of the reset scopes should be defined: --all-topics, --topic.\nOption ",
    );
}

#[test]
fn options_are_shown_and_changed() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders", "Created topic orders.\n");
    let name = "kafka-configs";
    let changed = "--entity-type topics --entity-name orders --alter --add-config \
                   retention.ms=5000,cleanup.policy=[compact,delete]";
    visit.prints(name, changed, "Completed updating config for topic orders.\n");
    let described = visit.script(name, "--topic orders --describe").stdout;
    let first = "Dynamic configs for topic orders are:\n  cleanup.policy=compact,delete sensitive=false \
                 synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, ";
    assert!(described.starts_with(first), "{described}");
    let deleted = "--topic orders --alter --delete-config cleanup.policy,retention.ms";
    visit.prints(name, deleted, "Completed updating config for topic orders.\n");
    visit.prints(name, "--topic orders --describe", "Dynamic configs for topic orders are:\n");
    let missing = "The topic 'nothing' doesn't exist and doesn't have dynamic config.\n";
    visit.prints(name, "--topic nothing --describe", missing);
    visit.refuses(name, "--topic orders --alter", "", "At least one of --add-config, --add-config-file, or ");
    visit.refuses(name, "--describe", "", "At least one entity type must be specified\n");
}

#[test]
fn the_cluster_tells_its_id_and_its_brokers() {
    let visit = Visit::new();
    let id = visit.run(&["kafka-cluster", "cluster-id", "-b", &visit.brokers]).stdout;
    assert!(id.starts_with("Cluster ID: ") && id.trim_end().len() == 12 + 22, "{id}");
    let port = visit.brokers.rsplit_once(':').unwrap().1;
    let listed =
        visit.run(&["kafka-cluster.sh", "list-endpoints", "--bootstrap-server", &visit.brokers]).stdout;
    let expected = format!(
        "ID         HOST      PORT       RACK       STATE      ENDPOINT_TYPE  \n\
         1          127.0.0.1 {port:10} null       unfenced   broker         \n"
    );
    assert_eq!(listed, expected);
    let wrong = visit.run(&["kafka-cluster", "nonsense"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(1), ""));
    assert!(wrong.stderr.contains("invalid choice: 'nonsense'"), "{}", wrong.stderr);
}

#[test]
fn kcat_waits_no_longer_for_metadata_than_it_was_told_to() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let ended = run(&mut ottla(["kcat", "-L", "-m", "1", "-b", &address]));
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    assert_eq!(ended.stderr, "% ERROR: no answer within 1 s (-m): Local: Timed out\n");
}
