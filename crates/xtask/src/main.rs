//! What developers run beside `cargo test`.
//!
//! - `cargo xtask verify` checks format, lints and documentation, as CI does.
//! - `cargo xtask bench` puts the same loads on Apache Kafka and on Ottla and prints a table of ratios.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line tool")]

mod bench;
mod verify;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <command>

  verify                     format, lints, documentation
  bench [--seconds N] [--only TEXT] [--without-kafka]
                             the same loads on Apache Kafka and on Ottla, as ratios;
                             needs Go, Java and Maven, and the conformance kit in
                             ../shared/conformance or $OTTLA_CONFORMANCE";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first().map(|(command, rest)| (command.as_str(), rest)) {
        Some(("verify", [])) => verify::run(),
        Some(("bench", rest)) => bench::run(&bench::Options::parse(rest)?),
        Some(("help" | "--help" | "-h", _)) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}
