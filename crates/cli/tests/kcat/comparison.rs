//! The same command line, the original's and ours, against one broker: the same bytes on standard output, and the same exit code.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::node::Node;
use crate::support::ottla;

/// Two users of one broker: `{who}` in a command line is `theirs` or `ours`.
struct Comparison {
    node: Node,
    home: TempDir,
    failures: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    code: Option<i32>,
    stdout: String,
}

impl Comparison {
    fn new() -> Comparison {
        Comparison { node: Node::start(), home: TempDir::new().unwrap(), failures: Vec::new() }
    }

    fn run(&self, who: &str, line: &str, input: &[u8]) -> Answer {
        let line = line.replace("{who}", who).replace("{dir}", &self.home.path().display().to_string());
        let words = line.split_whitespace().map(|word| word.replace("{sp}", " "));
        let mut command = if who == "ours" { ottla(["kcat"]) } else { Command::new("kcat") };
        command.env("HOME", self.home.path()).args(["-b", &self.node.address.to_string()]).args(words);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("kcat is installed");
        // One that does not read may be gone.
        let _fed = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let mut stdout = output.stdout.escape_ascii().to_string();
        if line.contains(who) {
            stdout = stdout.replace(who, "{who}");
        }
        // Which of its connections kcat asks is not always the same.
        for (bootstrap, broker) in
            [("/bootstrap", "/1"), ("broker -1", "broker 1"), (":-1,\\\"name", ":1,\\\"name")]
        {
            stdout = stdout.replace(bootstrap, broker);
        }
        Answer { code: output.status.code(), stdout }
    }

    fn compare(&mut self, line: &str) {
        self.compare_fed(line, b"");
    }

    fn compare_fed(&mut self, line: &str, input: &[u8]) {
        let (theirs, ours) = (self.run("theirs", line, input), self.run("ours", line, input));
        if theirs == ours {
            println!("ok    {line}");
        } else {
            println!("DIFFERS {line}\n--- kcat's\n{theirs:?}\n--- ours\n{ours:?}");
            self.failures.push(line.to_owned());
        }
    }

    /// The same records in a topic of each, with the same timestamps: `a` has text and headers, `b` bytes and nulls.
    fn fill(&self) {
        for who in ["theirs", "ours"] {
            let input = "{\"key\":\"k1\",\"value\":\"v1\",\"headers\":[[\"h\",\"1\"],[\"e\",\"\"],[\"n\",null]]}\n\
                         {\"key\":\"\",\"value\":\"\"}\n{\"value\":\"a\\tb\\\"c\\\\d\\u0001/é\"}\n{\"key\":\"gone\"}\n{\"value\":\"last\"}\n";
            let bytes = "{\"key\":{\"base64\":\"AAAAAAAAAAc=\"},\"value\":{\"base64\":\"AQID/wA=\"}}\n{\"value\":\"xyz\"}\n";
            for (topic, lines) in [("a", input), ("b", bytes)] {
                let mut number = 0;
                let timed: String = lines
                    .lines()
                    .map(|line| {
                        number += 1000;
                        line.replacen('{', &format!("{{\"timestamp\":{},", 1_700_000_000_000_i64 + number), 1)
                            + "\n"
                    })
                    .collect();
                self.native(&["topic", "create", &format!("{who}-{topic}"), "-p", "1"], "");
                self.native(&["produce", &format!("{who}-{topic}"), "-i", "ndjson"], &timed);
            }
        }
    }

