//! Scripts that administer.

use super::super::Visit;

impl Visit {
    /// A script whose command stands behind the brokers.
    fn commands(&self, name: &str, line: &str) -> (String, Option<i32>) {
        let ended = self.script(name, line);
        (ended.stdout + &ended.stderr, ended.code)
    }
}

#[test]
fn a_broker_tells_which_requests_it_serves() {
    let visit = Visit::new();
    let told = visit.script("kafka-broker-api-versions", "").stdout;
    let first = format!("{} (id: 1 rack: null isFenced: false) -> (\n\tProduce(0): 0 to 13 ", visit.brokers);
    assert!(told.starts_with(&first), "{told}");
    assert!(told.contains("],\n\tFetch(1): ") && told.ends_with("\n)\n"), "{told}");
}

#[test]
fn features_are_told_and_changed() {
    let visit = Visit::new();
    let name = "kafka-features";
    let described = visit.script(name, "describe").stdout;
    let line = "Feature: metadata.version                          SupportedMinVersion: 3.3-IV3          \
                SupportedMaxVersion: 4.3-IV0          FinalizedVersionLevel: 4.3-IV0          Epoch: ";
    assert!(described.contains(line), "{described}");
    let upgrade = "upgrade --feature transaction.version=2 --dry-run";
    visit.prints(name, upgrade, "transaction.version can be upgraded to 2.\n");
    let (said, code) = visit.commands(name, "upgrade --feature transaction.version=7");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("Could not upgrade transaction.version to 7. "), "{said}");
    assert!(said.ends_with("1 out of 1 operation(s) failed.\n"), "{said}");
    visit.prints(
        name,
        "version-mapping --release-version 4.0",
        "metadata.version=25 (4.0)\nkraft.version=1\ntransaction.version=2\ngroup.version=1\n\
         eligible.leader.replicas.version=0\nshare.version=0\nstreams.version=0\n",
    );
    visit.prints(
        name,
        "feature-dependencies --feature eligible.leader.replicas.version=1",
        "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n",
    );
    visit.refuses(name, "feature-dependencies --feature nonsense=1", "", "Unknown feature: nonsense\n");
    visit.refuses(name, "upgrade", "", "You must specify at least one feature to upgrade\n");
}

#[test]
fn the_quorum_is_told_of() {
    let visit = Visit::new();
    let name = "kafka-metadata-quorum";
    let status = visit.script(name, "describe --status").stdout;
    let beginnings =
        ["ClusterId:              ", "LeaderId:               1\n", "CurrentObservers:       []\n"];
    assert!(beginnings.iter().all(|line| status.contains(line)), "{status}");
    let table = visit.script(name, "describe --replication --human-readable").stdout;
    let headings = "NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus\t\n";
    assert!(table.starts_with(headings) && table.contains(" ms ago"), "{table}");
    let id = "e0zK7VvWQOaS82q58WrhiQ";
    visit.prints(
        name,
        &format!("remove-controller -i 3 -d {id} --dry-run"),
        &format!("DRY RUN of removing  KRaft controller 3 with directory id {id}\n"),
    );
    let both = "Only one of --status or --replication should be specified with describe sub-command\n";
    visit.refuses(name, "describe --status --replication", "", both);
    let missing = "usage: kafka-metadata-quorum [-h] [options] {describe,add-controller,remove-controller} [options]\n\
                   kafka-metadata-quorum: error: argument --controller-id is required\n";
    visit.refuses(name, "remove-controller", "", missing);
}

#[test]
fn transactions_are_told_of() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders", "Created topic orders.\n");
    let name = "kafka-transactions.sh";
    let none = "TransactionalId\tCoordinator\tProducerId\tTransactionState\t\n";
    visit.prints(name, "list --duration-filter 1000", none);
    let missing = "Failed to describe transaction state of transactional-id `nobody`: \
                   The transactionalId could not be found.. Enable debug logging for additional detail.\n";
    visit.refuses(name, "describe --transactional-id nobody", "", missing);
    visit.fed(&["produce", "orders"], b"a\n");
    let producers = visit.script(name, "describe-producers --topic orders --partition 0").stdout;
    let headings = "ProducerId\tProducerEpoch\tLatestCoordinatorEpoch\tLastSequence\tLastTimestamp\t\
                    CurrentTransactionStartOffset\t\n";
    assert!(producers.starts_with(headings), "{producers}");
    let at_broker =
        visit.script(name, "describe-producers --topic orders --partition 0 --broker-id 1").stdout;
    assert_eq!(at_broker, producers);
    let nothing = "Topic\tPartition\tProducerId\tProducerEpoch\tCoordinatorEpoch\tStartOffset\tLastTimestamp\t\
                   Duration(min)\t\n";
    visit.prints(name, "find-hanging --topic orders --max-transaction-timeout 0", nothing);
    let wrong = "Could not find any open transactions starting at offset 0 on partition orders-0\n";
    visit.refuses(name, "abort --topic orders --partition 0 --start-offset 0", "", wrong);
    let unbounded = "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search\n";
    visit.refuses(name, "find-hanging", "", unbounded);
}
