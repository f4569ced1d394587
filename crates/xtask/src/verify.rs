//! The checks that are not tests.

use std::process::Command;

use anyhow::{Context, Result, ensure};

const CHECKS: [(&str, &[&str]); 4] = [
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"]),
    // `--all-targets` leaves out the tests that are run by name.
    ("lints of tests", &["clippy", "--workspace", "--test", "*", "--quiet", "--", "--deny", "warnings"]),
    ("documentation", &["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"]),
];

pub(crate) fn run() -> Result<()> {
    for (name, args) in CHECKS {
        println!("{name}: cargo {}", args.join(" "));
        let status = Command::new("cargo").args(args).env("RUSTDOCFLAGS", "--deny warnings").status();
        ensure!(status.context("cannot run cargo")?.success(), "{name} failed");
    }
    Ok(())
}
