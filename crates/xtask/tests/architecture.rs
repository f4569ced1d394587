//! What the architecture promises of the code: who names whom, what the cores never touch, and that the documents point
//! at what is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Each crate, and the crates of ours that it may name. What stands here is ARCHITECTURE.md's picture.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("ottla-config", &[]),
    ("ottla-wire", &[]),
    ("ottla-records", &[]),
    ("ottla-client", &["ottla-wire", "ottla-records"]),
    ("ottla-replica", &["ottla-records"]),
    ("ottla-log", &["ottla-records", "ottla-config"]),
    ("ottla-metadata", &["ottla-wire", "ottla-config"]),
    ("ottla-quorum", &["ottla-metadata", "ottla-log", "ottla-wire", "ottla-config", "ottla-records"]),
    ("ottla-coordinator", &["ottla-metadata", "ottla-wire", "ottla-records", "ottla-config"]),
    (
        "ottla-broker",
        &[
            "ottla-config",
            "ottla-coordinator",
            "ottla-log",
            "ottla-metadata",
            "ottla-quorum",
            "ottla-records",
            "ottla-replica",
            "ottla-wire",
        ],
    ),
    (
        "ottla-cli",
        &[
            "ottla-broker",
            "ottla-client",
            "ottla-config",
            "ottla-coordinator",
            "ottla-log",
            "ottla-metadata",
            "ottla-quorum",
            "ottla-records",
            "ottla-replica",
            "ottla-wire",
        ],
    ),
    ("ottla-xtask", &[]),
];

/// Plain synchronous Rust: no runtime below the broker.
const WITHOUT_TOKIO: &[&str] = &[
    "ottla-config",
    "ottla-wire",
    "ottla-records",
    "ottla-replica",
    "ottla-log",
    "ottla-metadata",
    "ottla-quorum",
    "ottla-coordinator",
];

/// Decisions alone: no clock, no chance, no file, no socket, no thread.
const PURE: &[&str] = &["replica", "metadata", "coordinator", "records", "wire"];
const IMPURE: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "std::net",
    "std::thread",
    "thread::spawn",
    "fs::write",
    "File::open",
    "File::create",
    "rand::",
    "Uuid::new_v4",
    "RandomState",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// What a package names when it is built, tests apart.
fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().unwrap();
    let built = all.iter().filter(|dependency| dependency["kind"].is_null());
    built.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn crates_name_only_those_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_NAME.iter().copied().collect();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no place in the architecture yet"));
        for dependency in dependencies(&package).iter().filter(|d| d.starts_with("ottla-")) {
            assert!(may.contains(&dependency.as_str()), "{name} must not name {dependency}");
        }
    }
}

#[test]
fn tokio_appears_in_the_broker_and_above() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        if WITHOUT_TOKIO.contains(&name) {
            assert!(!dependencies(&package).iter().any(|d| d == "tokio"), "{name} must not name tokio");
        }
    }
}

#[test]
fn cores_touch_no_clock_no_chance_no_file_no_socket_and_no_thread() {
    for core in PURE {
        for file in sources(&root().join("crates").join(core).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            // Tests stand at the end of a file, or in files of their own.
            let code = text.split("#[cfg(test)]").next().unwrap();
            for impure in IMPURE {
                assert!(!code.contains(impure), "{} has {impure}", file.display());
            }
        }
    }
}

#[test]
fn every_library_forbids_unsafe_code() {
    for package in packages() {
        for target in package["targets"].as_array().unwrap() {
            let kinds = target["kind"].as_array().unwrap();
            if !kinds.iter().any(|kind| kind == "lib" || kind == "bin") {
                continue;
            }
            let path = target["src_path"].as_str().unwrap();
            let text = fs::read_to_string(path).unwrap();
            assert!(text.contains("#![forbid(unsafe_code)]"), "{path} does not forbid unsafe code");
        }
    }
}

/// Paths in backticks that begin with a folder of the project.
#[test]
fn documents_point_at_what_is_there() {
    let root = root();
    for document in ["README.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let quoted = text.split('`').skip(1).step_by(2);
        let paths: Vec<&str> =
            quoted.filter(|q| ["crates/", "testdata/", ".ci/"].iter().any(|p| q.starts_with(p))).collect();
        assert!(!paths.is_empty() || document == "README.md", "{document} names no path");
        for path in paths {
            let path = path.split(['#', ':', '*']).next().unwrap();
            assert!(root.join(path).exists(), "{document} points at {path}, which is not there");
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && !["tests.rs", "vectors.rs", "fixture.rs"].contains(&name.as_str())
        {
            found.push(path);
        }
    }
    found
}
