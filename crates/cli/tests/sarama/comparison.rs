//! Both tools with the same command line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::client;
use crate::node::Node;
use crate::support::{executable, ottla};

/// A broker, and the tools of both in folders that are called as they are.
pub(crate) struct Comparison {
    node: Node,
    dir: TempDir,
    failures: Vec<String>,
}

/// What is on standard input.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// The device that has nothing.
    Nothing,
    Text(&'a str),
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

const WHO: [&str; 2] = ["theirs", "ours"];

const NAMES: [&str; 4] = [
    "kafka-console-producer",
    "kafka-console-consumer",
    "kafka-console-partitionconsumer",
    "kafka-producer-performance",
];

/// Times, which file was called, and why a broker cannot be reached: each client has words of its own.
const MASKS: [&str; 3] = [r"[0-9]{4}/[0-9/]+ [0-9:]+", "Usage of [^:]*", "brokers to talk to: .*"];

impl Comparison {
    pub(crate) fn new() -> Comparison {
        let dir = TempDir::new().unwrap();
        let [theirs, ours] = WHO.map(|who| dir.path().join(who));
        symlink(originals(), theirs).unwrap();
        std::fs::create_dir(&ours).unwrap();
        for name in NAMES {
            symlink(executable(), ours.join(name)).unwrap();
        }
        Comparison { node: Node::start(), dir, failures: Vec::new() }
    }

    /// Makes one for each of the two.
    pub(crate) fn topic(&self, name: &str, partitions: i32) {
        let names = WHO.map(|who| name.replace("{who}", who));
        let topics = names.each_ref().map(|name| client::topic(name, partitions));
        client::create_topics(self.node.address, &topics);
    }

    pub(crate) fn compare(&mut self, name: &str, line: &str) {
        self.compare_masked(name, line, &[]);
    }

    pub(crate) fn compare_masked(&mut self, name: &str, line: &str, masks: &[&str]) {
        let answers = WHO.map(|who| ended(self.start(who, name, line, Input::Nothing), who, masks));
        self.judge(name, line, &answers);
    }

    pub(crate) fn compare_fed(&mut self, name: &str, line: &str, input: Input<'_>) {
        let answers = WHO.map(|who| ended(self.start(who, name, line, input), who, &[]));
        self.judge(name, line, &answers);
    }

    /// Tools that go on until somebody ends them, which happens behind so many records.
    pub(crate) fn compare_printed(&mut self, name: &str, line: &str, records: usize) {
        let answers = WHO.map(|who| printed(self.start(who, name, line, Input::Nothing), who, records));
        self.judge(name, line, &answers);
    }

    /// How many records there are in each partition of the topics.
    pub(crate) fn compare_offsets(&mut self, topic: &str) {
        let answers = WHO.map(|who| {
            let mut command = ottla(["kafka-get-offsets", "--bootstrap-server"]);
            command.arg(self.node.address.to_string()).args(["--topic", &topic.replace("{who}", who)]);
            ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), who, &[])
        });
        self.judge("offsets", topic, &answers);
    }

    fn start(&self, who: &str, name: &str, line: &str, input: Input<'_>) -> Child {
        let line = line.replace("{who}", who).replace("{at}", &self.node.address.to_string());
        let words = line.split_whitespace().map(|word| word.replace("{sp}", " "));
        let mut command = Command::new(self.dir.path().join(who).join(name));
        command.args(words).env_remove("KAFKA_PEERS").stdout(Stdio::piped()).stderr(Stdio::piped());
        let is_fed = matches!(input, Input::Text(_));
        command.stdin(if is_fed { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().unwrap();
        if let Input::Text(text) = input {
            // One that does not read may be gone.
            let _fed = child.stdin.take().unwrap().write_all(text.as_bytes());
        }
        child
    }

    fn judge(&mut self, name: &str, line: &str, [theirs, ours]: &[Answer; 2]) {
        if theirs == ours {
            println!("ok    {name} {line}");
        } else {
            println!("DIFFERS {name} {line}\n--- sarama's\n{theirs:?}\n--- ours\n{ours:?}");
            self.failures.push(format!("{name} {line}"));
        }
    }

    pub(crate) fn done(self) {
        assert!(self.failures.is_empty(), "{} differ: {:#?}", self.failures.len(), self.failures);
    }
}

/// The folder with sarama's own, of the version that our exchange of records is tested with.
fn originals() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // The separator at the end has Go put the programs into the folder.
        let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sarama").join("");
        let mut go = Command::new("go");
        go.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchange/sarama"));
        go.args(["build", "-o"]).arg(&into).arg("github.com/IBM/sarama/tools/...");
        assert!(go.status().expect("go is installed").success(), "{go:?}");
        into
    })
}

fn ended(child: Child, who: &str, masks: &[&str]) -> Answer {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| masked(String::from_utf8(bytes).unwrap(), who, masks);
    Answer { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Asks it to end once it has printed so many records.
fn printed(mut child: Child, who: &str, records: usize) -> Answer {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stdout = String::new();
    let mut left = records;
    while left > 0 {
        let line = lines.next().expect("it prints all records before it ends").unwrap();
        left -= usize::from(line.is_empty());
        stdout += &(line + "\n");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    stdout.extend(lines.map(|line| line.unwrap() + "\n"));
    let Answer { code, stderr, .. } = ended(child, who, &[]);
    Answer { code, stdout: masked(stdout, who, &[]), stderr }
}

fn masked(text: String, who: &str, masks: &[&str]) -> String {
    let masks = MASKS.iter().chain(masks);
    let text = masks.fold(text, |text, mask| Regex::new(mask).unwrap().replace_all(&text, "*").into_owned());
    text.replace(who, "{who}")
}
