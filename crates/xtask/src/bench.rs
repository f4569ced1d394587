//! The same loads on Apache Kafka and on Ottla, one server after the other in one run, as ratios.
//!
//! Wall time depends on what else the machine does; the server's processor time for each unit of work does so far less,
//! and stands beside it.

mod load;
mod server;
mod table;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};

use load::Load;
use server::{Server, Variant};

#[derive(Debug)]
pub(crate) struct Options {
    seconds: u32,
    /// Loads whose name contains this.
    only: Option<String>,
    kafka: bool,
}

impl Options {
    pub(crate) fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options { seconds: 5, only: None, kafka: true };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--seconds" => options.seconds = value()?.parse().context("--seconds needs a number")?,
                "--only" => options.only = Some(value()?.clone()),
                "--without-kafka" => options.kafka = false,
                other => bail!("unknown option {other}"),
            }
        }
        Ok(options)
    }
}

/// The folder of the conformance kit: real clients, Kafka itself and the load generator.
fn kit() -> Result<PathBuf> {
    let named = std::env::var_os("OTTLA_CONFORMANCE").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let kit = named.unwrap_or(beside);
    kit.canonicalize()
        .with_context(|| format!("{}: no conformance kit; set OTTLA_CONFORMANCE", kit.display()))
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let kit = kit()?;
    let generator = load::build(&kit)?;
    let ottla = server::build_ottla()?;
    let wanted = |load: &&Load| options.only.as_ref().is_none_or(|text| load.name.contains(text.as_str()));
    let loads: Vec<&Load> = load::LOADS.iter().filter(wanted).collect();
    let mut results = table::Table::default();
    let mut variants = vec![Variant::OttlaJournal, Variant::OttlaOs];
    if options.kafka {
        variants.insert(0, Variant::Kafka);
    }
    for variant in variants {
        let server = Server::start(variant, &kit, &ottla)?;
        eprintln!("{}: ready after {} ms", variant.name(), server.ready_ms());
        // The first seconds of a server are not its usual ones.
        load::WARM_UP.run(&generator, &server, Duration::from_secs(options.seconds.into()))?;
        for load in &loads {
            let figures = load.run(&generator, &server, Duration::from_secs(options.seconds.into()))?;
            eprintln!("{}: {}: {figures}", variant.name(), load.name);
            results.add(load, variant, figures);
        }
        server.stop()?;
    }
    println!("{results}");
    Ok(())
}
