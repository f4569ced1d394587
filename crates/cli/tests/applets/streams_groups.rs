//! Streams groups.

use super::Comparison;

/// Members that are not heard of stay for a while.
const OPTIONS: [&str; 3] = [
    "group.streams.initial.rebalance.delay.ms=0",
    "group.streams.max.session.timeout.ms=600000",
    "group.streams.session.timeout.ms=600000",
];

const NAME: &str = "kafka-streams-groups";

impl Comparison {
    /// One topic for each, with twenty records in two partitions, and a group that reads it.
    fn with_streams_groups() -> Comparison {
        let mut it = Comparison::with(&OPTIONS);
        it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
        it.compare("kafka-topics", "{at} --create --topic {who}-b");
        // Keys have all of them go to the same partitions.
        let lines: String = (0..20).map(|number| format!("{number}\t{number}\n")).collect();
        let keyed = "{at} --topic {who}-a --reader-property parse.key=true";
        it.compare_masked("kafka-console-producer", keyed, &lines, &[]);
        // Whoever asks for a group has its coordinator be there.
        it.compare(NAME, "{at} --describe --group {who}-g");
        it.join_streams_group("{who}-g", "{who}-a");
        it
    }
}

#[test]
fn streams_groups_are_listed_shown_reset_and_deleted_alike() {
    let mut it = Comparison::with_streams_groups();
    it.leave_streams_group("{who}-g");
    let plan = it.files("plan", "{who}-a,0,1\n{who}-a,1,4\n");
    it.compare_unordered(
        NAME,
        &format!("{{at}} --reset-offsets --group {{who}}-g --from-file {plan} --execute"),
    );
    for line in [
        "--group {who}-g --all-input-topics --to-earliest --dry-run",
        "--group {who}-g --input-topic {who}-a --to-latest --dry-run",
        "--group {who}-g --input-topic {who}-a --to-current --dry-run --export",
        "--group {who}-g --all-input-topics --shift-by 1 --execute",
    ] {
        it.compare_unordered(NAME, &format!("{{at}} --reset-offsets {line}"));
    }
    for line in [
        "--describe --group {who}-g",
        "--describe --group {who}-g --members",
        "--describe --group {who}-g --state",
        "--describe --group {who}-g --state --verbose",
        "--describe --group {who}-none",
        "--describe --group {who}-g --group {who}-none --state",
        "--reset-offsets --group {who}-g --input-topic {who}-a:1 --to-offset 4000 --dry-run",
        "--reset-offsets --group {who}-g --input-topic {who}-a:1 --to-offset 3 --execute --export",
        "--reset-offsets --group {who}-g --input-topic {who}-a:0 --by-duration P1D --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-a:0 --to-datetime 2120-01-01T00:00:00.000 --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-a:0 --to-datetime nonsense --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-a:7 --to-earliest --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-a:x --to-earliest --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-b --to-earliest --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-none --to-earliest --execute",
        "--reset-offsets --group {who}-g --input-topic {who}-none:0 --to-earliest --execute",
        "--reset-offsets --group {who}-g --to-earliest --execute",
        "--reset-offsets --group {who}-g --all-input-topics --execute",
        "--reset-offsets --group {who}-none --input-topic {who}-a:0 --to-earliest --dry-run",
        "--reset-offsets --group {who}-none --all-input-topics --to-earliest --dry-run",
        "--delete-offsets --group {who}-g --input-topic {who}-a:1",
        "--delete-offsets --group {who}-g --input-topic {who}-none",
        "--delete-offsets --group {who}-g --all-input-topics",
        "--delete-offsets --group {who}-g --all-input-topics",
        "--delete-offsets --group {who}-none --input-topic {who}-a",
        "--delete-offsets --group {who}-none --all-input-topics",
        "--delete --group {who}-g --group {who}-none",
        "--delete --group {who}-g",
    ] {
        it.compare(NAME, &format!("{{at}} {line}"));
    }
    it.done();
}

