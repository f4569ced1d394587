//! What people see who sit at a terminal, and what programs get in their place.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::pty::{CTRL_C, CTRL_D, CTRL_Z, Terminal};
use super::support::ports::quiet_ports;
use super::support::run;
use super::support::server::{Server, serve_at};
use super::{Visit, user};

/// What terminals obey.
const ESCAPE: char = '\x1b';

impl Visit {
    /// The executable in the user's hands, at a terminal.
    fn at_terminal(&self, args: &[&str]) -> Terminal {
        Terminal::run(self.command(args))
    }

    fn topic_names(&self) -> Vec<String> {
        let listed = self.ok(&["topic", "list", "-o", "tsv"]);
        listed.lines().skip(1).filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
    }
}

#[test]
fn progress_is_told_on_a_terminal_and_to_nobody_else() {
    let visit = Visit::new();
    let file = visit.home.path().join("lines");
    fs::write(&file, "a\n".repeat(40)).unwrap();
    let args = ["produce", "copy", file.to_str().unwrap(), "--rate", "50"];
    let mut terminal = visit.at_terminal(&args);
    terminal.wait_for("40 records written");
    assert_eq!(terminal.ended(), Some(0));
    assert!(terminal.written().contains(" records\r"), "{:?}", terminal.written());

    let ended = visit.run(&args);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""));
}

#[test]
fn a_benchmark_tells_how_far_it_is_and_wipes_that_out() {
    let visit = Visit::new();
    let (mut terminal, mut stdout) =
        Terminal::run_piped(visit.command(&["bench", "produce", "--rate", "100", "-n", "200", "-o", "json"]));
    // The line is longer.
    terminal.resize(10, 40);
    terminal.wait_for("produce 1 s: ");
    assert_eq!(terminal.ended(), Some(0));
    assert_eq!(terminal.screen().trim(), "");
    let mut report = String::new();
    stdout.read_to_string(&mut report).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&report).unwrap()[0]["records"], 200);

    let ended = visit.run(&["bench", "produce", "--rate", "100", "-n", "100", "-o", "json"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
}

#[test]
fn what_could_harm_a_terminal_is_escaped_there_and_untouched_in_a_pipe() {
    let visit = Visit::new();
    let value = b"\x1b[31m\x07\xff\xc2\x9bh\xc3\xa9";
    visit.fed(&["produce", "odd", "-k", "\x1b[2J", "-H", "trace=\x1bc"], &[value, &b"\n"[..]].concat());
    for (how, expected) in [
        (&["-o", "text"][..], r"\u{1b}[31m\u{7}\xff\u{9b}hé"),
        (&["-o", "tsv"], r"\u{1b}[31m\u{7}\xff\u{9b}hé"),
        (&["-o", "ndjson"], r#""key":"\u001b[2J""#),
        (&["-f", "%v %h{%k=%v}\\n"], r"\u{1b}[31m\u{7}\xff\u{9b}hé trace=\u{1b}c"),
        (&["-f", "%k\\n"], r"\u{1b}[2J"),
    ] {
        let mut terminal = visit.at_terminal(&[&["consume", "odd", "-e"], how].concat());
        assert_eq!(terminal.ended(), Some(0), "{how:?}: {}", terminal.written());
        let written = terminal.written();
        assert!(written.contains(expected), "{how:?}: {written:?}");
        assert!(!written.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)), "{how:?}: {written:?}");
    }
    assert_eq!(visit.fed(&["consume", "odd", "-e"], b""), [&value[..], b"\n"].concat());
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    let listed = |variable: &str, value: &str| {
        let mut command = visit.command(&["topic", "list"]);
        command.env(variable, value);
        let mut terminal = Terminal::run(command);
        assert_eq!(terminal.ended(), Some(0));
        terminal.written()
    };
    assert!(listed("NO_COLOR", "").starts_with("\x1b[1mNAME"), "{:?}", listed("NO_COLOR", ""));
    let plain = "NAME    PARTITIONS  REPLICAS\r\norders           1         1\r\n";
    assert_eq!(listed("NO_COLOR", "1"), plain);
    let (mut terminal, mut stdout) = Terminal::run_piped(visit.command(&["topic", "list"]));
    let mut piped = String::new();
    stdout.read_to_string(&mut piped).unwrap();
    assert_eq!((terminal.ended(), piped.replace('\n', "\r\n")), (Some(0), plain.into()));

    let mut terminal = visit.at_terminal(&["topic", "describe", "none"]);
    assert_eq!(terminal.ended(), Some(1));
    assert!(terminal.written().contains("\x1b[1;31merror:\x1b[0m"), "{:?}", terminal.written());
    assert!(!visit.refused(&["topic", "describe", "none"], 1).contains(ESCAPE));
}

