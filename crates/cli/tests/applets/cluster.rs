//! The cluster, its options, and groups of all kinds.

use super::Comparison;

#[test]
fn options_are_shown_and_changed_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    for line in [
        "{at} --describe --entity-type topics --entity-name {who}-a",
        "{at} --alter --topic {who}-a --add-config retention.ms=5000,cleanup.policy=[compact,delete]",
        "{at} --describe --topic {who}-a",
        "{at} --describe --topic {who}-a --all",
        "{at} --alter --topic {who}-a --delete-config retention.ms,cleanup.policy",
        "{at} --alter --topic {who}-a --add-config nonsense=1",
        "{at} --alter --topic {who}-a --add-config nonsense",
        "{at} --alter --topic {who}-a",
        "{at} --describe --topic {who}-none",
        "{at} --describe --entity-type brokers --entity-name 1",
        "{at} --describe --broker 1 --all",
        "{at} --describe --broker 7",
        "{at} --describe --broker x",
        "{at} --describe --entity-type brokers",
        "{at} --alter --broker-defaults --add-config log.cleaner.threads=2",
        "{at} --describe --broker-defaults",
        "{at} --alter --entity-type brokers --entity-default --delete-config log.cleaner.threads",
        "{at} --alter --client-metrics {who}-m --add-config interval.ms=1000",
        "{at} --describe --client-metrics {who}-m",
        "{at} --alter --group {who}-g --add-config consumer.session.timeout.ms=50000",
        "{at} --describe --group {who}-g",
        "{at} --describe",
        "{at} --describe --entity-type nonsense",
        "--describe --topic a",
    ] {
        it.compare("kafka-configs", line);
    }
    it.done();
}

#[test]
fn the_cluster_and_its_groups_are_told_of_alike() {
    let mut it = Comparison::new();
    for line in [
        "cluster-id {at}",
        "list-endpoints {at}",
        "list-endpoints {at} --include-fenced-brokers",
        "nonsense",
        "cluster-id",
        "unregister {at}",
    ] {
        it.compare("kafka-cluster", line);
    }
    it.original("kafka-topics", "{at} --create --topic a", "", &[]);
    let reset = "{at} --reset-offsets --group one --topic a --to-latest --execute";
    it.original("kafka-consumer-groups", reset, "", &[]);
    for line in [
        "{at} --list",
        "{at} --list --consumer",
        "{at} --list --share",
        "{at} --list --group-type classic --protocol consumer",
        "{at} --list --group-type nonsense",
        "{at}",
        "--list",
    ] {
        it.compare("kafka-groups", line);
    }
    it.done();
}
