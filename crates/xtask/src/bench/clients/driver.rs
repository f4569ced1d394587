//! How each client is made to carry a load.

use std::{
    path::PathBuf,
    process::{self, Command},
    time::Duration,
};

use anyhow::{Context, Result};

use super::{
    super::{
        figure::{Quantity, Sample},
        process::Process,
        programs::{Programs, output},
        server::Server,
        tools,
    },
    Load, settle,
};

/// Whose program carries a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Ottla,
    Librdkafka,
    Java,
}

impl Client {
    pub(crate) const WITHOUT_JAVA: [Client; 2] = [Client::Ottla, Client::Librdkafka];
    pub(crate) const ALL: [Client; 3] = [Client::Ottla, Client::Librdkafka, Client::Java];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Client::Ottla => "ottla-client",
            Client::Librdkafka => "librdkafka",
            Client::Java => "Java",
        }
    }
}

/// Runs clients, one after the other, each as a process of its own.
pub(crate) struct Driver<'a> {
    pub(crate) programs: &'a Programs,
    /// Our library and librdkafka behind the same options.
    pub(crate) client_load: PathBuf,
    pub(crate) server: &'a Server,
    pub(crate) seconds: u32,
}

/// As the loads on servers have them, more or less.
const PARTITIONS: &str = "8";

impl Driver<'_> {
    /// Into a new topic, which is deleted afterwards; what is consumed was written by our library.
    pub(crate) fn drive(&self, client: Client, load: Load, topic: &str) -> Result<Sample> {
        output(self.client_load().args(["create", &self.bootstrap(), topic, PARTITIONS]))?;
        let sample = self.measure(client, load, topic);
        self.server.delete_topics(&[topic.to_owned()])?;
        sample
    }

    fn measure(&self, client: Client, load: Load, topic: &str) -> Result<Sample> {
        if load.consumes {
            self.carry(Client::Ottla, Load { consumes: false, ..load }, topic)?;
        }
        settle();
        let before = processor_of_clients()?;
        let rate = self.carry(client, load, topic)?;
        let cost = processor_of_clients()?.saturating_sub(before);
        let millions = f64::from(self.records(load)) / 1e6;
        Ok(vec![Quantity::RATE.of(rate), Quantity::COST_OF_RECORDS.of(cost.as_secs_f64() / millions)])
    }

    /// Gives records for each second.
    fn carry(&self, client: Client, load: Load, topic: &str) -> Result<f64> {
        let records = self.records(load);
        if client == Client::Java {
            return self.carry_by_java(load, topic, &records.to_string());
        }
        let what = if load.consumes { "consume" } else { "produce" };
        let codec = if load.is_lz4 { "lz4" } else { "none" };
        let mut program = self.client_load();
        program.args([what, client.name(), &self.bootstrap(), topic, &records.to_string()]);
        let printed = output(program.args([&load.record_bytes.to_string(), codec]))?;
        let seconds: f64 = printed.trim().parse().with_context(|| format!("no seconds: {printed}"))?;
        Ok(f64::from(records) / seconds)
    }

    fn carry_by_java(&self, load: Load, topic: &str, records: &str) -> Result<f64> {
        let bootstrap = self.bootstrap();
        let mut tool = self.programs.kafka();
        if load.consumes {
            tool.args(["tool", "ConsumerPerformance", "--bootstrap-server", &bootstrap, "--topic", topic]);
            let printed = output(tool.args(["--num-records", records, "--hide-header"]))?;
            return tools::fetched_per_second(&printed)
                .with_context(|| format!("ConsumerPerformance: {printed}"));
        }
        let size = load.record_bytes.to_string();
        let codec = format!("compression.type={}", if load.is_lz4 { "lz4" } else { "none" });
        tool.args(["tool", "ProducerPerformance", "--bootstrap-server", &bootstrap, "--topic", topic]);
        tool.args(["--num-records", records, "--record-size", &size, "--throughput", "-1"]);
        let options = ["acks=all", "batch.size=16384", "linger.ms=5", &codec];
        let options = options.iter().flat_map(|option| ["--command-property", option]);
        let printed = output(tool.args(options))?;
        tools::produced_per_second(&printed).with_context(|| format!("ProducerPerformance: {printed}"))
    }

    fn records(&self, load: Load) -> u32 {
        load.rate.saturating_mul(self.seconds)
    }

    fn client_load(&self) -> Command {
        Command::new(&self.client_load)
    }

    fn bootstrap(&self) -> String {
        self.server.address().to_string()
    }
}

/// Of all that have ended: a client is measured from its start to its end, a JVM's included.
fn processor_of_clients() -> Result<Duration> {
    Process { id: process::id() }.processor_of_children()
}
