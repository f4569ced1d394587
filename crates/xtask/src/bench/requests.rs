//! Raw produce and fetch requests, from the kit's generator.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    figure::{Quantity, Sample},
    load::{Load, Target},
    programs::output,
};

/// What a server has done just before is not measured.
const SETTLE_SECONDS: f64 = 0.5;

#[derive(Debug)]
pub(crate) struct Requests {
    name: &'static str,
    command: &'static str,
    args: &'static str,
    /// The generator's keys for what is told of this load.
    figures: &'static [(&'static str, Quantity)],
    reads: Option<Filled>,
    warms_up: bool,
}

/// A topic that is filled once, paced so that it is equally large on every server and stays in the page cache.
#[derive(Debug)]
struct Filled {
    topic: &'static str,
    args: &'static str,
}

const FILL_TIME: Duration = Duration::from_secs(4);

const BATCHES: (&str, Quantity) = ("batches_per_s", Quantity::RATE);
const MIB: (&str, Quantity) = ("mib_per_s", Quantity::THROUGHPUT);
const COST: (&str, Quantity) = ("server_cpu_us_per_request", Quantity::COST);
const COST_OF_BYTES: (&str, Quantity) = ("server_cpu_s_per_gib", Quantity::COST_OF_BYTES);
const P50: (&str, Quantity) = ("p50_us", Quantity::P50);
const P99: (&str, Quantity) = ("p99_us", Quantity::P99);

const fn produce(name: &'static str, args: &'static str) -> Requests {
    let figures = &[BATCHES, COST, P50, P99];
    Requests { name, command: "produce", args, figures, reads: None, warms_up: false }
}

const fn fetch(name: &'static str, args: &'static str, reads: Filled) -> Requests {
    let figures = &[MIB, COST_OF_BYTES];
    Requests { name, command: "fetch", args, figures, reads: Some(reads), warms_up: true }
}

pub(crate) const ALL: &[Requests] = &[
    Requests {
        warms_up: true,
        ..produce("1 KiB batches, 8 connections × 5 in flight", "-connections 8 -depth 5")
    },
    produce("1 KiB batches, 64 connections × 1", "-connections 64 -depth 1"),
    produce("1 KiB batches, 8 × 5, over 512 partitions", "-connections 8 -depth 5 -partitions 512"),
    produce("1 KiB batches, one connection, one in flight", "-connections 1 -depth 1"),
    produce("1 KiB batches, 10,000/s paced", "-connections 8 -depth 5 -rate 10000"),
    Requests {
        figures: &[MIB, COST_OF_BYTES, P50, P99],
        warms_up: true,
        ..produce(
            "128 KiB batches of 128 records, 8 × 2",
            "-connections 8 -depth 2 -batch 131072 -records 128",
        )
    },
    fetch(
        "cached fetch of 1 MiB, 2 connections",
        "-connections 2 -fetch-bytes 1048576",
        Filled { topic: "filled-large", args: "-depth 2 -batch 131072 -records 128 -rate 2000" },
    ),
    Requests {
        figures: &[("fetches_per_s", Quantity::RATE), COST],
        ..fetch(
            "cached fetch of 16 KiB, 2 connections",
            "-connections 2 -fetch-bytes 16384",
            Filled { topic: "filled-small", args: "-depth 5 -rate 10000" },
        )
    },
];

impl Load for Requests {
    fn name(&self) -> &'static str {
        self.name
    }

    fn only_reads(&self) -> bool {
        self.reads.is_some()
    }

    fn warms_up(&self) -> bool {
        self.warms_up
    }

    fn prepare(&self, target: &Target<'_>) -> Result<()> {
        if let Some(filled) = &self.reads {
            let args = format!("{} -topic {} -warmup 0", filled.args, filled.topic);
            generate(target, "produce", FILL_TIME, &args)?;
        }
        Ok(())
    }

    fn run(&self, target: &Target<'_>, topic: &str) -> Result<Sample> {
        let topic = self.reads.as_ref().map_or(topic, |filled| filled.topic);
        let args = format!("{} -topic {topic} -warmup {SETTLE_SECONDS}", self.args);
        let result = generate(target, self.command, target.time, &args)?;
        self.figures.iter().map(|(key, quantity)| Ok(quantity.of(number(&result, key)?))).collect()
    }
}

/// Runs the generator with these flags; the JSON that it prints.
pub(crate) fn generate(target: &Target<'_>, command: &str, time: Duration, args: &str) -> Result<Value> {
    let mut generator = target.programs.generator();
    generator.arg(command).args(args.split(' ')).args(["-bootstrap", &target.server.address().to_string()]);
    generator.args(["-pid", &target.server.process()?.id.to_string()]);
    generator.args(["-seconds", &time.as_secs_f64().to_string()]);
    serde_json::from_str(&output(&mut generator)?).context("the generator prints JSON")
}

pub(crate) fn number(result: &Value, key: &str) -> Result<f64> {
    result[key].as_f64().with_context(|| format!("the generator gives no {key}: {result}"))
}
