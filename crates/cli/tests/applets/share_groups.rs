//! Share groups.

use super::Comparison;

/// Members that are not heard of stay for a while.
const OPTIONS: [&str; 4] = [
    "share.coordinator.state.topic.num.partitions=1",
    "group.share.initial.rebalance.delay.ms=0",
    "group.share.max.session.timeout.ms=600000",
    "group.share.session.timeout.ms=600000",
];

const NAME: &str = "kafka-share-groups";

impl Comparison {
    /// One topic for each, with twenty records in two partitions.
    fn with_share_topics() -> Comparison {
        let mut it = Comparison::with(&OPTIONS);
        it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
        // Keys have all of them go to the same partitions.
        let lines: String = (0..20).map(|number| format!("{number}\t{number}\n")).collect();
        let keyed = "{at} --topic {who}-a --reader-property parse.key=true";
        it.compare_masked("kafka-console-producer", keyed, &lines, &[]);
        it
    }
}

#[test]
fn share_groups_are_listed_shown_reset_and_deleted_alike() {
    let mut it = Comparison::with_share_topics();
    for line in [
        "--group {who}-g --topic {who}-a --to-earliest --dry-run",
        "--group {who}-g --all-topics --to-earliest --execute",
        "--group {who}-g --topic {who}-a --to-earliest --execute",
        "--group {who}-g --all-topics --to-latest --dry-run",
        "--group {who}-g --topic {who}-a --to-datetime 2120-01-01T00:00:00.000 --dry-run",
    ] {
        it.compare_unordered(NAME, &format!("{{at}} --reset-offsets {line}"));
    }
    // Of consumers.
    let of_consumers = "{at} --reset-offsets --group {who}-c --topic {who}-a:0 --to-earliest --execute";
    it.compare("kafka-consumer-groups", of_consumers);
    for line in [
        "--describe --group {who}-g",
        "--describe --group {who}-g --offsets --verbose",
        "--describe --group {who}-g --members",
        "--describe --group {who}-g --state",
        "--describe --group {who}-g --state --verbose",
        "--describe --group {who}-none",
        "--describe --group {who}-c",
        "--reset-offsets --group {who}-g --topic {who}-a:1 --to-latest --execute",
        "--reset-offsets --group {who}-g --topic {who}-a:0 --to-datetime 2020-01-01T00:00:00.000 --execute",
        "--reset-offsets --group {who}-g --topic {who}-a:0 --to-datetime nonsense --execute",
        "--reset-offsets --group {who}-g --topic {who}-a:7 --to-earliest --execute",
        "--reset-offsets --group {who}-g --topic {who}-a:x --to-earliest --execute",
        "--reset-offsets --group {who}-g --topic {who}-a: --to-earliest --execute",
        "--reset-offsets --group {who}-g --topic {who}-none --to-earliest --execute",
        "--reset-offsets --group {who}-g --topic {who}-none:0 --to-earliest --execute",
        "--reset-offsets --group {who}-c --topic {who}-a:0 --to-earliest --execute",
        "--reset-offsets --group {who}-new --all-topics --to-earliest --dry-run",
        "--describe --group {who}-g",
        "--delete-offsets --group {who}-g --topic {who}-none",
        "--delete-offsets --group {who}-g --topic {who}-a --topic {who}-none",
        "--delete-offsets --group {who}-none --topic {who}-a",
        "--describe --group {who}-g",
        "--delete --group {who}-g --group {who}-none --group {who}-c",
        "--delete --group {who}-g",
    ] {
        it.compare(NAME, &format!("{{at}} {line}"));
    }
    it.done();
}

#[test]
fn share_groups_with_members_are_shown_and_left_alone_alike() {
    let mut it = Comparison::with_share_topics();
    // Whoever asks for a group has its coordinator be there.
    it.compare(NAME, "{at} --describe --group {who}-g");
    it.join_share_group("{who}-g", "{who}-a");
    for line in [
        "--describe --group {who}-g --members",
        "--describe --group {who}-g --members --verbose",
        "--describe --group {who}-g --state",
        "--describe --group {who}-g --state --verbose",
        "--describe --group {who}-g --verbose",
        "--delete --group {who}-g",
        "--delete-offsets --group {who}-g --topic {who}-a",
        "--reset-offsets --group {who}-g --topic {who}-a --to-earliest --execute",
    ] {
        it.compare(NAME, &format!("{{at}} {line}"));
    }
    it.done();
}

