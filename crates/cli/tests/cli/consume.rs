//! `ottla consume`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Visit;
use super::support::wait_until;

/// A broker with a topic of one partition that holds ten records, `0` to `9`, a second apart.
fn visit() -> Visit {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "digits", "-p", "1"]);
    let lines: String = (0..10)
        .map(|digit| {
            format!(
                "{{\"key\":\"k{digit}\",\"value\":\"{digit}\",\"timestamp\":{}}}\n",
                1_700_000_000_000_i64 + digit * 1000
            )
        })
        .collect();
    visit.fed(&["produce", "digits", "-i", "ndjson"], lines.as_bytes());
    visit
}

#[test]
fn every_spelling_of_offsets_reads_what_it_says() {
    let visit = visit();
    for (offset, expected) in [
        ("start", "0123456789"),
        ("earliest", "0123456789"),
        ("7", "789"),
        ("+8", "89"),
        ("-2", "89"),
        ("-100", "0123456789"),
        ("2:5", "234"),
        (":3", "012"),
        ("-4:-2", "67"),
        ("@1700000008", "89"),
        ("@2023-11-14T22:13:25Z", "56789"),
        ("@2023-11-14T22:13:25Z:2023-11-14T22:13:27Z", "56"),
        ("s@1700000009000", "9"),
        ("e@1700000002000", "01"),
        ("@2023-11-14T22:13:25Z:2s", "56"),
        ("@:2023-11-14T22:13:22Z", "01"),
        ("0#8", "89"),
        ("0#-4:-2", "67"),
        ("end", ""),
        ("@now", ""),
    ] {
        let read = visit.ok(&["consume", "digits", "-e", "-O", offset]);
        assert_eq!(read.replace('\n', ""), expected, "{offset}");
    }
    let two_ends = visit.ok(&["consume", "digits", "-O", "s@1700000002000", "-O", "e@1700000004000"]);
    assert_eq!(two_ends, "2\n3\n");
    for (flags, expected) in [
        (&["--tail", "1"][..], "9"),
        (&["--from-timestamp", "1700000008000"], "89"),
        (&["--from-timestamp", "2023-11-14T22:13:25.000Z", "--to-timestamp", "1700000007000"], "56"),
        (&["--to-timestamp", "2023-11-14T22:13:22"], "01"),
        (&["--from-timestamp", "-1h"], ""),
        (&["-O", "8", "--to-timestamp", "-1h"], "89"),
    ] {
        let read = visit.ok(&[&["consume", "digits", "-e"][..], flags].concat());
        assert_eq!(read.replace('\n', ""), expected, "{flags:?}");
    }
    let refused = visit.refused(&["consume", "digits", "--to-timestamp", "soon"], 2);
    assert!(refused.contains("'soon' for '--to-timestamp <TIME>': give it as"), "{refused}");
    let few = visit.ok(&["consume", "digits", "-n", "3", "-O", "4"]);
    assert_eq!(few, "4\n5\n6\n");
    let all = visit.ok(&["consume", "digits", "--timeout", "300ms"]);
    assert_eq!(all.lines().count(), 10);
}

#[test]
fn records_are_printed_as_the_format_says() {
    let visit = visit();
    for (format, expected) in [
        ("%t %p %o %d %k=%v\\n", "digits 0 3 1700000003000 k3=3\n"),
        ("%d{iso} %K %V %H %]", "2023-11-14T22:13:23.000Z 2 1 0 10"),
        ("%k{hex}|%v{base64}|%k{json}|%%\\x21", "6b33|Mw==|\"k3\"|%!"),
        ("%o{big16}%o{hex32}", "\0\u{3}00000003"),
        ("%[ %| %] %i", "0 10 10 1"),
        ("%d{strftime[%F %T]}|%d{go##Jan 2##}|%d{hex}", "2023-11-14 22:13:23|Nov 14|18bcfe573b8"),
        ("%k{unpack[cB$]}", "k51"),
        ("%a{compression} %a{timestamp-type;bool} %x %y", "none false 0 0"),
    ] {
        assert_eq!(
            visit.ok(&["consume", "digits", "-O", "3", "-n", "1", "-f", format]),
            expected,
            "{format}"
        );
    }
    let tsv = visit.ok(&["consume", "digits", "-O", "3", "-n", "1", "-o", "tsv"]);
    assert_eq!(tsv, "0\t3\t2023-11-14T22:13:23.000Z\tk3\t3\n");
    let json = visit.ok(&["consume", "digits", "-O", "3", "-n", "1", "-o", "ndjson"]);
    let expected = r#"{"topic":"digits","partition":0,"offset":3,"timestamp":1700000003000,"timestampType":"CreateTime","key":"k3","value":"3","headers":[]}"#;
    assert_eq!(json.trim_end(), expected);
}

