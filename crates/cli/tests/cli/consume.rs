//! `ottla consume`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::Visit;

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
        ("end", ""),
        ("@now", ""),
    ] {
        let read = visit.ok(&["consume", "digits", "-e", "-O", offset]);
        assert_eq!(read.replace('\n', ""), expected, "{offset}");
    }
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
fn a_group_goes_on_where_it_was() {
    let visit = visit();
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-n", "4"]), "0\n1\n2\n3\n");
    assert_eq!(visit.ok(&["consume", "digits", "-g", "readers", "-n", "2"]), "4\n5\n");
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let visit = visit();
    for (args, hint) in [
        (&["consume", "digits", "-O", "soon"][..], "--offset soon"),
        (&["consume", "digits", "-O", "stored"], "wants --group"),
        (&["consume", "digits", "-g", "g", "-O", "7"], "--offset of a group"),
        (&["consume", "digits", "-f", "%x"], "there is no %x"),
        (&["consume", "digits", "-p", "7"], "digits has no partition 7"),
        (&["consume", "digits", "--timeout", "5"], "--timeout 5"),
    ] {
        let refused = visit.refused(args, 2);
        assert!(refused.contains(hint), "{args:?}: {refused}");
    }
    let unknown = visit.refused(&["consume", "nothing", "-e"], 1);
    assert!(unknown.contains("UNKNOWN_TOPIC_OR_PARTITION"), "{unknown}");
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
