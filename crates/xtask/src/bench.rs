//! The same loads on Apache Kafka and on Ottla, one server after the other in one run, as ratios.
//!
//! Wall time depends on what else the machine does; the server's processor time for each unit of work does so far less,
//! and stands beside it.

pub(crate) mod cli;
pub(crate) mod clients;
mod clock;
mod figure;
mod large;
pub(crate) mod legacy;
mod load;
mod options;
mod partitions;
mod process;
mod programs;
mod requests;
mod rows;
mod server;
mod start;
mod table;
mod tools;
mod variant;
mod wire;

use std::time::{Duration, Instant};

use anyhow::{Error, Result, ensure};

use figure::{Quantity, Sample, Unit};
use load::{Load, Target};
pub(crate) use options::Options;
use programs::Programs;
use server::Server;
use table::Table;
use variant::Variant;

use crate::folder::Folder;

const MEMORY: &str = "resident memory, idle and most under these loads";
const IDLE: Quantity = Quantity::new("idle ", Unit::Kib);
const MOST: Quantity = Quantity::new("most ", Unit::Kib);
const SETTLE: Duration = Duration::from_secs(3);

/// A row that starts servers of its own.
type OfServer = fn(&Programs, Variant) -> Result<Vec<Sample>>;

struct Bench<'a> {
    options: &'a Options,
    programs: Programs,
    loads: Vec<&'static dyn Load>,
    of_servers: Vec<(&'static str, OfServer)>,
    table: Table,
    failures: u32,
    began: Instant,
}

/// A measurement that fails leaves a gap in the table, and the others go on.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut bench = Bench::new(options)?;
    bench.measure();
    println!("{}", bench.table);
    ensure!(bench.failures == 0, "{} measurements failed, see above", bench.failures);
    Ok(())
}

impl Bench<'_> {
    fn new(options: &Options) -> Result<Bench<'_>> {
        let began = clock::now();
        let mut loads = load::all();
        let mut of_servers: Vec<(_, OfServer)> =
            vec![(start::NAME, start::measure), (partitions::NAME, partitions::measure)];
        if options.large {
            large::require_disk(&std::env::temp_dir())?;
            of_servers.push((large::NAME, large::measure));
        }
        loads.retain(|load| options.wants(load.name()));
        of_servers.retain(|(name, _)| options.wants(name));
        let anything = !loads.is_empty() || !of_servers.is_empty() || options.wants(MEMORY);
        ensure!(anything, "no row has this in its name");
        let programs = Programs::build(options.ottla.as_deref())?;
        Ok(Bench { options, programs, loads, of_servers, table: Table::default(), failures: 0, began })
    }

    fn measure(&mut self) {
        let variants: &[Variant] = if self.options.kafka { &Variant::ALL } else { &Variant::WITHOUT_KAFKA };
        for &variant in variants {
            if let Err(error) = self.put_loads(variant) {
                self.fail(variant, "the loads", &error);
            }
            if variant.is_default() {
                self.measure_servers(variant);
            }
        }
    }

    fn measure_servers(&mut self, variant: Variant) {
        for (row, measure) in self.of_servers.clone() {
            match measure(&self.programs, variant) {
                Ok(samples) => samples.into_iter().for_each(|sample| self.add(row, variant, sample)),
                Err(error) => self.fail(variant, row, &error),
            }
        }
    }

    /// All loads on one server, round after round.
    fn put_loads(&mut self, variant: Variant) -> Result<()> {
        let loads: Vec<&dyn Load> =
            self.loads.iter().copied().filter(|load| differs(*load, variant)).collect();
        if loads.is_empty() && !self.options.wants(MEMORY) {
            return Ok(());
        }
        let folder = Folder::new()?;
        let server = Server::start(&self.programs, variant, folder.path(), start::PATIENCE)?;
        clock::pause(SETTLE);
        let idle = server.process()?.resident()?;
        self.warm_up(&server, &loads)?;
        for round in 0..self.options.rounds {
            self.put_round(&server, &loads, round)?;
        }
        if self.options.wants(MEMORY) {
            let most = server.process()?.most_resident()?;
            self.add(MEMORY, variant, vec![IDLE.of(idle), MOST.of(most)]);
        }
        Ok(())
    }

    /// A server's first seconds are not its usual ones: a JVM compiles what runs often.
    fn warm_up(&self, server: &Server, loads: &[&dyn Load]) -> Result<()> {
        let mut warming = load::all();
        warming.retain(|load| load.warms_up());
        let only_measured = loads.iter().filter(|load| !load.warms_up());
        for load in warming.iter().chain(only_measured) {
            load.prepare(&self.target(server, self.options.time()))?;
        }
        let count = u32::try_from(warming.len())?;
        let target = self.target(server, self.options.warm_up() / count);
        for (index, load) in warming.iter().enumerate() {
            load.run(&target, &format!("warm-up-{index}"))?;
        }
        self.say(&format!("{}: warm", server.variant().name()));
        server.delete_topics(&(0..count).map(|index| format!("warm-up-{index}")).collect::<Vec<_>>())
    }

    /// Into new topics, which are deleted afterwards: each round finds the disk and the page cache as the one before did.
    /// What the load before has left to be written is written first, lest the next one pay for it.
    fn put_round(&mut self, server: &Server, loads: &[&dyn Load], round: u32) -> Result<()> {
        let mut topics = Vec::new();
        for (index, load) in loads.iter().enumerate() {
            let topic = format!("round-{round}-{index}");
            let target = self.target(server, self.options.time());
            rustix::fs::sync();
            match load.run(&target, &topic) {
                Ok(sample) => self.add(load.name(), server.variant(), sample),
                Err(error) => self.fail(server.variant(), load.name(), &error),
            }
            topics.push(topic);
        }
        server.delete_topics(&topics)
    }

    fn target<'a>(&'a self, server: &'a Server, time: Duration) -> Target<'a> {
        Target { programs: &self.programs, server, time }
    }

    fn add(&mut self, row: &'static str, variant: Variant, sample: Sample) {
        let figures: Vec<String> = sample.iter().map(ToString::to_string).collect();
        self.say(&format!("{}: {row}: {}", variant.name(), figures.join(", ")));
        self.table.add(row, variant, sample);
    }

    fn fail(&mut self, variant: Variant, what: &str, error: &Error) {
        self.failures += 1;
        self.say(&format!("{}: {what}: {error:#}", variant.name()));
    }

    fn say(&self, text: &str) {
        let seconds = self.began.elapsed().as_secs();
        eprintln!("{:2}:{:02} {text}", seconds / 60, seconds % 60);
    }
}

/// Reading costs the same however durably it was written.
fn differs(load: &dyn Load, variant: Variant) -> bool {
    variant != Variant::KafkaSynced || !load.only_reads()
}
