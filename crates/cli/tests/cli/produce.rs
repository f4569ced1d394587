//! `ottla produce`.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::Visit;
use super::support::wait_until;

const SHOWN: &str = "%p|%k|%v|%V|%h{%k=%v,}\\n";

fn read(visit: &Visit, topic: &str) -> String {
    visit.ok(&["consume", topic, "-e", "-f", SHOWN])
}

#[test]
fn each_line_is_a_record_with_key_headers_and_partition_as_flags_say() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "3"]);
    visit.fed(&["produce", "orders", "-K", ":", "-H", "a=1", "-H", "b:2", "-p", "2"], b"k1:v:1\nno key\n:\n");
    visit.fed(
        &["produce", "orders", "-k", "same", "-p", "1", "-Z", "--acks", "1", "-z", "zstd"],
        b"v\n\nlast",
    );
    visit.ok(&["produce", "orders", "-k", "gone", "-p", "0", "--tombstone"]);
    let mut lines: Vec<String> = read(&visit, "orders").lines().map(str::to_owned).collect();
    // Each partition is in order; which comes first is not told.
    lines.sort_by_key(|line| line[..1].to_owned());
    let expected = [
        "0|gone||-1|",
        "1|same|v|1|",
        "1|same||-1|",
        "1|same|last|4|",
        "2|k1|v:1|3|a=1,b=2,",
        "2||no key|6|a=1,b=2,",
        "2|||0|a=1,b=2,",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn files_are_read_by_line_or_whole() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "files", "-p", "1"]);
    let paths: Vec<String> = ["a", "b"]
        .iter()
        .map(|name| {
            let path = visit.home.path().join(name);
            fs::write(&path, format!("{name}1\n{name}2\n")).unwrap();
            path.display().to_string()
        })
        .collect();
    visit.ok(&["produce", "files", &paths[0], &paths[1]]);
    visit.ok(&["produce", "files", "-i", "whole", &paths[1]]);
    assert_eq!(visit.ok(&["consume", "files", "-e", "-f", "%v;"]), "a1;a2;b1;b2;b1\nb2\n;");
    let missing = visit.refused(&["produce", "files", "/nowhere"], 1);
    assert!(missing.contains("cannot read /nowhere"), "{missing}");
}

#[test]
fn a_pipe_copies_a_topic_byte_for_byte() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "original", "copy", "-p", "3"]);
    let all_bytes: Vec<u8> = (0..=255).collect();
    let binary = visit.home.path().join("binary");
    fs::write(&binary, &all_bytes).unwrap();
    visit.ok(&["produce", "original", "-i", "whole", "-p", "1", binary.to_str().unwrap()]);
    let records = [
        r#"{"partition":2,"key":{"base64":"//4A"},"value":null,"headers":[["",""],["h",null],["h",{"base64":"/w=="}]],"timestamp":17}"#,
        r#"{"partition":0,"key":"","value":"","timestamp":1700000000123}"#,
        r#"{"partition":0,"value":"é\u0000\n\"{}\u2028"}"#,
        r#"{"partition":2,"key":"9007199254740993","value":"{\"n\":9007199254740993}"}"#,
    ];
    visit.fed(&["produce", "original", "-i", "ndjson"], records.join("\n").as_bytes());
    let read = |topic: &str| {
        let mut lines: Vec<String> =
            visit.ok(&["consume", topic, "-e", "-o", "ndjson"]).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let original = read("original");
    assert_eq!(original.len(), 5);
    visit.fed(&["produce", "copy", "-i", "ndjson"], original.join("\n").as_bytes());
    let renamed: Vec<String> = original.iter().map(|it| it.replace("\"original\"", "\"copy\"")).collect();
    assert_eq!(read("copy"), renamed);
    let value = visit.command(&["consume", "copy", "-p", "1", "-e", "-f", "%v"]).output().unwrap();
    assert_eq!(value.stdout, all_bytes);
}