#[test]
fn what_destroys_something_asks_first() {
    let visit = Visit::new();
    visit.ok(&["topic", "create", "orders"]);
    for (typed, code) in
        [("n\r", Some(1)), ("\r", Some(1)), ("yep\r", Some(1)), (CTRL_D, Some(1)), (CTRL_C, None)]
    {
        let mut terminal = visit.at_terminal(&["topic", "delete", "orders"]);
        terminal.wait_for("delete orders with all records? [y/N]");
        terminal.types(typed);
        assert_eq!(terminal.ended(), code, "{typed:?}");
        let is_told = terminal.screen().contains("nothing was changed");
        assert_eq!(is_told, code.is_some(), "{typed:?}: {}", terminal.screen());
        assert_eq!(visit.topic_names(), ["orders"], "{typed:?}");
    }
    let mut command = visit.command(&["topic", "delete", "orders"]);
    let ended = run(command.stdin(Stdio::null()));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("give --yes, as there is no terminal to ask on"), "{ended:?}");
    let mut terminal = visit.at_terminal(&["topic", "delete", "orders"]);
    terminal.wait_for("[y/N]");
    terminal.types("y\r");
    assert_eq!(terminal.ended(), Some(0));
    terminal.wait_for("orders  deleted");
    assert!(visit.topic_names().is_empty());
}

#[test]
fn consuming_ends_with_ctrl_c_and_leaves_the_group() {
    let visit = Visit::new();
    visit.fed(&["produce", "orders"], b"one\ntwo\n");
    let mut terminal = visit.at_terminal(&["consume", "orders", "-g", "billing"]);
    terminal.wait_for("two");
    terminal.types(CTRL_C);
    assert_eq!(terminal.ended(), Some(0), "{}", terminal.screen());
    let described = visit.ok(&["group", "describe", "billing", "-o", "json"]);
    let groups: serde_json::Value = serde_json::from_str(&described).unwrap();
    assert_eq!((&groups[0]["memberCount"], &groups[0]["totalLag"]), (&0.into(), &0.into()), "{described}");
}

#[test]
fn a_pipe_that_is_closed_is_no_error() {
    let visit = Visit::new();
    let lines = "a line that is as long as lines are\n".repeat(50_000);
    visit.fed(&["produce", "lines"], lines.as_bytes());
    let (mut terminal, stdout) = Terminal::run_piped(visit.command(&["consume", "lines"]));
    drop(stdout);
    assert_eq!(terminal.ended(), Some(0));
    assert_eq!(terminal.written(), "");
}

#[test]
fn errors_that_nobody_hears_are_no_panic() {
    let visit = Visit::new();
    for line in
        ["topic describe nosuch", "consume nosuch -e", "kafka-topics.sh --create", "kcat -C -t nosuch -e"]
    {
        let (unread, stderr) = std::io::pipe().unwrap();
        drop(unread);
        let args: Vec<&str> = line.split(' ').collect();
        let status = visit.command(&args).stderr(stderr).stdout(Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(1 | 2)), "{line}: {status}");
    }
}

/// A broker with a topic, and a group that has not had one of its records.
fn busy() -> Visit {
    let visit = Visit::new();
    visit.fed(&["produce", "orders"], b"one\ntwo\nthree\n");
    visit.ok(&["group", "seek", "billing", "--to", "2", "--topic", "orders", "--execute"]);
    visit
}

/// What is on the last line of a screen.
fn last_line(screen: &vt100::Screen) -> String {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).last().unwrap_or_default()
}

#[test]
fn top_repaints_and_follows_keys_and_the_size_of_the_terminal() {
    let visit = busy();
    let mut terminal = visit.at_terminal(&["top", "--interval", "50ms"]);
    terminal.wait_for("TOPIC\n");
    terminal.wait_until("the topic on a screen of its own", |screen| {
        screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains("  orders\n")
    });
    assert!(terminal.look(last_line).starts_with("q quit  1-1 of 1"), "{}", terminal.screen());
    terminal.types("g");
    terminal.wait_for("  billing\n");
    assert!(!terminal.screen().contains("orders"), "{}", terminal.screen());
    terminal.types("s");
    terminal.wait_for("sort: growth");
    terminal.types("\t");
    terminal.wait_for("  orders\n");
    visit.ok(&["topic", "create", "shipments", "-p", "7"]);
    terminal.wait_for("  shipments\n");
    terminal.types("p");
    terminal.wait_for("paused");
    for (rows, columns) in [(7, 40), (30, 100), (2, 20)] {
        terminal.resize(rows, columns);
        terminal.wait_until("the keys on the last line", |screen| last_line(screen).starts_with("q quit"));
    }
    terminal.resize(24, 80);
    terminal.types("q");
    assert_eq!(terminal.ended(), Some(0));
    assert!(terminal.is_given_back(), "{:?}", terminal.written());
    assert_eq!(terminal.screen().trim(), "");
}

#[test]
fn the_terminal_is_given_back_whatever_ends_what_took_it() {
    let visit = busy();
    for (command, shown) in [
        (&["top", "--interval", "1h"][..], "lag 1"),
        (&["group", "watch", "billing", "--interval", "1h"], "TOTAL-LAG  1"),
    ] {
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            let mut terminal = visit.at_terminal(command);
            terminal.wait_for(shown);
            terminal.signal(signal);
            assert_eq!(terminal.ended(), Some(0), "{signal:?}");
            assert!(terminal.is_given_back(), "{signal:?}: {:?}", terminal.written());
        }
        let mut terminal = visit.at_terminal(command);
        terminal.wait_for(shown);
        terminal.types(CTRL_C);
        assert_eq!(terminal.ended(), Some(0));
        assert!(terminal.is_given_back(), "{:?}", terminal.written());
    }
}

