//! Scripts about groups of kinds that `ottla serve` does not have.

use super::super::Visit;

#[test]
fn groups_of_consumers_are_no_share_groups_and_no_streams_groups() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    visit.ok(&["group", "seek", "billing", "--to", "0", "--topic", "orders", "--execute"]);
    for (kind, refusal) in
        [("share", "is not a share group"), ("streams", "does not exist or is not a streams group")]
    {
        let name = &format!("kafka-{kind}-groups");
        visit.prints(name, "--list", "");
        visit.prints(name, "--list --state", "GROUP           STATE\n");
        let refused = format!(
            "\nError: Deletion of some {kind} groups failed:\n* Group 'billing' could not be deleted due to: \
             java.lang.IllegalArgumentException: Group 'billing' {refusal}.\n"
        );
        visit.prints(name, "--delete --group billing", &refused);
    }
    let none = "Deletion of requested share groups () was successful.\n";
    visit.prints("kafka-share-groups", "--delete --all-groups", none);
    let none = "Deletion of requested streams groups ('') was successful.\n";
    visit.prints("kafka-streams-groups", "--delete --all-groups", none);
}

#[test]
fn offsets_of_streams_groups_are_deleted_as_those_of_consumers() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    visit.ok(&["group", "seek", "totals", "--to", "0", "--topic", "orders", "--execute"]);
    let deleted = "Request succeeded for deleting offsets from group totals.\n\n\
                   TOPIC           PARTITION  STATUS         \n\
                   orders          0          Successful     \n";
    visit.prints("kafka-streams-groups", "--delete-offsets --group totals --input-topic orders:0", deleted);
}

#[test]
fn what_makes_no_sense_of_groups_is_told_with_the_help() {
    let visit = Visit::new();
    for (name, line, expected) in [
        ("share-groups", "", "Command must include exactly one action: --list, --describe, --delete, "),
        ("share-groups", "--list --members", "Option(s) [members] are unavailable given other options"),
        (
            "share-groups",
            "--describe",
            "Option [describe] takes one of these options: [all-groups], [group]\n",
        ),
        (
            "share-groups",
            "--reset-offsets --group g --topic a --to-earliest",
            "Option [reset-offsets] takes the option: [execute] or [dry-run]\nOption ",
        ),
        (
            "share-groups",
            "--reset-offsets --group g --topic a --execute",
            "Option [reset-offsets] takes one of these options: [to-datetime], [to-earliest], [to-latest]\n",
        ),
        ("share-groups", "--list --state Stale", "Invalid state list 'Stale'. Valid states are: Stable, "),
        (
            "streams-groups",
            "--delete-offsets --group g",
            "Option [delete-offsets] takes the [group] and one of these options: [all-input-topics], [input-topic]\n",
        ),
        (
            "streams-groups",
            "--delete --group g --execute",
            "Only Option [reset-offsets] accepts [execute] or [dry-run]\nOption ",
        ),
        (
            "streams-groups",
            "--reset-offsets --group g --dry-run --delete-all-internal-topics",
            "Option [delete-all-internal-topics] takes [execute] when [reset-offsets] is used.\nOption ",
        ),
        ("console-share-consumer", "", "--topic is a required argument\nOption "),
        (
            "console-share-consumer",
            "--topic a --reject --release",
            "At most one of --reject and --release may be specified.\nOption ",
        ),
    ] {
        visit.refuses(&format!("kafka-{name}"), line, "", expected);
    }
}
