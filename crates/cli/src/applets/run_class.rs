//! `kafka-run-class`: the scripts by the names of the classes that they run.

use std::io::Write;

use anyhow::{Result, bail};

use super::table;
use crate::exit::Outcome;

/// Classes of `org.apache.kafka.tools`, where no other package is named.
#[rustfmt::skip]
const CLASSES: &[(&str, &str)] = &[
    ("AclCommand", "kafka-acls"),
    ("BrokerApiVersionsCommand", "kafka-broker-api-versions"),
    ("ClientMetricsCommand", "kafka-client-metrics"),
    ("ClusterTool", "kafka-cluster"),
    ("ConsoleProducer", "kafka-console-producer"),
    ("ConsumerPerformance", "kafka-consumer-perf-test"),
    ("DelegationTokenCommand", "kafka-delegation-tokens"),
    ("DeleteRecordsCommand", "kafka-delete-records"),
    ("DumpLogSegments", "kafka-dump-log"),
    ("EndToEndLatency", "kafka-e2e-latency"),
    ("FeatureCommand", "kafka-features"),
    ("GetOffsetShell", "kafka-get-offsets"),
    ("GroupsCommand", "kafka-groups"),
    ("LeaderElectionCommand", "kafka-leader-election"),
    ("LogDirsCommand", "kafka-log-dirs"),
    ("MetadataQuorumCommand", "kafka-metadata-quorum"),
    ("ProducerPerformance", "kafka-producer-perf-test"),
    ("TopicCommand", "kafka-topics"),
    ("TransactionsCommand", "kafka-transactions"),
    ("consumer.ConsoleConsumer", "kafka-console-consumer"),
    ("consumer.ConsoleShareConsumer", "kafka-console-share-consumer"),
    ("consumer.group.ConsumerGroupCommand", "kafka-consumer-groups"),
    ("consumer.group.ShareGroupCommand", "kafka-share-groups"),
    ("reassign.ReassignPartitionsCommand", "kafka-reassign-partitions"),
    ("streams.StreamsGroupCommand", "kafka-streams-groups"),
    ("kafka.Kafka", "kafka-server-start"),
    ("kafka.admin.ConfigCommand", "kafka-configs"),
    ("kafka.tools.StorageTool", "kafka-storage"),
];

/// What the script has for Java, with how many arguments.
const FOR_JAVA: [(&str, usize); 4] = [("-daemon", 0), ("-loggc", 0), ("-name", 1), ("--", 0)];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let mut args = args;
    while let Some((_, count)) = args.first().and_then(|arg| FOR_JAVA.iter().find(|(name, _)| name == arg)) {
        args = args.get(1 + count..).unwrap_or_default();
    }
    let Some((class, rest)) = args.split_first() else {
        writeln!(out, "USAGE: kafka-run-class.sh [-daemon] [-name servicename] [-loggc] classname [opts]")?;
        return Ok(Outcome::Failure);
    };
    match script(class).and_then(|script| table::find(&format!("{script}.sh"))) {
        Some(applet) => (applet.run)(rest, out),
        None => bail!("Error: Could not find or load main class {class}: it is none of Kafka's scripts'"),
    }
}

fn script(class: &str) -> Option<&'static str> {
    let class = class.strip_prefix("org.apache.kafka.tools.").unwrap_or(class);
    CLASSES.iter().find(|(known, _)| *known == class).map(|(_, script)| *script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_stand_for_scripts() {
        for (class, expected) in [
            ("org.apache.kafka.tools.TopicCommand", Some("kafka-topics")),
            ("org.apache.kafka.tools.consumer.ConsoleConsumer", Some("kafka-console-consumer")),
            ("kafka.tools.StorageTool", Some("kafka-storage")),
            ("com.example.Own", None),
        ] {
            assert_eq!(script(class), expected, "{class}");
        }
    }
}
