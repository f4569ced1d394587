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

#[test]
fn leaders_are_elected() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders --partitions 2", "Created topic orders.\n");
    let name = "kafka-leader-election.sh";
    visit.prints(name, "--election-type preferred --all-topic-partitions", "");
    let file = visit.home.path().join("partitions.json");
    let both = r#"{"partitions":[{"topic":"orders","partition":0},{"topic":"orders","partition":1}]}"#;
    std::fs::write(&file, both).unwrap();
    visit.prints(
        name,
        &format!("--election-type preferred --path-to-json-file {}", file.display()),
        "Valid replica already elected for partitions orders-0, orders-1\n",
    );
    let one = visit.script(name, "--election-type unclean --topic nothing --partition 0");
    let failed = "Error completing leader election (UNCLEAN) for partition: nothing-0: \
                  org.apache.kafka.common.errors.UnknownTopicOrPartitionException: ";
    assert!(one.stdout.starts_with(failed) && one.code == Some(1), "{}", one.stdout);
    assert_eq!(one.stderr, "1 replica(s) could not be elected\n");
    let missing = "Missing required option(s): election-type\n";
    visit.refuses(name, "--all-topic-partitions", "", missing);
}

#[test]
fn partitions_are_moved_between_brokers() {
    let visit = Visit::new();
    visit.prints("kafka-topics", "--create --topic orders", "Created topic orders.\n");
    let name = "kafka-reassign-partitions";
    let dir = visit.home.path().join("data").display().to_string();
    let write = |name: &str, text: &str| {
        let file = visit.home.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let topics = write("topics.json", r#"{"version":1,"topics":[{"topic":"orders"}]}"#);
    let there = format!(
        r#"{{"version":1,"partitions":[{{"topic":"orders","partition":0,"replicas":[1],"log_dirs":["{dir}"]}}]}}"#
    );
    let anywhere =
        r#"{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1],"log_dirs":["any"]}]}"#;
    visit.prints(
        name,
        &format!("--generate --broker-list 1 --topics-to-move-json-file {topics}"),
        &format!(
            "Current partition replica assignment\n{there}\n\n\
             Proposed partition reassignment configuration\n{anywhere}\n"
        ),
    );
    let plan = write("plan.json", anywhere);
    visit.prints(
        name,
        &format!("--execute --reassignment-json-file {plan}"),
        &format!(
            "Current partition replica assignment\n\n{there}\n\nSave this to use as the --reassignment-json-file \
             option during rollback\nSuccessfully started partition reassignment for orders-0\n"
        ),
    );
    let verified = "Status of partition reassignment:\nReassignment of partition orders-0 is completed.\n\n";
    let verify = format!("--verify --preserve-throttles --reassignment-json-file {plan}");
    visit.prints(name, &verify, verified);
    visit.prints(name, "--list", "No partition reassignments found.\n");
    let far = write("far.json", &anywhere.replace("[1]", "[7]"));
    let unknown = "Error: Unknown broker id 7\n";
    visit.refuses(name, &format!("--execute --reassignment-json-file {far}"), unknown, "");
    let empty = write("empty.json", "{}");
    let nothing = "Error: Partition reassignment list cannot be empty\n";
    visit.refuses(name, &format!("--execute --reassignment-json-file {empty}"), nothing, "");
    let foreign = "Option \"[throttle]\" can't be used with action \"[verify]\"\nOption ";
    visit.refuses(name, &format!("{verify} --throttle 1"), "", foreign);
}

#[test]
fn access_is_told_of_or_why_it_cannot_be() {
    let visit = Visit::new();
    let name = "kafka-acls.sh";
    for line in ["--list", "--add --allow-principal User:a --topic orders", "--remove --topic orders --force"]
    {
        let ended = visit.script(name, line);
        let is_told =
            ended.stdout.starts_with("Error while executing ACL command: ") || ended.code == Some(0);
        assert!(is_told, "{line}: {}{}", ended.stdout, ended.stderr);
    }
    for (line, expected) in [
        ("--list --add", "Command must include exactly one action: --list, --add, --remove. \nOption "),
        (
            "--add --topic orders",
            "You must specify one of: --allow-principal, --deny-principal when trying to add",
        ),
        ("--remove --force", "You must provide at least one resource: --topic <topic> or --cluster or "),
        ("--list --nonsense", "nonsense is not a recognized option\nOption "),
    ] {
        visit.refuses(name, line, "", expected);
    }
    let unasked = visit.script(name, "--remove --topic orders");
    let question = "Are you sure you want to delete all ACLs for resource filter `ResourcePattern(resourceType=TOPIC, \
                    name=orders, patternType=LITERAL)`? (y/n)\n";
    assert!(unasked.stdout.starts_with(question) && unasked.code == Some(1), "{}", unasked.stdout);
    assert!(unasked.stdout.contains("--force removes without asking"), "{}", unasked.stdout);
}

#[test]
fn quotas_and_credentials_are_refused_where_they_make_no_sense() {
    let visit = Visit::new();
    let name = "kafka-configs";
    for (line, expected) in [
        (
            "--user a --alter --add-config nonsense=1",
            "Only quota and SCRAM credential configs can be added for 'users' using --bootstrap-server. Unexpected",
        ),
        (
            "--client a --alter --add-config SCRAM-SHA-256=[password=a]",
            "Only quota configs can be added for 'clients' using --bootstrap-server. Unexpected config names: SCRAM",
        ),
        (
            "--user-defaults --alter --add-config SCRAM-SHA-256=[password=a]",
            "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials",
        ),
        (
            "--user a --alter --add-config SCRAM-SHA-256=[iterations=1,password=a]",
            "Iterations 1 is less than the minimum 4096 required for SCRAM-SHA-256",
        ),
        (
            "--user a --topic b --describe",
            "Only 'users' and 'clients' entity types may be specified together",
        ),
        ("--entity-type ips --alter --add-config a=b", "An entity-name or default entity must be specified"),
        ("--broker-logger 1 --alter --add-config nonsense=DEBUG", "Invalid broker logger(s): nonsense"),
    ] {
        visit.refuses(name, line, "", expected);
    }
}

#[test]
fn brokers_are_not_taken_for_controllers() {
    let visit = Visit::new();
    for args in [
        &["kafka-cluster", "cluster-id", "--bootstrap-controller"][..],
        &["kafka-metadata-quorum", "--bootstrap-controller"],
        &["kafka-configs", "--describe", "--broker", "1", "--bootstrap-controller"],
    ] {
        let mut args = args.to_vec();
        args.push(&visit.brokers);
        if args[0] == "kafka-metadata-quorum" {
            args.extend(["describe", "--status"]);
        }
        let ended = visit.run(&args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{args:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("endpoint of type BROKER, but we wanted"),
            "{args:?}: {}",
            ended.stderr
        );
    }
    let both = visit.script("kafka-acls", "--bootstrap-controller a:1 --list");
    assert!(
        both.stderr.starts_with("Only one of --bootstrap-server or --bootstrap-controller "),
        "{}",
        both.stderr
    );
}
