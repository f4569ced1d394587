//! What brokers serve, what they have agreed on, and the quorum of controllers.

use super::Comparison;

#[test]
fn requests_and_features_are_shown_and_changed_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-broker-api-versions", "{at}");
    it.compare("kafka-broker-api-versions", "");
    for line in [
        "{at} describe",
        "{at} describe --node-id 1",
        "{at} describe --node-id -1",
        "{at} upgrade --feature group.version=1 --dry-run",
        "{at} upgrade --feature group.version=7",
        "{at} upgrade --feature group.version=7 --feature nonsense=1",
        "{at} upgrade --feature nonsense=1 --dry-run",
        "{at} upgrade --feature group.version",
        "{at} upgrade --feature group.version=x",
        "{at} upgrade --feature group.version=1 --feature group.version=1",
        "{at} upgrade --metadata 4.3 --dry-run",
        "{at} upgrade --release-version 4.3 --dry-run",
        "{at} upgrade --release-version 4.3 --feature group.version=1",
        "{at} upgrade --release-version 2.0",
        "{at} upgrade",
        "{at} downgrade --feature share.version=0 --dry-run",
        "{at} downgrade --feature metadata.version=29 --dry-run",
        "{at} downgrade --release-version 4.2 --dry-run",
        "{at} downgrade --release-version 4.2 --unsafe --dry-run",
        "{at} disable --feature streams.version --dry-run",
        "{at} disable --feature streams.version",
        "{at} disable --feature nonsense",
        "{at} describe",
        "version-mapping",
        "version-mapping --release-version 3.9",
        "version-mapping --release-version 4.0.1",
        "version-mapping --release-version 4.4-IV0",
        "version-mapping --release-version 4.4",
        "feature-dependencies --feature eligible.leader.replicas.version=1 --feature group.version=1",
        "feature-dependencies --feature metadata.version=25",
        "feature-dependencies --feature metadata.version=99",
        "feature-dependencies --feature group.version=9",
        "feature-dependencies --feature nonsense=1",
        "feature-dependencies",
        "describe",
        "nonsense",
        "{at}",
    ] {
        // It grows with whatever the controllers write.
        it.compare_masked("kafka-features", line, "", &["Epoch: [0-9]+"]);
    }
    it.done();
}

#[test]
fn the_quorum_is_shown_alike() {
    let mut it = Comparison::new();
    let name = "kafka-metadata-quorum";
    it.compare_masked(name, "{at} describe --status", "", &[r"HighWatermark: +[0-9]+"]);
    it.compare_masked(name, "{at} describe --replication", "", &[r"[0-9]{2,}[ \t]+"]);
    it.compare_masked(
        name,
        "{at} describe --replication --human-readable",
        "",
        &[r"[0-9]+ ms ago[ \t]+", r"[0-9]{2,}[ \t]+"],
    );
    // Of the configuration file of a node that is not there: nothing is added.
    let file = "node.id=7\nprocess.roles=controller\ncontroller.listener.names=CONTROLLER\n\
                listeners=CONTROLLER://127.0.0.1:1,OTHER://:2\nlog.dirs=/nonexistent";
    let file = it.file("controller.properties", file);
    let data = it.dir.path().join("node/data").display().to_string();
    let there = it.file(
        "there.properties",
        &format!(
            "node.id=7\nprocess.roles=controller\ncontroller.listener.names=CONTROLLER\n\
             listeners=CONTROLLER://[::1]:1\nmetadata.log.dir={data}"
        ),
    );
    for line in [
        "{at} describe",
        "{at} describe --status --replication",
        "{at} describe --status --human-readable",
        "{at} add-controller",
        &format!("{{at}} --command-config {file} add-controller --dry-run"),
        &format!("{{at}} --command-config {there} add-controller --dry-run"),
        &format!("{{at}} --command-config {there} add-controller"),
        "{at} remove-controller --controller-id 3 --controller-directory-id fUC3q509VHxA0E_XNwj6xg --dry-run",
        "{at} remove-controller -i 3 -d fUC3q509VHxA0E_XNwj6xg",
        "{at} remove-controller -i -3 -d fUC3q509VHxA0E_XNwj6xg",
        "{at} remove-controller -i 3 -d nonsense",
        "{at} remove-controller -i 3",
        "describe --status",
        "{at} nonsense",
        "{at}",
    ] {
        it.compare(name, line);
    }
    it.done();
}