#[test]
fn json_that_was_decoded_comes_back() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "original", "copy", "-p", "1"]);
    let values = "{\"a\":[1,\"b c\"]}\n\"text\"\nnull\n7\n{\"base64\":\"QQ==\"}\nno JSON\n";
    visit.fed(&["produce", "original"], values.as_bytes());
    let decoded = visit.ok(&["consume", "original", "-e", "--decode", "value=json", "-o", "ndjson"]);
    assert!(decoded.contains(r#""value":{"a":[1,"b c"]}"#), "{decoded}");
    visit.fed(&["produce", "copy", "-i", "ndjson"], decoded.as_bytes());
    assert_eq!(visit.ok(&["consume", "copy", "-e"]), values);
}

#[test]
fn a_line_that_is_no_record_is_named_and_those_before_it_are_written() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "-p", "1"]);
    let file = visit.home.path().join("records");
    fs::write(&file, "{\"value\":\"good\"}\n{\"value\":{\"base64\":\"?\"}}\n").unwrap();
    let refused = visit.refused(&["produce", "orders", "-i", "ndjson", file.to_str().unwrap()], 1);
    assert!(refused.contains("line 2 of") && refused.contains("the value: "), "{refused}");
    fs::write(&file, "{\"vlaue\":\"a typo\"}\n").unwrap();
    let refused = visit.refused(&["produce", "orders", "-i", "ndjson", file.to_str().unwrap()], 1);
    assert!(refused.contains("line 1 of") && refused.contains("unknown field `vlaue`"), "{refused}");
    assert_eq!(visit.ok(&["consume", "orders", "-e"]), "good\n");
    for (args, hint) in [
        (&["produce", "orders", "-H", "nothing"][..], "name=value"),
        (&["produce", "orders", "--acks", "2"], "acks"),
        (&["produce", "orders", "-z", "rar"], "compression.type"),
        (&["produce", "orders", "--partitioner", "mine"], "partitioner"),
        (&["produce"], "TOPIC"),
    ] {
        let refused = visit.refused(args, 2);
        assert!(refused.contains(hint), "{args:?}: {refused}");
    }
}

#[test]
fn what_a_signal_ended_is_not_taken_for_all_that_there_was() {
    let visit = Visit::new();
    let file = visit.home.path().join("lines");
    fs::write(&file, "a\n".repeat(10_000)).unwrap();
    for (topic, signal, code) in [("one", Signal::INT, 130), ("other", Signal::TERM, 143)] {
        visit.ok(&["topic", "create", topic, "-p", "1"]);
        let mut command = visit.command(&["produce", topic, "--rate", "20", file.to_str().unwrap()]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        wait_until("something is written", || !visit.ok(&["consume", topic, "-e"]).is_empty());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{said}");
        let written = visit.ok(&["consume", topic, "-e"]).lines().count();
        let expected = format!("interrupted before the end of the input: {written} records written");
        assert!(said.contains(&expected), "{written}: {said}");
    }
}

#[test]
fn a_template_makes_many_records_at_the_rate_that_is_wanted() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "load", "-p", "1"]);
    let args = ["produce", "load", "--template", "--repeat", "3", "--rate", "1000", "-K", ":"];
    visit.fed(&args, b"k{i}:{\"n\":{i}}\nplain\n");
    let shown = visit.ok(&["consume", "load", "-e", "-f", "%k=%v "]);
    assert_eq!(shown, "k1={\"n\":1} k2={\"n\":2} k3={\"n\":3} =plain =plain =plain ");
    for (args, hint) in [(["--rate", "0"], "--rate"), (["--repeat", "0"], "--repeat")] {
        let refused = visit.refused(&[&["produce", "load"][..], &args].concat(), 2);
        assert!(refused.contains(hint), "{refused}");
    }
}

