//! Commands and what they print, as at a terminal:
//!
//! ```text
//! # a remark
//! $ ottla topic create orders
//! what is printed
//! ~ ottla topic list
//! what is printed in the end: brokers learn a moment later what the controller decided
//! ! what is printed on standard error
//! [1]       how it ended, if not well
//! & share-member GROUP TOPIC        what the test does by itself: a member joins the group
//! & streams-member GROUP TOPIC
//! ```
//!
//! A command is a line for the shell, in a folder that all share. What differs from run to run is masked.

use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

use regex::Regex;

use crate::kafka::Kafka;

pub(crate) struct Transcript(Vec<Step>);

#[derive(Clone)]
struct Step {
    /// What is said of the command before it.
    remarks: Vec<String>,
    sign: char,
    command: String,
    printed: Vec<String>,
}

impl Transcript {
    pub(crate) fn parse(text: &str) -> Transcript {
        let mut steps: Vec<Step> = Vec::new();
        let mut remarks = Vec::new();
        for line in text.lines() {
            let said = [ONCE, EVENTUALLY, BY_ITSELF].into_iter().find_map(|sign| {
                let command = line.strip_prefix(sign)?.strip_prefix(' ')?;
                Some((sign, command.to_owned()))
            });
            if let Some((sign, command)) = said {
                let remarks = std::mem::take(&mut remarks);
                steps.push(Step { remarks, sign, command, printed: Vec::new() });
            } else if line.starts_with("# ") {
                remarks.push(line.to_owned());
            } else {
                steps.last_mut().expect("a command comes first").printed.push(line.to_owned());
            }
        }
        Transcript(steps)
    }

    /// The same commands, with what they print now.
    pub(crate) fn replay(&self, kafka: &Kafka) -> Transcript {
        let replayed = self.0.iter().map(|step| Step { printed: step.replay(kafka), ..step.clone() });
        Transcript(replayed.collect())
    }

    /// The first step that printed something else.
    pub(crate) fn difference(&self, other: &Transcript) -> Option<String> {
        let (recorded, seen) = self.0.iter().zip(&other.0).find(|(a, b)| a.printed != b.printed)?;
        Some(format!("recorded\n{recorded}\nand now\n{seen}"))
    }
}

impl Step {
    fn replay(&self, kafka: &Kafka) -> Vec<String> {
        if self.sign == BY_ITSELF {
            act(kafka, &self.command);
            return Vec::new();
        }
        let mut printed = run(kafka, &self.command);
        let (_never, pause) = mpsc::channel::<()>();
        for _ in 0..TRIES {
            if self.sign != EVENTUALLY || printed == self.printed {
                break;
            }
            // Nobody sends: it times out.
            let _timeout = pause.recv_timeout(PAUSE);
            printed = run(kafka, &self.command);
        }
        printed
    }
}

fn act(kafka: &Kafka, what: &str) {
    match *what.split(' ').collect::<Vec<_>>() {
        ["share-member", group, topic] => kafka.join_share_group(group, topic),
        ["streams-member", group, topic] => kafka.join_streams_group(group, topic),
        _ => panic!("a transcript wants {what}"),
    }
}

/// How lines begin that tell what is done.
const ONCE: char = '$';
/// It is asked until it says what is recorded.
const EVENTUALLY: char = '~';
const BY_ITSELF: char = '&';

const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);

fn run(kafka: &Kafka, command: &str) -> Vec<String> {
    let output = kafka.shell(command).output().expect("there is a shell");
    let text = |bytes: &[u8]| masked(&String::from_utf8_lossy(bytes), kafka);
    let mut lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    lines.extend(text(&output.stderr).lines().map(|line| format!("! {line}")));
    if !output.status.success() {
        lines.push(format!("[{}]", output.status.code().expect("it was not killed")));
    }
    lines
}

/// Times, HMACs, ids as base64 and as UUIDs, and what tells of a moment.
const MASKS: [(&str, &str); 7] = [
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z", "2026-01-01T00:00:00.000Z"),
    ("[0-9A-Za-z+/]{86}==", "HMAC"),
    ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    ("(?m)(^|[ \"\t])[0-9A-Za-z_-]{22}([ \"\t]|$)", "${1}ID$2"),
    ("[0-9]+[.][0-9]{3}( ?s)", "0.000$1"),
    ("\"([A-Za-z0-9]*([sS]econds|Second|Ms|PerRecord))\": ?[0-9.]+", "\"$1\": 0"),
    ("\"(timestamp|startedAt|openForMs|lagMs)\": ?[0-9]+", "\"$1\": 0"),
];

fn masked(text: &str, kafka: &Kafka) -> String {
    let mut text = text.replace(&kafka.folder(), "FOLDER");
    for (port, name) in kafka.ports() {
        text = text.replace(&port.to_string(), name);
    }
    for (mask, instead) in MASKS {
        text = Regex::new(mask).unwrap().replace_all(&text, instead).into_owned();
    }
    text
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remarks.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "{} {}", self.sign, self.command)?;
        self.printed.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| step.fmt(f))
    }
}
