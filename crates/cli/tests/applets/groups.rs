//! Consumer groups.

use super::Comparison;

#[test]
fn groups_are_listed_shown_reset_and_deleted_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
    // Keys have all of them go to the same partitions.
    let lines: String = (0..20).map(|number| format!("{number}\t{number}\n")).collect();
    let keyed = "{at} --topic {who}-a --reader-property parse.key=true";
    it.compare_masked("kafka-console-producer", keyed, &lines, &[]);
    let name = "kafka-consumer-groups";
    it.compare_unordered(name, "{at} --reset-offsets --group {who}-g --topic {who}-a --to-earliest");
    it.compare_unordered(name, "{at} --reset-offsets --group {who}-g --topic {who}-a --to-latest --execute");
    for line in [
        "{at} --describe --group {who}-g",
        "{at} --describe --group {who}-g --offsets --verbose",
        "{at} --describe --group {who}-g --members",
        "{at} --describe --group {who}-g --members --verbose",
        "{at} --describe --group {who}-g --state",
        "{at} --describe --group {who}-g --state --verbose",
        "{at} --describe --group {who}-none",
        "{at} --describe",
        "{at} --describe --group {who}-g --members --state",
        "{at} --describe --list",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:1 --to-offset 4 --execute",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:1 --to-offset 4000 --dry-run",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:1 --shift-by -2 --execute --export",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:0 --to-current --execute",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:0 --to-datetime 2020-01-01T00:00:00.000 --execute",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:0 --to-datetime 2120-01-01T00:00:00.000 --execute",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:1 --by-duration P1D --execute",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:7 --to-earliest",
        "{at} --reset-offsets --group {who}-g --topic {who}-none --to-earliest",
        "{at} --reset-offsets --group {who}-g --topic {who}-none:0 --to-earliest",
        "{at} --reset-offsets --group {who}-h --topic {who}-a:0 --shift-by 1",
        "{at} --reset-offsets --group {who}-g --to-earliest",
        "{at} --reset-offsets --group {who}-g --topic {who}-a",
        "{at} --reset-offsets --group {who}-g --topic {who}-a --to-earliest --to-latest",
        "{at} --reset-offsets --group {who}-g --topic {who}-a:x --to-earliest",
        "{at} --describe --group {who}-g",
        "{at} --delete-offsets --group {who}-g --topic {who}-a:1",
        "{at} --delete-offsets --group {who}-g --topic {who}-none",
        "{at} --delete-offsets --group {who}-none --topic {who}-a",
        "{at} --describe --group {who}-g",
        "{at} --delete --group {who}-g",
        "{at} --delete --group {who}-g",
        "{at} --delete",
        "{at} --validate-regex a.*",
        "{at} --state",
        "{at} --list --state Nonsense",
        "{at} --list --type nonsense",
        "{at} --list --timeout x",
        "{at} --delete-offsets --group {who}-g --group {who}-h --topic {who}-a",
    ] {
        it.compare(name, line);
    }
    // Groups of both are listed.
    it.original(
        "kafka-console-consumer",
        "{at} --topic {who}-a --group one --from-beginning --max-messages 20",
        "",
        &[],
    );
    it.compare(name, "{at} --list");
    it.compare(name, "{at} --list --state");
    it.compare(name, "{at} --list --state Empty --type classic");
    it.compare(name, "{at} --list --type");
    it.done();
}

#[test]
fn offsets_are_set_by_files_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
    let lines: String = (0..20).map(|number| format!("{number}\t{number}\n")).collect();
    let keyed = "{at} --topic {who}-a --reader-property parse.key=true";
    it.compare_masked("kafka-console-producer", keyed, &lines, &[]);
    let name = "kafka-consumer-groups";
    // Of several partitions the order is that of a hash table.
    let plan = it.files("plan", "{who}-a,1,4\n{who}-a,0,1\n");
    let grouped = it.files("grouped", "{who}-g,{who}-a,1,3\n{who}-h,{who}-a,0,2\n");
    let beyond = it.files("beyond", "{who}-a,1,4000\n");
    for line in [
        format!("--group {{who}}-g --from-file {plan} --dry-run"),
        format!("--group {{who}}-g --from-file {plan} --execute"),
        format!("--group {{who}}-g --group {{who}}-h --from-file {grouped} --execute"),
        format!("--group {{who}}-i --from-file {grouped} --execute"),
        format!("--group {{who}}-g --from-file {beyond} --dry-run"),
        format!("--group {{who}}-g --from-file {plan} --to-latest"),
    ] {
        it.compare_unordered(name, &format!("{{at}} --reset-offsets {line}"));
    }
    it.done();
}