#[test]
fn only_records_that_match_are_shown_and_counted() {
    let visit = visit();
    let headed = r#"{"key":"h","value":"with","headers":[["trace","4bf9"],["empty",""],["null",null]]}"#;
    visit.fed(&["produce", "digits", "-i", "ndjson"], headed.as_bytes());
    for (filter, expected) in [
        (&["--key", "k[3-5]"][..], "3 4 5 "),
        (&["--key", "/5|7/"], "5 7 "),
        (&["--key", "k*", "--value", "?", "-n", "2"], "0 1 "),
        (&["--value", "/^[0-8]$/", "--invert"], "9 with "),
        (&["--header", "trace"], "with "),
        (&["--header", "trace=4b*", "--header", "empty="], "with "),
        (&["--header", "null=*"], ""),
        (&["--decode", "key=hex", "--key", "6b3[12]"], "1 2 "),
    ] {
        let shown = visit.ok(&[&["consume", "digits", "-e", "-f", "%v "], filter].concat());
        assert_eq!(shown, expected, "{filter:?}");
    }
}

#[test]
fn keys_and_values_are_shown_as_what_they_mean() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "coded", "-p", "1"]);
    let lines = [
        r#"{"key":{"base64":"gAAAAAAAAAE="},"value":{"base64":"gqFhAaFi2gAB/w=="}}"#,
        r#"{"key":"12345678","value":{"base64":"gaFhwg=="}}"#,
        r#"{"key":"short","value":null}"#,
    ];
    visit.fed(&["produce", "coded", "-i", "ndjson"], lines.join("\n").as_bytes());
    let decoded = ["consume", "coded", "-e", "--decode", "key=int64,value=msgpack"];
    let plain = visit.run(&[&decoded[..], &["-f", "%k %v\\n"]].concat());
    let expected =
        "-9223372036854775807 {\"a\":1,\"b\":\"\u{fffd}\"}\n3544952156018063160 {\"a\":false}\nshort \n";
    assert_eq!(plain.stdout, expected);
    assert!(plain.stderr.contains("1 keys could not be decoded"), "{}", plain.stderr);
    assert!(plain.stderr.contains("the key at 2 in coded-0: it has 5 bytes, not 8"), "{}", plain.stderr);
    let json = visit.run(&[&decoded[..], &["-o", "ndjson"]].concat()).stdout;
    let lines: Vec<&str> = json.lines().collect();
    assert!(lines[0].contains(r#""key":-9223372036854775807,"value":{"a":1,"b":"#), "{}", lines[0]);
    assert!(
        lines[2].contains(r#""key":"short","keyError":"it has 5 bytes, not 8","value":null"#),
        "{}",
        lines[2]
    );
    let auto = visit.ok(&["consume", "coded", "-n", "2", "--decode", "auto", "-f", "%k %v;"]);
    assert_eq!(auto, "-9223372036854775807 {\"a\":1,\"b\":\"\u{fffd}\"};12345678 {\"a\":false};");
}

#[test]
fn records_of_the_brokers_own_topics_tell_what_they_mean() {
    let visit = visit();
    visit.ok(&["consume", "digits", "-g", "readers", "-n", "4"]);
    let args = ["consume", "__consumer_offsets", "-e", "--decode", "auto", "--key", "*OFFSET_COMMIT*"];
    let shown = visit.ok(&[&args[..], &["-f", "%k %v\\n"]].concat());
    let last = shown.lines().last().unwrap();
    let key =
        r#"{"type":"OFFSET_COMMIT","data":{"group":"readers","topic":"digits","partition":0}} {"version":"#;
    assert!(last.starts_with(key) && last.contains(r#""offset":4,"#), "{shown}");
}

#[test]
fn a_group_goes_on_where_it_was() {
    let visit = visit();
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-n", "4"]), "0\n1\n2\n3\n");
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-n", "2"]), "4\n5\n");
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-n", "1", "--key", "*7"]), "7\n");
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-e"]), "8\n9\n");
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-e"]), "");
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let visit = visit();
    for (args, hint) in [
        (&["consume", "digits", "-O", "soon"][..], "--offset soon"),
        (&["consume", "digits", "-O", "stored"], "wants --group"),
        (&["consume", "digits", "-g", "g", "-O", "7"], "--offset of a group"),
        (&["consume", "digits", "-f", "%q"], "there is no %q"),
        (&["consume", "digits", "--decode", "key=int7"], "there is no kind int7"),
        (&["consume", "digits", "--decode", "header=hex"], "there is no header to decode"),
        (&["consume", "digits", "--key", "[a"], "--key: [a: [ is not closed"),
        (&["consume", "digits", "--value", "/(/"], "--value: regex parse error"),
        (&["consume", "digits", "--invert"], "wants something to invert"),
        (&["consume", "digits", "-g", "g", "-O", "0#7"], "--offset of a group"),
        (&["consume", "digits", "-p", "7"], "digits has no partition 7"),
        (&["consume", "digits", "-O", "7#start"], "no partition 7 is read"),
        (&["consume", "digits", "--timeout", "5"], "--timeout 5"),
    ] {
        let refused = visit.refused(args, 2);
        assert!(refused.contains(hint), "{args:?}: {refused}");
    }
    let unknown = visit.refused(&["consume", "nothing", "-e"], 1);
    assert!(unknown.contains("UNKNOWN_TOPIC_OR_PARTITION"), "{unknown}");
}

#[test]
fn whoever_is_asked_to_end_leaves_the_group() {
    let visit = visit();
    for signal in [Signal::INT, Signal::TERM] {
        let mut child =
            visit.command(&["consume", "digits", "-g", "readers"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(process, signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal:?}");
        let group = visit.ok(&["group", "describe", "readers", "-o", "json"]);
        let group: Value = serde_json::from_str(&group).unwrap();
        assert_eq!(group[0]["memberCount"], 0, "{signal:?}: {group}");
        visit.fed(&["produce", "digits"], b"more\n");
    }
}

#[test]
fn what_a_signal_ended_is_not_taken_for_all_that_is_wanted() {
    let visit = visit();
    for (flags, signal, code) in [
        (&["-n", "11"][..], Signal::INT, 130),
        (&["-O", "0:11"], Signal::TERM, 143),
        (&["--timeout", "10m"], Signal::INT, 130),
        (&["--timeout", "10m", "-g", "readers"], Signal::TERM, 143),
    ] {
        let mut command = visit.command(&["consume", "digits"]);
        let mut child = command.args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{flags:?}");
    }
}

#[test]
fn who_waits_for_partitions_to_read_to_their_ends_has_not_read_them() {
    let visit = visit();
    let members = || {
        let group = visit.ok(&["group", "describe", "readers", "-o", "json"]);
        serde_json::from_str::<Value>(&group).unwrap()[0]["memberCount"].as_u64()
    };
    let consume = |flags: &[&str]| {
        let mut command = visit.command(&["consume", "digits", "-g", "readers"]);
        command.args(flags).stdout(Stdio::piped()).spawn().unwrap()
    };
    // It has the one partition, and has read it.
    let mut first = consume(&[]);
    let mut stdout = BufReader::new(first.stdout.as_mut().unwrap());
    for _ in 0..10 {
        stdout.read_line(&mut String::new()).unwrap();
    }
    let mut waiting = consume(&["-e"]);
    wait_until("both are in the group", || members() == Some(2));
    for (child, code) in [(&mut waiting, 143), (&mut first, 0)] {
        kill_process(Pid::from_child(child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
    assert_eq!(members(), Some(0));
}

#[test]
fn a_signal_ends_it_although_nobody_reads_what_it_writes() {
    let visit = visit();
    let line = "a".repeat(999) + "\n";
    visit.fed(&["produce", "digits"], line.repeat(1_000).as_bytes());
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut child = visit.command(&["consume", "digits"]).stdout(Stdio::piped()).spawn().unwrap();
        // Ever more is written at once than a pipe holds.
        let unread = || ioctl_fionread(child.stdout.as_ref().unwrap()).unwrap();
        wait_until("the pipe is full", || unread() > 0);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal:?}");
    }
}

#[test]
fn an_interrupt_and_a_closed_pipe_end_it_quietly() {
    let visit = visit();
    let mut command = visit.command(&["consume", "digits"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for digit in 0..10 {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{digit}\n"));
    }
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(process, Signal::INT).unwrap();
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!((child.wait().unwrap().code(), complaints.as_str()), (Some(0), ""));

    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!((child.wait().unwrap().code(), complaints.as_str()), (Some(0), ""));
}
