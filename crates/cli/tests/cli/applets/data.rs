//! Scripts about data directories and the processes that use them.

use std::net::TcpStream;

use super::super::Visit;
use super::super::support::ports::quiet_ports;
use super::super::support::{Ended, run, unpack, wait_until};

impl Visit {
    /// A script that asks no broker.
    fn local(&self, name: &str, line: &str) -> Ended {
        run(self.command(&[name]).args(line.split_whitespace()).current_dir(self.home.path()))
    }

    fn local_ok(&self, name: &str, line: &str) -> String {
        let ended = self.local(name, line);
        assert_eq!(ended.code, Some(0), "{name} {line}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }
}

#[test]
fn segments_and_what_is_beside_them_are_dumped() {
    let visit = Visit::new();
    let (_dir, data) = unpack("data-dir-clean.tar.gz");
    let dump = |file: &str, more: &str| {
        let path = data.join(file).display().to_string();
        let told = visit.local_ok("kafka-dump-log.sh", &format!("--files {path} {more}"));
        let told =
            told.strip_prefix(&format!("Dumping {path}\n")).unwrap_or_else(|| panic!("{told}")).to_owned();
        told.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = dump("tx-0/00000000000000000000.log", "--print-data-log");
    assert_eq!(lines[0], "Log starting offset: 0");
    let batch = "baseOffset: 0 lastOffset: ";
    assert!(lines[1].starts_with(batch) && lines[1].ends_with(" isvalid: true"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("| offset: 0 CreateTime: ") && lines[2].contains(" payload: "),
        "{}",
        lines[2]
    );
    let markers = dump("tx-0/00000000000000000006.log", "--print-data-log");
    let count = |end: &str| markers.iter().filter(|line| line.ends_with(end)).count();
    assert_eq!(count(" endTxnMarker: COMMIT coordinatorEpoch: 0"), 7);
    assert_eq!(count(" endTxnMarker: ABORT coordinatorEpoch: 0"), 5);
    let shallow = dump("tx-0/00000000000000000000.log", "");
    assert!(!shallow.iter().any(|line| line.starts_with('|')), "{shallow:?}");
    let metadata = dump("__cluster_metadata-0/00000000000000000000.log", "--cluster-metadata-decoder");
    let topic = r#" payload: {"type":"TOPIC_RECORD","version":0,"data":{"name":"#;
    assert!(metadata.iter().any(|line| line.contains(topic)), "{metadata:?}");
    assert_eq!(dump("bootstrap.checkpoint", "")[0], "KRaft bootstrap snapshot");
    let index = dump("codec-none-0/00000000000000000000.index", "");
    assert!(
        index.iter().all(|line| line.starts_with("offset: ") && line.contains(" position: ")),
        "{index:?}"
    );
    let times = dump("codec-none-0/00000000000000000000.timeindex", "");
    assert!(
        times.iter().all(|line| line.starts_with("timestamp: ") && line.contains(" offset: ")),
        "{times:?}"
    );
    let without_keys = data.join("plain-0/00000000000000000000.log").display().to_string();
    let ended = visit.local("kafka-dump-log", &format!("--files {without_keys} --offsets-decoder"));
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.starts_with("Failed to decode message at offset 0 using"), "{}", ended.stderr);
    let ignored = visit.local("kafka-dump-log", "--files a.txt");
    assert_eq!((ignored.code, ignored.stderr.as_str()), (Some(0), "Ignoring unknown file a.txt\n"));
    assert_eq!(visit.local("kafka-dump-log", "--files /none.log").code, Some(1));
}

#[test]
fn records_of_groups_are_printed_as_json() {
    let visit = Visit::new();
    visit.fed(&["produce", "a"], b"one\n");
    visit.ok(&["consume", "a", "-g", "readers", "-n", "1"]);
    let line = |class: &str, topic: &str| {
        let formatter = format!("org.apache.kafka.tools.consumer.{class}");
        let line = format!("--topic {topic} --from-beginning --timeout-ms 1000 --formatter {formatter}");
        let ended = visit.script("kafka-console-consumer", &line);
        assert_eq!(ended.code, Some(0), "{class}: {}", ended.stderr);
        ended
    };
    let offsets = line("OffsetsMessageFormatter", "__consumer_offsets").stdout;
    let key = r#"{"key":{"type":1,"data":{"group":"readers","topic":"a","partition":0}},"value":{"version":"#;
    assert!(offsets.starts_with(key) && offsets.contains(r#""data":{"offset":1,"#), "{offsets}");
    let groups = line("GroupMetadataMessageFormatter", "__consumer_offsets").stdout;
    let key = r#"{"key":{"type":2,"data":{"group":"readers"}},"value":"#;
    assert!(groups.starts_with(key) && !groups.contains(r#""type":1"#), "{groups}");
    let logged = line("LoggingMessageFormatter", "a");
    assert!(logged.stdout == "one\n" && logged.stderr.contains(", key:null value:one\n"), "{logged:?}");
}

#[test]
fn a_directory_is_formatted_and_served_until_its_broker_is_stopped() {
    let visit = Visit::new();
    let name = "kafka-storage.sh";
    assert_eq!(visit.local_ok(name, "random-uuid").trim_end().len(), 22);
    assert!(visit.local_ok(name, "version-mapping -r 4.0").starts_with("metadata.version=25 (4.0)\n"));
    let dependent = visit.local_ok(name, "feature-dependencies -f group.version=1");
    assert_eq!(dependent, "group.version=1 has no dependencies.\n");

    let port = quiet_ports(1);
    let dir = visit.home.path().join("served").display().to_string();
    let properties = format!(
        "process.roles=broker,controller\nnode.id=4242\nlog.dirs={dir}\ncontroller.quorum.voters=4242@127.0.0.1:1\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:1\ncontroller.listener.names=CONTROLLER\n"
    );
    std::fs::write(visit.home.path().join("server.properties"), properties).unwrap();
    let info = |code: i32| {
        let ended = visit.local(name, "info -c server.properties");
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        ended.stdout
    };
    assert_eq!(info(1), format!("Found problem:\n  {dir} does not exist\n\n"));
    let format = "format -c server.properties -t abcdefghijklmnopqrstuv";
    let formatted = visit.local_ok(name, format);
    assert!(
        formatted.ends_with(&format!("Formatting metadata directory {dir} with metadata.version 4.3-IV0.\n"))
    );
    let found = info(0);
    let start = format!(
        "Found log directory:\n  {dir}\n\nFound metadata: {{cluster.id=abcdefghijklmnopqrstuv, directory.id="
    );
    assert!(found.starts_with(&start) && found.ends_with(", node.id=4242, version=1}\n\n"), "{found}");
    assert!(visit.local(name, format).stderr.contains("is already formatted. Use --ignore-formatted"));
    let again = visit.local_ok(name, &format!("{format} -g"));
    assert_eq!(again, "All of the log directories are already formatted.\n");
    assert!(visit.local(name, &format!("{format} -g --release-version 4.0")).stderr.contains("4.3-IV0"));

    let overrides = "--override ottla.metrics.listener= --override num.partitions=3";
    visit.local_ok("kafka-server-start.sh", &format!("-daemon server.properties {overrides}"));
    let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    wait_until("the broker answers", answers);
    let at = format!("127.0.0.1:{port}");
    assert_eq!(visit.ok(&["kafka-cluster", "cluster-id", "-b", &at]), "Cluster ID: abcdefghijklmnopqrstuv\n");
    assert!(visit.home.path().join("logs/kafkaServer.out").exists());
    let unknown = visit.local("kafka-server-stop.sh", "--node-id 4243");
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), "No kafka server to stop\n"));
    visit.local_ok("kafka-server-stop.sh", "--node-id 4242 --process-role broker");
    wait_until("the broker is gone", || !answers());
}

#[test]
fn scripts_are_called_by_the_names_of_their_classes() {
    let visit = Visit::new();
    let id = visit.local_ok("kafka-run-class.sh", "kafka.tools.StorageTool random-uuid");
    assert_eq!(id.trim_end().len(), 22);
    visit.ok(&["topic", "create", "a"]);
    let line = format!("org.apache.kafka.tools.TopicCommand --bootstrap-server {} --list", visit.brokers);
    assert_eq!(visit.local_ok("kafka-run-class", &line), "a\n");
    let unknown = visit.local("kafka-run-class", "com.example.Own");
    assert!(
        unknown.code == Some(1)
            && unknown.stderr.contains("Could not find or load main class com.example.Own")
    );
    let usage = visit.local("kafka-server-start", "");
    assert!(usage.code == Some(1) && usage.stdout.starts_with("USAGE: kafka-server-start.sh"));
}
