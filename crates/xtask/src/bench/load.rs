//! The loads, put on by the kit's generator.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::server::{Server, Variant};

#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) name: &'static str,
    command: &'static str,
    args: &'static [&'static str],
    /// What is counted for each second, and its unit.
    rate: (&'static str, &'static str),
    /// The server's processor time for each unit of work, and its unit.
    cost: (&'static str, &'static str),
    /// A topic that this load fills for fetches that follow.
    fills: Option<&'static str>,
}

const BATCHES: (&str, &str) = ("batches_per_s", "/s");
const MIB: (&str, &str) = ("mib_per_s", "MiB/s");
const MICROS: (&str, &str) = ("server_cpu_us_per_request", "µs");
const PER_GIB: (&str, &str) = ("server_cpu_s_per_gib", "s/GiB");

const fn produce(name: &'static str, args: &'static [&'static str]) -> Load {
    Load { name, command: "produce", args, rate: BATCHES, cost: MICROS, fills: None }
}

pub(crate) const WARM_UP: Load = produce("warm-up", &["-connections", "8", "-depth", "5"]);

pub(crate) const LOADS: &[Load] = &[
    Load {
        fills: Some("bench-small"),
        ..produce("1 KiB, 8 connections x 5 in flight", &["-connections", "8", "-depth", "5"])
    },
    produce("1 KiB, 64 connections x 1", &["-connections", "64", "-depth", "1"]),
    produce("1 KiB, 512 partitions", &["-connections", "8", "-depth", "5", "-partitions", "512"]),
    produce("1 KiB, one in flight", &["-connections", "1", "-depth", "1"]),
    produce("1 KiB, 10,000 batches/s paced", &["-connections", "8", "-depth", "5", "-rate", "10000"]),
    Load {
        rate: MIB,
        cost: PER_GIB,
        fills: Some("bench-large"),
        ..produce(
            "128 KiB of 128 records, 8 x 2",
            &["-connections", "8", "-depth", "2", "-batch", "131072", "-records", "128"],
        )
    },
    Load {
        name: "cached fetch of 1 MiB, 2 connections",
        command: "fetch",
        args: &["-connections", "2", "-fetch-bytes", "1048576", "-topic", "bench-large"],
        rate: MIB,
        cost: PER_GIB,
        fills: None,
    },
    Load {
        name: "cached fetch of 16 KiB, 2 connections",
        command: "fetch",
        args: &["-connections", "2", "-fetch-bytes", "16384", "-topic", "bench-small"],
        rate: ("fetches_per_s", "/s"),
        cost: MICROS,
        fills: None,
    },
];

/// What one load gave on one server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) rate: f64,
    rate_unit: &'static str,
    pub(crate) cost: f64,
    cost_unit: &'static str,
    /// Microseconds; 0 where the load has none.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) resident_mib: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} {}, {:.2} {}", self.rate, self.rate_unit, self.cost, self.cost_unit)?;
        if self.p50 > 0.0 {
            write!(f, ", p50 {:.0} µs, p99 {:.0} µs", self.p50, self.p99)?;
        }
        Ok(())
    }
}

/// Builds the generator; its binary.
pub(crate) fn build(kit: &Path) -> Result<PathBuf> {
    let out = std::env::temp_dir().join("ottla-bench-load");
    let built =
        Command::new("go").current_dir(kit.join("load")).args(["build", "-o"]).arg(&out).arg(".").status();
    ensure!(built.context("cannot run go")?.success(), "cannot build the load generator");
    Ok(out)
}

impl Load {
    pub(crate) fn run(&self, generator: &Path, server: &Server, time: Duration) -> Result<Figures> {
        let mut command = Command::new(generator);
        command.arg(self.command).args(self.args);
        command.args(["-bootstrap", &server.address(), "-pid", &server.pid().to_string()]);
        command.args(["-seconds", &time.as_secs().to_string()]);
        if let Some(topic) = self.fills {
            command.args(["-topic", topic]);
        }
        if server.variant() == Variant::OttlaOs && self.command == "produce" {
            command.args(["-config", "ottla.durability=os"]);
        }
        let output = command.output().context("cannot run the load generator")?;
        ensure!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        let figures: Value = serde_json::from_slice(&output.stdout).context("the generator prints JSON")?;
        Ok(self.read(&figures))
    }

    fn read(&self, figures: &Value) -> Figures {
        let number = |key: &str| figures[key].as_f64().unwrap_or(0.0);
        Figures {
            rate: number(self.rate.0),
            rate_unit: self.rate.1,
            cost: number(self.cost.0),
            cost_unit: self.cost.1,
            p50: number("p50_us"),
            p99: number("p99_us"),
            resident_mib: number("server_rss_mib"),
        }
    }
}