/// A shell that has jobs, of which one is top, and says whenever that has stopped; a line has it go on.
const SHELL: &str = r#"
set -m
sh -c 'echo $$ > pid; exec ottla top --interval 50ms'
status=$?
while [ $status -gt 128 ]; do
    echo "stop $((stops += 1))"
    read -r line
    fg
    status=$?
done
echo "ended with $status"
"#;

#[test]
fn what_was_stopped_gives_the_terminal_back_and_goes_on_in_the_foreground() {
    let visit = busy();
    let mut terminal = Terminal::run(visit.shell(SHELL));
    let is_shown = |screen: &vt100::Screen| {
        let contents = screen.contents();
        screen.alternate_screen() && contents.contains("  orders\n") && !contents.contains("stop ")
    };
    terminal.wait_until("the topic", is_shown);
    let pid = fs::read_to_string(visit.home.path().join("pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    for (number, signal) in [(1, None), (2, Some(Signal::TSTP)), (3, Some(Signal::STOP))] {
        match signal {
            None => terminal.types(CTRL_Z),
            Some(signal) => kill_process(pid, signal).unwrap(),
        }
        terminal.wait_for(&format!("stop {number}"));
        // Nobody can do anything before that one.
        let is_given_back = signal != Some(Signal::STOP);
        assert_eq!(terminal.is_given_back(), is_given_back, "{signal:?}: {:?}", terminal.written());
        terminal.types("\n");
        terminal.wait_until("the topic again", is_shown);
        terminal.types("g");
        terminal.wait_for("  billing\n");
        terminal.types("t");
        terminal.wait_until("the topic again", is_shown);
    }
    terminal.types("q");
    assert_eq!(terminal.ended(), Some(0));
    assert!(terminal.is_given_back(), "{:?}", terminal.written());
    assert!(terminal.screen().contains("ended with 0"), "{}", terminal.screen());
}

#[test]
fn nothing_stops_where_nobody_could_have_it_go_on() {
    let visit = busy();
    let mut terminal = visit.at_terminal(&["top"]);
    terminal.wait_for("  orders\n");
    terminal.types(CTRL_Z);
    terminal.types("g");
    terminal.wait_for("  billing\n");
    terminal.types("q");
    assert_eq!(terminal.ended(), Some(0));
}

#[test]
fn watched_groups_are_repainted_in_place() {
    let visit = busy();
    let mut terminal = visit.at_terminal(&["group", "watch", "billing", "nobody", "--interval", "50ms"]);
    terminal.wait_for("TOTAL-LAG  1");
    terminal.wait_for("cannot describe nobody: ");
    visit.fed(&["produce", "orders"], b"four\n");
    terminal.wait_for("TOTAL-LAG  2");
    terminal.resize(5, 60);
    terminal.wait_until("what there is room for", |screen| !screen.contents().contains("TOTAL-LAG"));
    terminal.types("\x1b[F");
    terminal.wait_for("orders");
    terminal.types("q");
    assert_eq!(terminal.ended(), Some(0));
    assert!(terminal.is_given_back(), "{:?}", terminal.written());
}

#[test]
fn no_colours_are_on_the_screen_for_those_who_want_none() {
    let visit = busy();
    for (value, is_coloured) in [("", true), ("1", false)] {
        let mut command = visit.command(&["top"]);
        command.env("NO_COLOR", value);
        let mut terminal = Terminal::run(command);
        terminal.wait_for("orders");
        terminal.types("q");
        assert_eq!(terminal.ended(), Some(0));
        assert_eq!(terminal.written().contains("\x1b[1m"), is_coloured, "{:?}", terminal.written());
    }
}

#[test]
fn a_broker_that_is_gone_is_told_of_until_it_is_back() {
    let home = TempDir::new().unwrap();
    let port = quiet_ports(1);
    let start = || {
        let mut server = Server::start(&mut serve_at(&home.path().join("data"), port));
        server.wait_for("listening");
        server
    };
    let server = start();
    let brokers = format!("127.0.0.1:{port}");
    let made = run(&mut user(home.path(), &["topic", "create", "orders", "-b", &brokers]));
    assert_eq!(made.code, Some(0), "{made:?}");
    let mut terminal = Terminal::run(user(home.path(), &["top", "-b", &brokers, "--interval", "50ms"]));
    terminal.wait_for("  orders\n");
    server.stop(Signal::KILL);
    terminal.wait_until("what was there, and what is wrong", |screen| {
        screen.contents().contains("nobody answers, asking again") && screen.contents().contains("  orders\n")
    });
    let _server = start();
    terminal.wait_until("nothing is wrong", |screen| !screen.contents().contains("nobody answers"));
    assert!(terminal.screen().contains("  orders\n"), "{}", terminal.screen());
    terminal.types("q");
    assert_eq!(terminal.ended(), Some(0));
}