#[test]
fn all_share_groups_are_meant_alike() {
    let mut it = Comparison::with(&OPTIONS);
    it.ours("kafka-topics", "{at} --create --topic common", "", &[]);
    let reset = |group: &str| {
        format!("{{at}} --reset-offsets --group {group} --topic common:0 --to-earliest --execute")
    };
    it.ours(NAME, &reset("one"), "", &[]);
    it.ours(NAME, &reset("another-with-a-long-name"), "", &[]);
    for line in ["--list", "--list --state", "--list --state Empty", "--list --state dead,STABLE"] {
        it.compare_unordered(NAME, &format!("{{at}} {line}"));
    }
    for line in ["--describe --all-groups --state", "--describe --all-groups"] {
        it.compare(NAME, &format!("{{at}} {line}"));
    }
    let delete = "{at} --delete --all-groups";
    let original = it.original(NAME, delete, "", &[]);
    it.ours(NAME, &reset("one"), "", &[]);
    it.ours(NAME, &reset("another-with-a-long-name"), "", &[]);
    let ours = it.ours(NAME, delete, "", &[]);
    // The order of groups is that of a hash table.
    let sorted = |answer: super::Answer| {
        let mut names: Vec<String> = answer.stdout.split(['(', ')', ',']).map(str::to_owned).collect();
        names.iter_mut().for_each(|name| *name = name.trim().to_owned());
        names.sort();
        super::Answer { stdout: names.join(" "), ..answer }
    };
    it.judge(NAME, delete, &sorted(original), &sorted(ours));
    it.compare(NAME, delete);
    it.done();
}

#[test]
fn share_groups_are_asked_for_in_ways_that_make_sense() {
    let mut it = Comparison::with(&OPTIONS);
    for line in [
        "",
        "--list",
        "{at}",
        "{at} --list --describe --group g",
        "{at} --list --group g",
        "{at} --list --topic a",
        "{at} --list --members",
        "{at} --list --state Nonsense",
        "{at} --list --timeout x",
        "{at} --state",
        "{at} --describe",
        "{at} --describe --group g --all-groups",
        "{at} --describe --group g --members --state",
        "{at} --describe --group g --state Empty",
        "{at} --delete",
        "{at} --delete --group g --all-groups",
        "{at} --delete --group g --topic a",
        "{at} --delete-offsets --group g",
        "{at} --delete-offsets --group g --group h --topic a",
        "{at} --reset-offsets --group g --topic a --to-earliest",
        "{at} --reset-offsets --group g --topic a --to-earliest --execute --dry-run",
        "{at} --reset-offsets --topic a --to-earliest --execute",
        "{at} --reset-offsets --group g --to-earliest --execute",
        "{at} --reset-offsets --group g --topic a --execute",
        "{at} --reset-offsets --group g --topic a --to-earliest --to-latest --execute",
        "{at} --reset-offsets --group g --topic a --to-offset 3 --execute",
        "{at} --reset-offsets --group g --topic a --shift-by 3 --execute",
    ] {
        it.compare(NAME, line);
    }
    it.done();
}

#[test]
fn records_are_shared_alike() {
    let mut it = Comparison::with(&OPTIONS);
    it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 1");
    let lines: String = (0..10).map(|number| format!("h:{number}\t{number}\tvalue {number}\n")).collect();
    let keyed = "{at} --topic {who}-a --reader-property parse.key=true --reader-property parse.headers=true";
    it.compare_masked("kafka-console-producer", keyed, &lines, &[]);
    let reset = "{at} --reset-offsets --group {who}-g --topic {who}-a --to-earliest --execute";
    it.compare(NAME, reset);
    let all = "--formatter-property print.key=true --formatter-property print.headers=true \
               --formatter-property print.offset=true --formatter-property print.partition=true \
               --formatter-property print.delivery=true --formatter-property print.epoch=true";
    for line in [
        "--max-messages 4 --release --property print.delivery=true",
        &format!("--max-messages 3 --reject {all}"),
        &format!("--max-messages 2 --consumer-property client.id=somebody {all}"),
        "--timeout-ms 4000 --command-property fetch.max.wait.ms=100 --property print.offset=true",
        "--timeout-ms 1000",
    ] {
        it.compare(
            "kafka-console-share-consumer",
            &format!("{{at}} --topic {{who}}-a --group {{who}}-g {line}"),
        );
    }
    it.compare(NAME, "{at} --describe --group {who}-g");
    it.compare(NAME, reset);
    let bad = "--max-messages 3 --timeout-ms 4000 \
               --value-deserializer org.apache.kafka.common.serialization.LongDeserializer";
    for line in [bad, &format!("{bad} --reject-message-on-error")] {
        it.compare(
            "kafka-console-share-consumer",
            &format!("{{at}} --topic {{who}}-a --group {{who}}-g {line}"),
        );
    }
    for line in [
        "{at}",
        "--topic {who}-a",
        "{at} --topic {who}-a --reject --release",
        "{at} --topic {who}-a --property a=b --formatter-property a=b",
        "{at} --topic {who}-a --consumer-property a=b --command-property a=b",
        "{at} --topic {who}-a --consumer-config a --command-config a",
        "{at} --topic {who}-a --group a --consumer-property group.id=b",
        "{at} --topic {who}-a --formatter nonsense",
        "{at} --topic {who}-a --max-messages x",
        "{at} --topic {who}-a --nonsense",
        "{at} --topic {who}-a --timeout-ms 1000 --enable-systest-events",
    ] {
        it.compare("kafka-console-share-consumer", line);
    }
    it.done();
}
