//! What one run measures, and for how long.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail, ensure};

#[derive(Debug)]
pub(crate) struct Options {
    /// How long each load is measured.
    pub(crate) seconds: u32,
    /// How often each load is measured; the table gives the median.
    pub(crate) rounds: u32,
    /// How many records the command line reads and writes.
    pub(crate) records: u32,
    /// How long each server is warmed up, in all.
    warm_up: u32,
    /// Rows whose name contains this.
    only: Option<String>,
    pub(crate) kafka: bool,
    /// Also starts with many partitions and much data.
    pub(crate) large: bool,
    /// The executable that is measured, instead of one that is built first.
    pub(crate) ottla: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            seconds: 3,
            rounds: 3,
            records: 10_000_000,
            warm_up: 24,
            only: None,
            kafka: true,
            large: false,
            ottla: None,
        }
    }
}

impl Options {
    pub(crate) fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--seconds" => options.seconds = at_least_one(arg, value()?)?,
                "--rounds" => options.rounds = at_least_one(arg, value()?)?,
                "--records" => options.records = at_least_one(arg, value()?)?,
                "--warm-up" => options.warm_up = at_least_one(arg, value()?)?,
                "--only" => options.only = Some(value()?.clone()),
                "--without-kafka" => options.kafka = false,
                "--large" => options.large = true,
                "--ottla" => options.ottla = Some(value()?.into()),
                other => bail!("unknown option {other}"),
            }
        }
        Ok(options)
    }

    pub(crate) fn wants(&self, row: &str) -> bool {
        self.only.as_ref().is_none_or(|text| row.contains(text.as_str()))
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up.into())
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }
}

fn at_least_one(option: &str, value: &str) -> Result<u32> {
    let number: u32 = value.parse().with_context(|| format!("{option} needs a number, not {value}"))?;
    ensure!(number > 0, "{option} needs at least 1");
    Ok(number)
}
