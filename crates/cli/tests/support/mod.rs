//! The executable, run as a user runs it.
#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod ports;
pub(crate) mod server;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;

/// The one that is built for tests, whose dependencies give ours features that users do not have, or that which `OTTLA_EXECUTABLE` names.
pub(crate) fn executable() -> PathBuf {
    std::env::var_os("OTTLA_EXECUTABLE").map_or_else(|| env!("CARGO_BIN_EXE_ottla").into(), PathBuf::from)
}

/// A `PATH` where `ottla` is that.
pub(crate) fn search_path() -> String {
    let executable = executable();
    let folder = executable.parent().expect("a folder");
    format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"))
}

pub(crate) fn ottla<I, S>(args: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(executable());
    command.args(args);
    for (variable, _) in std::env::vars_os() {
        let variable = variable.to_string_lossy();
        if is_read_by_ottla(&variable) {
            command.env_remove(variable.as_ref());
        }
    }
    command
}

/// What the developer's own environment must not decide.
fn is_read_by_ottla(variable: &str) -> bool {
    variable.starts_with("KAFKA_") || ["OTTLA_DATA_DIR", "CLUSTER_ID", "NO_COLOR"].contains(&variable)
}

/// What a run left behind, as text.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().expect("the executable starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Each line of NDJSON.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name)
}

/// A gzip-compressed file of the test data, as text.
pub(crate) fn read_gzip(name: &str) -> String {
    let path = testdata(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text
}

/// The files of a compressed archive whose files are all in one folder, by their names in it.
pub(crate) fn unpacked(archive: &Path) -> BTreeMap<String, String> {
    let file = std::fs::File::open(archive).unwrap_or_else(|e| panic!("{}: {e}", archive.display()));
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let entries = archive.entries().expect("it is an archive").map(|entry| {
        let mut entry = entry.expect("it is whole");
        let path = entry.path().expect("it has a name").display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("it is text");
        (path.split_once('/').expect("it is in a folder").1.to_owned(), text)
    });
    entries.collect()
}

/// Unpacks a data directory that a Kafka node left. It is gone with the returned guard.
pub(crate) fn unpack(name: &str) -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a temporary directory");
    let status = Command::new("tar").arg("xzf").arg(testdata(name)).arg("-C").arg(dir.path()).status();
    assert!(status.expect("tar is installed").success(), "tar cannot unpack {name}");
    let data = dir.path().join("data");
    (dir, data)
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Waits for something that nobody tells of.
pub(crate) fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let (_never, deadline) = std::sync::mpsc::channel::<()>();
    for _ in 0..6_000 {
        if is_true() {
            return;
        }
        // Nobody sends: it times out.
        let _timeout = deadline.recv_timeout(std::time::Duration::from_millis(10));
    }
    panic!("in vain waited until {what}");
}