#[test]
fn internal_topics_are_deleted_alike() {
    let mut it = Comparison::with_streams_groups();
    it.leave_streams_group("{who}-g");
    let plan = it.files("plan", "{who}-a,0,1\n");
    let reset = format!("{{at}} --reset-offsets --group {{who}}-g --from-file {plan} --execute");
    for line in [
        format!("{reset} --delete-internal-topic {{who}}-none"),
        format!("{reset} --delete-internal-topic {{who}}-b"),
        format!("{reset} --delete-all-internal-topics"),
        format!("{reset} --delete-all-internal-topics"),
        "{at} --delete --group {who}-g --delete-all-internal-topics".to_owned(),
    ] {
        it.compare(NAME, &line);
    }
    // With topics that are there.
    it.join_streams_group("{who}-h", "{who}-a");
    it.leave_streams_group("{who}-h");
    it.compare(NAME, "{at} --delete --group {who}-h --delete-all-internal-topics");
    it.compare("kafka-topics", "{at} --list --topic {who}-.*");
    it.done();
}

#[test]
fn streams_groups_with_members_are_shown_and_left_alone_alike() {
    let mut it = Comparison::with_streams_groups();
    for line in [
        "--describe --group {who}-g --members",
        "--describe --group {who}-g --members --verbose",
        "--describe --group {who}-g --state",
        "--describe --group {who}-g --state --verbose",
        "--delete --group {who}-g",
        "--delete-offsets --group {who}-g --input-topic {who}-a",
        "--reset-offsets --group {who}-g --input-topic {who}-a --to-earliest --execute",
    ] {
        it.compare(NAME, &format!("{{at}} {line}"));
    }
    it.compare_unordered(NAME, "{at} --describe --group {who}-g");
    it.compare_unordered(NAME, "{at} --describe --group {who}-g --offsets --verbose");
    it.done();
}

#[test]
fn streams_groups_are_listed_alike() {
    let mut it = Comparison::with_streams_groups();
    // Those of both are listed, so that nobody's names are put back.
    it.leave_streams_group("{who}-g");
    for line in ["--list", "--list --state", "--list --state Empty", "--list --state stable,NotReady"] {
        let masks = ["gamma", "delta", r"\{who\}"];
        let line = format!("{{at}} {line}");
        let original = it.original(NAME, &line, "", &masks).sorted();
        let ours = it.ours(NAME, &line, "", &masks).sorted();
        it.judge(NAME, &line, &original, &ours);
    }
    it.done();
}

#[test]
fn streams_groups_are_asked_for_in_ways_that_make_sense() {
    let mut it = Comparison::with(&OPTIONS);
    for line in [
        "",
        "--list",
        "{at}",
        "{at} --list",
        "{at} --delete --all-groups",
        "{at} --list --describe --group g",
        "{at} --list --group g",
        "{at} --list --members",
        "{at} --list --state Nonsense",
        "{at} --list --timeout x",
        "{at} --state",
        "{at} --describe",
        "{at} --describe --group g --all-groups",
        "{at} --describe --group g --members --state",
        "{at} --describe --group g --state Empty",
        "{at} --describe --group g --input-topic a",
        "{at} --delete",
        "{at} --delete --group g --input-topic a",
        "{at} --delete --group g --execute",
        "{at} --delete-offsets --group g",
        "{at} --delete-offsets --input-topic a",
        "{at} --delete-offsets --group g --group h --input-topic a",
        "{at} --reset-offsets --group g --input-topic a --to-earliest",
        "{at} --reset-offsets --group g --input-topic a --to-earliest --execute --dry-run",
        "{at} --reset-offsets --input-topic a --to-earliest --execute",
        "{at} --reset-offsets --group g --input-topic a --to-earliest --to-latest --execute",
        "{at} --reset-offsets --group g --input-topic a --to-earliest --dry-run --delete-all-internal-topics",
        "{at} --reset-offsets --group g --input-topic a --to-earliest --dry-run --delete-internal-topic a",
        "{at} --list --delete-all-internal-topics",
    ] {
        it.compare(NAME, line);
    }
    it.done();
}
