//! What developers run beside `cargo test`.
//!
//! - `cargo xtask verify` checks format, lints and documentation, as CI does.
//! - `cargo xtask client-tests` runs every test of the client library, on Ottla and on an Apache Kafka.
//! - `cargo xtask bench` puts the same loads on Apache Kafka and on Ottla and prints a table of ratios.
//! - `cargo xtask bench client` does so with our client library, librdkafka and Kafka's tools, all on Ottla.
//! - `cargo xtask bench cli` has the command line and kcat do the same work on Ottla, and prints the processor time of each.
//! - `cargo xtask bench legacy` does so with clients of Kafka's first decade, on Kafka 3.9.1 and on Ottla.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command line tool")]

mod bench;
mod client_tests;
mod folder;
mod kit;
mod ports;
mod verify;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <command>

  verify                     format, lints, documentation
  client-tests [OPTION]      every test of the client library on Ottla
    --kafka                  and on an Apache Kafka, which it starts: needs Java, Maven,
                             OpenSSL and the conformance kit in ../shared/conformance or
                             $OTTLA_CONFORMANCE
    --kafka-only             that alone

  bench [OPTION...]          the same loads on Apache Kafka and on Ottla, as ratios; needs
                             Linux, Go, Java and Maven, and the kit. Takes about
                             15 minutes, and 25 GB of disk in $TMPDIR
    --seconds N              how long each load is measured [3]
    --rounds N               how often; the table has the median [3]
    --warm-up N              how many seconds each server is warmed up [24]
    --only TEXT              rows whose name contains this
    --without-kafka          Ottla alone
    --large                  also starts with 3,000 partitions and 42 GB (45 GB of disk)
    --ottla FILE             this executable instead of one built now

  bench client [OPTION...]   the same loads by our client library, librdkafka and Kafka's own
                             tools, on Ottla; needs Linux, Java, Maven and the kit. Options as
                             above: --seconds, --rounds, --only, --ottla, and
    --without-kafka          without Kafka's tools

  bench cli [OPTION...]      ottla beside kcat: processor time, time and memory of reading and
                             writing 10 million records, and how long commands take to start;
                             needs Linux, kcat and 6 GB of disk in $TMPDIR. Options as above:
                             --rounds, --only, --ottla, and
    --records N              so many records instead of 10 million

  bench legacy [OPTION...]   librdkafka as it speaks to brokers of 0.9, 0.10 and today, on Kafka
                             3.9.1 and on Ottla; needs Linux, Java, Maven and the kit. Options
                             as above: --seconds, --rounds, --warm-up, --only, --without-kafka,
                             --ottla";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first().map(|(command, rest)| (command.as_str(), rest)) {
        Some(("verify", [])) => verify::run(),
        Some(("client-tests", rest)) => client_tests::run(client_tests::Servers::parse(rest)?),
        Some(("bench", rest)) if rest.first().is_some_and(|first| first == "client") => {
            bench::clients::run(&bench::Options::parse(&rest[1..])?)
        }
        Some(("bench", rest)) if rest.first().is_some_and(|first| first == "cli") => {
            bench::cli::run(&bench::Options::parse(&rest[1..])?)
        }
        Some(("bench", rest)) if rest.first().is_some_and(|first| first == "legacy") => {
            bench::legacy::run(&bench::Options::parse(&rest[1..])?)
        }
        Some(("bench", rest)) => bench::run(&bench::Options::parse(rest)?),
        Some(("help" | "--help" | "-h", _)) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}
