//! Scripts that ask controllers instead of brokers.

use super::Comparison;

#[test]
fn controllers_are_asked_alike() {
    let mut it = Comparison::with(&[
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS",
    ]);
    it.compare_masked(
        "kafka-metadata-quorum",
        "{controllers} describe --status",
        "",
        &[r"HighWatermark: +[0-9]+"],
    );
    for (name, line) in [
        ("kafka-cluster", "cluster-id {controllers}"),
        ("kafka-cluster", "list-endpoints {controllers}"),
        ("kafka-cluster", "list-endpoints {controllers} --include-fenced-brokers"),
        ("kafka-cluster", "cluster-id {controllers} {at}"),
        ("kafka-features", "{controllers} describe"),
        ("kafka-features", "{controllers} upgrade --feature group.version=1 --dry-run"),
        ("kafka-features", "{controllers} {at} describe"),
        ("kafka-metadata-quorum", "{controllers} {at} describe --status"),
        ("kafka-configs", "{controllers} --alter --broker 1 --add-config log.cleaner.threads=2"),
        ("kafka-configs", "{controllers} --describe --broker 1"),
        ("kafka-configs", "{controllers} {at} --describe --broker 1"),
        ("kafka-reassign-partitions", "{controllers} --list"),
        ("kafka-reassign-partitions", "{controllers} {at} --list"),
        ("kafka-acls", "{controllers} --add --allow-principal User:{who} --topic {who}-a"),
        ("kafka-acls", "{controllers} --list --topic {who}-a"),
        ("kafka-acls", "{controllers} {at} --list"),
    ] {
        it.compare(name, line);
    }
    it.done();
}
