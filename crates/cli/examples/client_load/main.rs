//! One load of `cargo xtask bench client`, by our client library or by librdkafka, with the same options: `acks=all`, idempotent,
//! batches of 16 KiB that wait 5 ms, checksums checked.
//!
//! ```text
//! client_load create BOOTSTRAP TOPIC PARTITIONS
//! client_load produce|consume ottla-client|librdkafka[@BROKER_VERSION] BOOTSTRAP TOPIC RECORDS RECORD_BYTES none|lz4
//! ```
//!
//! With a broker's version librdkafka speaks as it does to a broker that old, which cannot say what it speaks.
//!
//! Prints how many seconds it took from the first record until all were acknowledged, or consumed.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures time and tells it"
)]

mod librdkafka;
mod ours;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How many different records are sent in turn.
const DIFFERENT: u64 = 1_000;
const BATCH_BYTES: usize = 16 * 1024;
const LINGER: Duration = Duration::from_millis(5);
/// Nothing that works takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is to be sent or read.
struct Load {
    bootstrap: String,
    topic: String,
    records: u64,
    record_bytes: usize,
    is_lz4: bool,
}

impl Load {
    fn parse(args: &[&str]) -> Result<Load> {
        let [bootstrap, topic, records, record_bytes, codec] = args else {
            bail!("see the head of this file")
        };
        ensure!(["none", "lz4"].contains(codec), "{codec}: none or lz4");
        Ok(Load {
            bootstrap: (*bootstrap).to_owned(),
            topic: (*topic).to_owned(),
            records: records.parse().context("RECORDS is a number")?,
            record_bytes: record_bytes.parse().context("RECORD_BYTES is a number")?,
            is_lz4: *codec == "lz4",
        })
    }

    /// Capital letters without order, as Kafka's ProducerPerformance has them.
    fn values(&self) -> Vec<Vec<u8>> {
        let mut state = 1_u64;
        let mut letter = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            b'A' + u8::try_from((state >> 33) % 26).expect("a letter")
        };
        (0..DIFFERENT).map(|_| (0..self.record_bytes).map(|_| letter()).collect()).collect()
    }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let seconds = match args.split_at_checked(2) {
        Some((["create", bootstrap], [topic, partitions])) => {
            return ours::create(bootstrap, topic, partitions.parse().context("PARTITIONS is a number")?);
        }
        Some((["produce", "ottla-client"], load)) => ours::produce(&Load::parse(load)?)?,
        Some((["consume", "ottla-client"], load)) => ours::consume(&Load::parse(load)?)?,
        Some((["produce", client], load)) => librdkafka::produce(&Load::parse(load)?, spoken_to(client)?)?,
        Some((["consume", client], load)) => librdkafka::consume(&Load::parse(load)?, spoken_to(client)?)?,
        _ => bail!("see the head of this file"),
    };
    println!("{seconds}");
    Ok(())
}

/// The broker's version in `librdkafka@0.9.0`, if it is one that cannot say it.
fn spoken_to(client: &str) -> Result<Option<&str>> {
    let rest = client.strip_prefix("librdkafka").context("clients are ottla-client and librdkafka")?;
    Ok(rest.strip_prefix('@'))
}

/// How long something takes, in seconds.
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<f64> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}