#[test]
fn tombstones_are_repeated_and_paced_as_other_records_are() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "gone", "-p", "1"]);
    for (flags, expected) in [
        (&["-k", "one"][..], "one "),
        (&["-k", "two", "--repeat", "3"], "two two two "),
        (&["-k", "three-{i}", "--template", "--repeat", "2", "--rate", "1000"], "three-1 three-2 "),
        (&["-k", "{i}", "-H", "why=moved"], "{i} "),
    ] {
        visit.ok(&[&["produce", "gone", "--tombstone"][..], flags].concat());
        let count = expected.matches(' ').count().to_string();
        let shown = visit.ok(&["consume", "gone", "--offset", &format!("-{count}"), "-e", "-f", "%k%v "]);
        assert_eq!(shown, expected, "{flags:?}");
    }
    assert!(!read(&visit, "gone").contains("|0|"), "none of them has a value");
}

#[test]
fn what_one_format_string_writes_the_same_one_reads() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "original", "-p", "2"]);
    let records = [
        r#"{"partition":1,"key":{"base64":"//4ACg=="},"value":null,"headers":[["",""],["h",null],["h",{"base64":"/w=="}]],"timestamp":17}"#,
        r#"{"partition":0,"key":"","value":"","timestamp":1700000000123}"#,
        r#"{"partition":0,"value":"line\none 7","timestamp":5}"#,
        r#"{"partition":1,"key":"customer-7","value":{"base64":"AAECCg=="},"timestamp":6}"#,
    ];
    visit.fed(&["produce", "original", "-i", "ndjson"], records.join("\n").as_bytes());
    let read = |topic: &str| {
        let shown = visit.ok(&["consume", topic, "-e", "-o", "ndjson"]).replace(topic, "it");
        let mut lines: Vec<String> = shown.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for (number, format) in [
        "%p %d %K %k %V %v %H %h{%K %k %V %v}\\n",
        "%p{byte}%d{big64}%K{big32}%k%V{little64}%v%H{hex16}%h{%K{byte}%k%V{hex32}%v}",
        "%T{bool}%p{little32}%d{hex64}%H{big16}%h{%V{big32}%v%K{hex4}%k}%K{hex64}%k%V%v,",
    ]
    .iter()
    .enumerate()
    {
        // The topic's length stands for what is read and has no effect.
        let reading = format.replace("%T{bool}", "true");
        let copy = format!("copy-{number}");
        visit.ok(&["topic", "create", &copy, "-p", "2"]);
        let written = visit.command(&["consume", "original", "-e", "-f", format]).output().unwrap();
        visit.fed(&["produce", &copy, "-f", &reading], &written.stdout);
        assert_eq!(read(&copy), read("original"), "{format}");
    }
}

#[test]
fn a_format_string_tells_where_what_of_a_record_stands() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders", "other", "-p", "3"]);
    visit.fed(
        &["produce", "-f", "%t %p %k=%v{base64}\\n", "-H", "a=1"],
        b"orders 2 k=dg==\nother 0 =\norders 2 l=",
    );
    assert_eq!(read(&visit, "orders"), "2|k|v|1|a=1,\n2|l||0|a=1,\n");
    assert_eq!(read(&visit, "other"), "0|||0|a=1,\n");
    visit.fed(&["produce", "other", "-f", "%p %v\\n", "-p", "1", "-Z", "-k", "same"], b"2 v\n0 \n");
    assert_eq!(visit.ok(&["consume", "other", "-p", "1", "-e", "-f", "%k:%V "]), "same:1 same:-1 ");
    let file = visit.home.path().join("records");
    fs::write(&file, "1 a\nx b\n").unwrap();
    let refused = visit.refused(&["produce", "orders", "-f", "%p %v\\n", file.to_str().unwrap()], 1);
    assert!(
        refused.contains("record 2 of") && refused.contains("at byte 4: the partition: digits"),
        "{refused}"
    );
    assert_eq!(visit.ok(&["consume", "orders", "-p", "1", "-e"]), "a\n");
    for (args, hint) in [
        (&["produce", "orders", "-f", "%q"][..], "--format: %q cannot be read"),
        (&["produce", "-f", "%v\\n"], "name the topic"),
        (&["produce", "orders", "-f", "%v", "-K", ":"], "cannot be used with"),
    ] {
        let refused = visit.refused(args, 2);
        assert!(refused.contains(hint), "{args:?}: {refused}");
    }
}
