//! Who leads partitions, and where they are.

use super::Comparison;

#[test]
fn leaders_are_elected_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
    let both = r#"{"partitions":[{"topic":"{who}-a","partition":0},{"topic":"{who}-a","partition":1}]}"#;
    let twice = r#"{"partitions":[{"topic":"{who}-a","partition":0},{"topic":"{who}-a","partition":0}]}"#;
    let files = [("both", both), ("twice", twice), ("none", "{}"), ("bad", "{")]
        .map(|(name, text)| it.files(name, text));
    let [both, twice, none, bad] = files.map(|file| format!("--path-to-json-file {file}"));
    let empty = it.file("empty.properties", "");
    for line in [
        "{at} --election-type preferred --all-topic-partitions",
        "{at} --election-type preferred --topic {who}-a --partition 1",
        "{at} --election-type UNCLEAN --topic {who}-a --partition 1",
        "{at} --election-type preferred --topic {who}-a --partition 7",
        "{at} --election-type preferred --topic {who}-none --partition 0",
        &format!("{{at}} --election-type preferred {twice}"),
        &format!("{{at}} --election-type preferred {none}"),
        &format!("{{at}} --election-type preferred {bad}"),
        &format!("{{at}} --election-type preferred --all-topic-partitions --admin.config {empty}"),
        "{at} --election-type nonsense --all-topic-partitions",
        "{at} --election-type preferred",
        "{at} --election-type preferred --topic {who}-a",
        "{at} --election-type preferred --all-topic-partitions --partition 1",
        "{at}",
        "--election-type preferred",
    ] {
        it.compare("kafka-leader-election", line);
    }
    // Of several partitions the order is that of a hash table.
    it.compare_masked(
        "kafka-leader-election",
        &format!("{{at}} --election-type preferred {both}"),
        "",
        &["[^ ]+-a-[01],? ?"],
    );
    it.done();
}

#[test]
fn partitions_are_moved_alike() {
    let mut it = Comparison::with(&["log.dirs={node}/data,{node}/more"]);
    it.compare("kafka-topics", "{at} --create --topic {who}-a --partitions 2");
    let name = "kafka-reassign-partitions";
    let node = it.dir.path().join("node");
    let plan = |entries: &str| format!(r#"{{"version":1,"partitions":[{entries}]}}"#);
    let entry = |number: i32, replicas: &str, dirs: &str| {
        format!(r#"{{"topic":"{{who}}-a","partition":{number},"replicas":{replicas}{dirs}}}"#)
    };
    let dirs = |dir: &str| format!(r#","log_dirs":["{}"]"#, node.join(dir).display());
    let stay = it.files("stay", &plan(&entry(0, "[1]", "")));
    let more =
        it.files("more", &plan(&[entry(0, "[1]", &dirs("more")), entry(1, "[1]", &dirs("more"))].join(",")));
    let back = it.files("back", &plan(&entry(0, "[1]", &dirs("data"))));
    let nowhere = it.files("nowhere", &plan(&entry(0, "[1]", &dirs("nowhere"))));
    let seven = it.files("seven", &plan(&entry(0, "[1,7]", "")));
    let far = it.files("far", &plan(&entry(9, "[1]", "")));
    let none = it.files("none", &plan(r#"{"topic":"{who}-none","partition":0,"replicas":[1]}"#));
    let twice = it.files("twice", &plan(&[entry(0, "[1]", ""), entry(0, "[1]", "")].join(",")));
    let same = it.files("same", &plan(&entry(0, "[1,1]", "")));
    let empty = it.files("empty", &plan(""));
    let uneven = it.files("uneven", &plan(&entry(0, "[1]", r#","log_dirs":[]"#)));
    let version = it.files("version", r#"{"version":2}"#);
    let topics = it.files("topics", r#"{"version":1,"topics":[{"topic":"{who}-a"}]}"#);
    let unknown = it.files("unknown", r#"{"version":1,"topics":[{"topic":"{who}-none"}]}"#);
    let file = |path: &str| format!("--reassignment-json-file {path}");
    // In which of the two directories a partition was made is chance.
    let chance = &["/node/(?:data|more)"];
    let masked =
        |it: &mut Comparison, line: &str| it.compare_masked(name, &format!("{{at}} {line}"), "", chance);
    masked(&mut it, &format!("--generate --broker-list 1 --topics-to-move-json-file {topics}"));
    masked(&mut it, &format!("--execute {}", file(&stay)));
    masked(&mut it, &format!("--execute {} --throttle 1000000", file(&stay)));
    it.compare("kafka-configs", "{at} --describe --topic {who}-a");
    it.compare("kafka-configs", "{at} --describe --broker 1");
    masked(&mut it, &format!("--verify {} --preserve-throttles", file(&stay)));
    masked(&mut it, &format!("--verify {}", file(&stay)));
    it.compare("kafka-configs", "{at} --describe --topic {who}-a");
    masked(&mut it, &format!("--execute {} --replica-alter-log-dirs-throttle 10000000", file(&more)));
    for line in [
        format!("--generate --broker-list 1,7 --topics-to-move-json-file {unknown}"),
        format!("--generate --broker-list 7 --topics-to-move-json-file {topics}"),
        format!("--generate --broker-list 1,1 --topics-to-move-json-file {topics}"),
        format!("--generate --broker-list x --topics-to-move-json-file {topics}"),
        "--generate --broker-list 1".to_owned(),
        format!("--execute {}", file(&seven)),
        format!("--execute {}", file(&far)),
        format!("--execute {}", file(&none)),
        format!("--execute {}", file(&twice)),
        format!("--execute {}", file(&same)),
        format!("--execute {}", file(&empty)),
        format!("--execute {}", file(&uneven)),
        format!("--execute {}", file(&version)),
        format!("--verify {} --preserve-throttles", file(&seven)),
        format!("--verify {} --preserve-throttles", file(&none)),
        format!("--cancel {}", file(&stay)),
        format!("--cancel {} --preserve-throttles", file(&stay)),
        format!("--verify {} --throttle 1", file(&stay)),
        "--list".to_owned(),
        "--list --verify".to_owned(),
        "--execute".to_owned(),
        String::new(),
    ] {
        masked(&mut it, &line);
    }
    it.compare(name, "--list");
    // Both have moved by now.
    masked(&mut it, &format!("--verify {}", file(&more)));
    masked(&mut it, &format!("--verify {}", file(&back)));
    masked(&mut it, &format!("--execute {}", file(&nowhere)));
    masked(&mut it, &format!("--execute {}", file(&back)));
    it.done();
}
