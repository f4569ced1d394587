//! What clients of Kafka's first decade cost the server, on the last Kafka that serves them and on Ottla; and that today's
//! clients do not pay for them.

use std::{fmt, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};

use super::{
    Options, clock,
    figure::{Quantity, Sample},
    programs::{Programs, build_executable, output},
    rows::Rows,
    server::Server,
    start::PATIENCE,
    table::beside,
    variant::Variant,
};
use crate::folder::Folder;

/// What librdkafka carries, as it speaks to a broker of some version.
#[derive(Clone, Copy, Debug)]
struct Load {
    name: &'static str,
    client: &'static str,
    consumes: bool,
    record_bytes: u32,
    codec: &'static str,
    /// About as many records as a second sees.
    rate: u32,
}

const OF_0_9: &str = "librdkafka@0.9.0";
const OF_0_10: &str = "librdkafka@0.10.0";
const OF_TODAY: &str = "librdkafka";

/// What is consumed was written by a client of today, so that it is converted for the others.
const LOADS: &[Load] = &[
    produce("0.9: produce 1 KiB", OF_0_9, 1024, "none"),
    consume("0.9: consume 1 KiB", OF_0_9, 1024, "none"),
    produce("0.10: produce 1 KiB", OF_0_10, 1024, "none"),
    consume("0.10: consume 1 KiB", OF_0_10, 1024, "none"),
    produce("0.10: produce 1 KiB, lz4", OF_0_10, 1024, "lz4"),
    consume("0.10: consume 1 KiB, lz4", OF_0_10, 1024, "lz4"),
    produce("0.10: produce 100 B", OF_0_10, 100, "none"),
    consume("0.10: consume 100 B", OF_0_10, 100, "none"),
    produce("today: produce 1 KiB", OF_TODAY, 1024, "none"),
    consume("today: consume 1 KiB", OF_TODAY, 1024, "none"),
];

const VARIANTS: [Variant; 3] = [Variant::Kafka3, Variant::OttlaJournal, Variant::OttlaOfToday];
const PARTITIONS: &str = "8";

const fn produce(name: &'static str, client: &'static str, record_bytes: u32, codec: &'static str) -> Load {
    Load { name, client, consumes: false, record_bytes, codec, rate: 100_000 * (1 + 1000 / record_bytes) }
}

const fn consume(name: &'static str, client: &'static str, record_bytes: u32, codec: &'static str) -> Load {
    Load { consumes: true, ..produce(name, client, record_bytes, codec) }
}

struct Bench<'a> {
    options: &'a Options,
    programs: Programs,
    client_load: PathBuf,
    loads: Vec<Load>,
    table: Table,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let loads: Vec<Load> = LOADS.iter().copied().filter(|load| options.wants(load.name)).collect();
    ensure!(!loads.is_empty(), "no row has this in its name");
    ensure!(!options.large, "--large is not for old clients");
    let programs = Programs::without_generator(options.ottla.as_deref())?;
    let client_load = build_executable(["--example", "client_load"])?;
    let table = Table::default();
    let mut bench = Bench { options, programs, client_load, loads, table };
    for variant in VARIANTS {
        if options.kafka || !variant.is_kafka() {
            bench.measure_all(variant)?;
        }
    }
    println!("{}", bench.table);
    Ok(())
}

impl Bench<'_> {
    fn measure_all(&mut self, variant: Variant) -> Result<()> {
        let loads: Vec<Load> = self.loads.iter().copied().filter(|load| load.is_for(variant)).collect();
        if loads.is_empty() {
            return Ok(());
        }
        let folder = Folder::new()?;
        let server = Server::start(&self.programs, variant, folder.path(), PATIENCE)?;
        let warm_until = clock::now() + self.options.warm_up();
        for (at, load) in loads.iter().cycle().enumerate() {
            if clock::now() >= warm_until {
                break;
            }
            self.measure(&server, *load, &format!("warm-up-{at}"))?;
        }
        for round in 0..self.options.rounds {
            for (at, load) in loads.iter().enumerate() {
                let sample = self.measure(&server, *load, &format!("round-{round}-{at}"))?;
                let figures: Vec<String> = sample.iter().map(ToString::to_string).collect();
                eprintln!("{}: {}: {}", variant.name(), load.name, figures.join(", "));
                self.table.0.add(load.name, variant, sample);
            }
        }
        server.stop()
    }

    /// Into a new topic, which stays as long as the server: what an old client asked last may come after a deletion, and
    /// have the topic created again.
    fn measure(&self, server: &Server, load: Load, topic: &str) -> Result<Sample> {
        let bootstrap = server.address().to_string();
        output(Command::new(&self.client_load).args(["create", &bootstrap, topic, PARTITIONS]))?;
        if load.consumes {
            self.carry(server, Load { consumes: false, client: OF_TODAY, ..load }, topic)?;
        }
        rustix::fs::sync();
        let process = server.process()?;
        let before = process.processor()?;
        let seconds = self.carry(server, load, topic)?;
        let cost = process.processor()?.saturating_sub(before);
        Ok(self.sample(load, seconds, cost))
    }

    /// Gives the seconds that it took.
    fn carry(&self, server: &Server, load: Load, topic: &str) -> Result<f64> {
        let [records, bytes] = [self.records(load), load.record_bytes].map(|number| number.to_string());
        let what = if load.consumes { "consume" } else { "produce" };
        let mut program = Command::new(&self.client_load);
        program.args([what, load.client, &server.address().to_string(), topic, &records, &bytes, load.codec]);
        let printed = output(&mut program)?;
        printed.trim().parse().with_context(|| format!("no seconds: {printed}"))
    }

    fn records(&self, load: Load) -> u32 {
        load.rate.saturating_mul(self.options.seconds)
    }

    fn sample(&self, load: Load, seconds: f64, cost: Duration) -> Sample {
        let records = f64::from(self.records(load));
        let gib = records * f64::from(load.record_bytes) / f64::from(1 << 30);
        vec![Quantity::RATE.of(records / seconds), Quantity::COST_OF_BYTES.of(cost.as_secs_f64() / gib)]
    }
}

impl Load {
    /// Only clients of today are served by all.
    fn is_for(self, variant: Variant) -> bool {
        variant != Variant::OttlaOfToday || self.client == OF_TODAY
    }
}

#[derive(Debug, Default)]
struct Table(Rows<Variant>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians; × is the ratio to Kafka 3.9.1, ± half of the spread, cpu the server's processor time for a GiB of records.\n"
        )?;
        writeln!(
            f,
            "| librdkafka as it speaks to brokers of | Ottla | Ottla, `ottla.legacy.versions=false` | Kafka 3.9.1 |"
        )?;
        writeln!(f, "|---|---|---|---|")?;
        for row in self.0.iter() {
            let kafka = row.summaries(Variant::Kafka3);
            let [ottla, of_today] = [Variant::OttlaJournal, Variant::OttlaOfToday]
                .map(|variant| beside(&row.summaries(variant), &kafka));
            let load = row.name;
            writeln!(f, "| {load} | {ottla} | {of_today} | {} |", beside(&kafka, &[]))?;
        }
        Ok(())
    }
}