    fn native(&self, args: &[&str], input: &str) {
        let mut command = ottla(args);
        command.env("OTTLA_BROKERS", self.node.address.to_string()).env("HOME", self.home.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{args:?}");
    }

    fn done(self) {
        assert!(self.failures.is_empty(), "{} differ: {:#?}", self.failures.len(), self.failures);
    }
}

#[test]
fn messages_are_printed_alike() {
    let mut it = Comparison::new();
    it.fill();
    for line in [
        "-C -t {who}-a -e",
        "-Cqet {who}-a",
        "-C -t{who}-a -p0 -e -q",
        "-C -t {who}-a -e -K :",
        "-C -t {who}-a -e -K \\t -D \\x0a\\x0a",
        "-C -t {who}-a -e -D ;",
        "-C -t {who}-a -e -Z -K :",
        "-C -t {who}-a -e -J",
        "-C -t {who}-b -e -J",
        "-C -t {who}-a -e -J -D x\\n",
        "-C -t {who}-a -e -O -K |",
        "-C -t {who}-a -e -u",
        "-C -t {who}-a -e -f %t|%p|%o|%k|%K|%s|%S|%R|%T|%h|%%\\n",
        "-C -t {who}-a -e -f \\x41\\101\\t%s\\r\\n\\q",
        "-C -t {who}-b -e -f %k%s\\n",
        "-C -t {who}-a -e -o beginning -c 2",
        "-C -t {who}-a -c 1 -o 2",
        "-C -t {who}-a -e -o -2",
        "-C -t {who}-a -e -o -100",
        "-C -t {who}-a -e -o end",
        "-C -t {who}-a -e -o 3",
        "-C -t {who}-a -e -o 99",
        "-C -t {who}-a -e -o 99 -X auto.offset.reset=earliest",
        "-C -t {who}-a -e -o 99 -X topic.auto.offset.reset=smallest",
        "-C -t {who}-a -e -o s@1700000002000",
        "-C -t {who}-a -e -o s@1700000002000 -o e@1700000004000",
        "-C -t {who}-a -e -o e@1700000001000",
        "-C -t {who}-a -e -o s@1900000000000",
        "-C -t {who}-b -c 1 -s key=q -s value=>hb -K :",
        "-C -t {who}-b -c 1 -s value=<H{sp}BBB$",
        "-C -t {who}-b -e -s value=c -E",
        "-C -t {who}-b -e -s key=i$ -K :",
        "-C -t {who}-b -e -E -s key=i$ -f %o:%k:%s\\n",
        "-C -t {who}-b -e -s value=q",
        "-C -t {who}-a -e -X isolation.level=read_uncommitted -X fetch.wait.max.ms=10 -d all",
    ] {
        it.compare(line);
    }
    it.done();
}

#[test]
fn groups_consume_and_commit_alike() {
    let mut it = Comparison::new();
    it.fill();
    for line in [
        "-G {who}-g -e {who}-a",
        "-G {who}-g -o beginning -c 2 {who}-a",
        "-G {who}-g -e {who}-a",
        "-G {who}-g -e {who}-a",
        "-G {who}-g -o 3 -e -f %o:%s\\n {who}-a",
        "-G {who}-g -o -1 -e {who}-a",
        "-G {who}-h -X auto.offset.reset=earliest -e -J {who}-a",
        "-G {who}-i -o beginning -e -q ^{who}-[ax]",
        "-C -X group.id={who}-h -t {who}-a -o stored -e",
        "-G {who}-g -o s@5 {who}-a",
        "-G {who}-g",
    ] {
        it.compare(line);
    }
    it.done();
}

#[test]
fn messages_are_written_alike() {
    let mut it = Comparison::new();
    it.fill();
    let dir = it.home.path().to_path_buf();
    fs::write(dir.join("one"), "first\nsecond\n").unwrap();
    fs::write(dir.join("two"), [0, 255, 10]).unwrap();
    fs::write(dir.join("empty"), "").unwrap();
    for (line, input) in [
        ("-P -t {who}-b", &b"one\n\ntwo\nthree"[..]),
        ("-P -t {who}-b -K :", b"k:v\nk2:\n:v3\nnone\nk:a:b\n"),
        ("-P -t {who}-b -K :: -Z", b"k::v\nk2::\n::v3\nnone\n::\n"),
        ("-P -t {who}-b -K : -k fixed -H h=1 -H e= -H n", b"k:v\nnone\n"),
        ("-P -t {who}-b -D ; -p 0 -z zstd", b"a;b\n;c"),
        ("-P -t {who}-b -D \\x01\\x02", b"a\x01\x02b\x01c\x01\x02"),
        ("-P -t {who}-b -T", b"tee1\ntee2\n"),
        ("-P -t {who}-b -c 2", b"1\n2\n3\n"),
        ("-P -t {who}-b {dir}/one {dir}/two {dir}/empty", b""),
        ("-P -t {who}-b -k key {dir}/one /nowhere", b""),
        ("-P -t {who}-b /nowhere", b""),
        ("-P -t {who}-b -l {dir}/one", b""),
        ("-P -t {who}-b -l {dir}/one {dir}/two", b""),
        ("-P -t {who}-b -l /nowhere", b""),
        ("-P -t {who}-b -X transactional.id={who} -X acks=all", b"in a transaction\n"),
        ("-P -t {who}-b -p 9 -X message.timeout.ms=2000", b"nowhere\n"),
        ("-P -t {who}-b -X compression.codec=gzip -X linger.ms=1 -X partitioner=murmur2", b"z\n"),
        ("-P -t {who}-b -D", b""),
        ("-t {who}-b -q", b"piped\n"),
        ("-P -t {who}-new", b"made by writing\n"),
        ("-C -t {who}-new -e", b""),
        ("-C -t {who}-b -e -f %k|%K|%s|%S|%h\\n", b""),
    ] {
        it.compare_fed(line, input);
    }
    it.done();
}

#[test]
fn metadata_and_offsets_are_told_alike() {
    let mut it = Comparison::new();
    it.fill();
    fs::create_dir_all(it.home.path().join(".config")).unwrap();
    fs::write(it.home.path().join(".config/kcat.conf"), "# nothing much\nclient.id=somebody\n").unwrap();
    fs::write(it.home.path().join("bad.conf"), "nonsense\n").unwrap();
    for line in [
        "-L",
        "-L -J",
        "-L -t {who}-a",
        "-L -J -t {who}-a",
        "-L -t {who}-a -X socket.keepalive.enable=true -F none",
        "-Q -t {who}-a:0:1700000002000",
        "-Q -t {who}-a:0:1700000002000 -t {who}-b:0:0",
        "-Q -t {who}-a:0:1900000000000",
        "-Q -t {who}-a:0:-1 -t {who}-b:0:-2",
        "-Q -J -t {who}-a:0:1700000002000 -t {who}-b:0:0",
        "-Q -t {who}-a:7:0",
        "-Q -t {who}-none:0:0",
        "-Q -t {who}-a:0",
        "-Q -t {who}-a:0:x",
        "-Q",
        "-t {who}-a -Q",
        "-C -t {who}-none -e",
        "-C -t {who}-a -p 9 -e",
        "-C -t {who}-a -e extra",
        "-C",
        "-C -P -t {who}-a",
        "-C -t {who}-a -f %z",
        "-C -t {who}-a -f x%",
        "-C -t {who}-a -s z",
        "-C -t {who}-a -s avro",
        "-C -t {who}-a -r http://localhost",
        "-P -t {who}-a -s i",
        "-P -t {who}-a -H =x",
        "-C -t {who}-a -X nonsense=1",
        "-C -t {who}-a -X nonsense",
        "-C -t {who}-a -F {dir}/bad.conf",
        "-C -t {who}-a -F /nowhere",
        "-C -t {who}-a -x",
        "-C -t",
    ] {
        it.compare(line);
    }
    it.done();
}

/// What librdkafka lists and we do not, beside what only programs can set. Where a name ends with a dot it is all that begin so.
#[rustfmt::skip]
const ABSENT: &[&str] = &[
    // Of OpenSSL.
    "ssl.cipher.suites", "ssl.curves.list", "ssl.sigalgs.list", "ssl.key.password", "ssl.ca.certificate.stores", "ssl.crl.location",
    "ssl.keystore.location", "ssl.keystore.password", "ssl.providers", "ssl.engine.", "https.ca.pem",
    // Of Kerberos, and of tokens without a signature or by other ways than client credentials.
    "sasl.kerberos.", "sasl.oauthbearer.config", "enable.sasl.oauthbearer.unsecure.jwt", "sasl.oauthbearer.extensions",
    "sasl.oauthbearer.grant.type", "sasl.oauthbearer.assertion.", "sasl.oauthbearer.metadata.",
    "enable.gapless.guarantee", "topic.blacklist",
];

/// What librdkafka has since a later version than the one that distributions build kcat with.
#[rustfmt::skip]
const LATER: &[&str] = &[
    "metadata.recovery.strategy", "metadata.recovery.rebootstrap.trigger.ms", "https.ca.location", "group.protocol", "group.remote.assignor",
    "retry.backoff.max.ms", "client.dns.lookup", "enable.metrics.push", "fetch.queue.backoff.ms",
    "sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.credentials.client.secret",
];

#[test]
fn each_property_that_is_listed_is_one_of_librdkafkas_and_it_is_known_which_are_not() {
    let (theirs, ours) = (listed(&mut Command::new("kcat")), listed(&mut ottla(["kcat"])));
    for name in ours.iter().filter(|name| !LATER.contains(&name.as_str())) {
        let told = set(&mut Command::new("kcat"), name);
        assert!(!told.contains("No such configuration property"), "{name}: {told}");
    }
    let is_absent = |name: &str| {
        ABSENT.iter().any(|absent| name == *absent || absent.ends_with('.') && name.starts_with(absent))
    };
    let missing: Vec<&String> = theirs.difference(&ours).filter(|name| !is_absent(name)).collect();
    assert_eq!(missing, [""; 0]);
}

/// The names that `-X list` has.
fn listed(command: &mut Command) -> BTreeSet<String> {
    let output = command.args(["-X", "list"]).output().expect("kcat is installed");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let is_property = |line: &&str| {
        line.split_whitespace().next().is_some_and(|name| name.contains(['.', '_']) || name == "debug")
    };
    let settable =
        text.lines().filter(is_property).filter(|line| !line.contains("*Type: see dedicated API*"));
    settable.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// What is told of a property that is set to something it may not be.
fn set(command: &mut Command, name: &str) -> String {
    let output = command
        .args(["-b", "127.0.0.1:1", "-F", "none", "-X", &format!("{name}=1"), "-X", "dump"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}
