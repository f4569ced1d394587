//! The performance tools that come with Kafka.

use std::{iter, time::Duration};

use anyhow::{Context, Result};

use super::{
    figure::{Figure, Quantity, Sample},
    load::{Load, Target},
    programs::output,
    requests::generate,
    variant::Variant,
};

pub(crate) const ALL: &[&dyn Load] = &[
    &Producer { name: "ProducerPerformance, 1 KiB", record_bytes: 1024, rate: 200_000 },
    &Producer { name: "ProducerPerformance, 100 B", record_bytes: 100, rate: 800_000 },
    &Consumer,
    &EndToEnd,
];

/// The tools take a number of records, not a time: `rate` is what makes about one second of them.
struct Producer {
    name: &'static str,
    record_bytes: u32,
    rate: u32,
}

struct Consumer;

struct EndToEnd;

const CONSUMED: Producer = Producer { name: "filled-records", record_bytes: 1024, rate: 500_000 };

impl Load for Producer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self, target: &Target<'_>, topic: &str) -> Result<Sample> {
        let records = records(target, self.rate);
        create(target, topic)?;
        let (printed, cost) = measure(target, || self.produce(target, topic, records))?;
        let rate =
            produced_per_second(&printed).with_context(|| format!("ProducerPerformance: {printed}"))?;
        Ok(vec![Quantity::RATE.of(rate), per_gib(cost, records, self.record_bytes)])
    }
}

impl Producer {
    fn produce(&self, target: &Target<'_>, topic: &str, records: u32) -> Result<String> {
        let [records, bytes] = [records, self.record_bytes].map(|number| number.to_string());
        let args = ["--topic", topic, "--num-records", &records, "--record-size", &bytes];
        let unpaced = ["--throughput", "-1", "--command-property", "acks=all"];
        tool(target, "ProducerPerformance", &[&args[..], &unpaced].concat())
    }
}

impl Load for Consumer {
    fn name(&self) -> &'static str {
        "ConsumerPerformance, 1 KiB"
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn prepare(&self, target: &Target<'_>) -> Result<()> {
        create(target, CONSUMED.name)?;
        CONSUMED.produce(target, CONSUMED.name, records(target, CONSUMED.rate)).map(drop)
    }

    fn run(&self, target: &Target<'_>, _topic: &str) -> Result<Sample> {
        let records = records(target, CONSUMED.rate);
        let number = records.to_string();
        let args = ["--topic", CONSUMED.name, "--num-records", &number, "--hide-header"];
        let (printed, cost) = measure(target, || tool(target, "ConsumerPerformance", &args))?;
        let rate =
            fetched_mib_per_second(&printed).with_context(|| format!("ConsumerPerformance: {printed}"))?;
        Ok(vec![Quantity::THROUGHPUT.of(rate), per_gib(cost, records, CONSUMED.record_bytes)])
    }
}

impl Load for EndToEnd {
    fn name(&self) -> &'static str {
        "EndToEndLatency, 1 KiB"
    }

    fn run(&self, target: &Target<'_>, topic: &str) -> Result<Sample> {
        let records = records(target, 1500).to_string();
        let args =
            ["--topic", topic, "--num-records", &records, "--producer-acks", "all", "--record-size", "1024"];
        let printed = tool(target, "EndToEndLatency", &args)?;
        let latencies = latencies_us(&printed).with_context(|| format!("EndToEndLatency: {printed}"))?;
        let quantities = [Quantity::AVERAGE, Quantity::P50, Quantity::P99];
        Ok(iter::zip(quantities, latencies).map(|(quantity, value)| quantity.of(value)).collect())
    }
}

/// A flush for each batch may be many times slower; the table needs no more of it.
fn records(target: &Target<'_>, rate: u32) -> u32 {
    let seconds = u32::try_from(target.time.as_secs()).expect("a load takes seconds");
    let slower = if target.server.variant() == Variant::KafkaSynced { 4 } else { 1 };
    rate * seconds / slower
}

/// Through the generator, so that it has the partitions of the other loads.
fn create(target: &Target<'_>, topic: &str) -> Result<()> {
    generate(target, "produce", Duration::from_millis(100), &format!("-topic {topic} -warmup 0 -rate 8"))
        .map(drop)
}

fn tool(target: &Target<'_>, class: &str, args: &[&str]) -> Result<String> {
    let mut kafka = target.programs.kafka();
    kafka.args(["tool", class, "--bootstrap-server", &target.server.address().to_string()]).args(args);
    output(&mut kafka)
}

/// What a tool printed, and the server's processor time meanwhile.
fn measure(target: &Target<'_>, run: impl FnOnce() -> Result<String>) -> Result<(String, Duration)> {
    let process = target.server.process()?;
    let before = process.processor()?;
    let printed = run()?;
    Ok((printed, process.processor()?.saturating_sub(before)))
}

fn per_gib(processor: Duration, records: u32, record_bytes: u32) -> Figure {
    let gib = f64::from(records) * f64::from(record_bytes) / f64::from(1 << 30);
    Quantity::COST_OF_BYTES.of(processor.as_secs_f64() / gib)
}

/// From the last line: `1000000 records sent, 212345.6 records/sec (207.4 MB/sec), 130.1 ms avg latency, …`.
pub(crate) fn produced_per_second(printed: &str) -> Option<f64> {
    let summary = printed.lines().rfind(|line| line.contains("99th"))?;
    summary.split(", ").nth(1)?.split(' ').next()?.parse().ok()
}

/// The ninth column: without the time that it took to join the group.
fn fetched_mib_per_second(printed: &str) -> Option<f64> {
    printed.lines().last()?.split(", ").nth(8)?.parse().ok()
}

/// The tenth column: records, without the time that it took to join the group.
pub(crate) fn fetched_per_second(printed: &str) -> Option<f64> {
    printed.lines().last()?.split(", ").nth(9)?.parse().ok()
}

/// Average, p50, p99. The tool gives percentiles in whole milliseconds.
fn latencies_us(printed: &str) -> Option<[f64; 3]> {
    let after = |text: &str| {
        let rest = printed.split(text).nth(1)?;
        let number = rest.split([' ', ',', '\n']).next()?;
        Some(number.parse::<f64>().ok()? * 1000.0)
    };
    Some([after("Avg latency: ")?, after("50th = ")?, after(" 99th = ")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tools_print_is_read() {
        let producer = "3616 records sent, 723.1 records/sec (0.71 MB/sec), 2177.4 ms avg latency, 3368.0 ms max latency.\n\
            100000 records sent, 1775.851965 records/sec (1.73 MB/sec), 14350.28 ms avg latency, 18655.00 ms max latency, \
            15388 ms 50th, 18328 ms 95th, 18574 ms 99th, 18634 ms 99.9th.\n";
        assert_eq!(produced_per_second(producer), Some(1_775.851_965));
        let consumer = "2026-11-21 15:09:14:162, 2026-11-21 15:09:18:491, 97.6563, 22.5586, 100000, 23100.0231, 1244, 3085, 31.6552, 32414.9109\n";
        assert_eq!(fetched_mib_per_second(consumer), Some(31.6552));
        assert_eq!(fetched_per_second(consumer), Some(32_414.910_9));
        let end_to_end =
            "0\t448.604445\nAvg latency: 10.9305 ms\nPercentiles: 50th = 6, 99th = 64, 99.9th = 165\n";
        assert_eq!(latencies_us(end_to_end), Some([10_930.5, 6000.0, 64_000.0]));
    }

    #[test]
    fn a_tool_that_ended_early_gives_no_figure() {
        assert_eq!(produced_per_second("3616 records sent, 723.1 records/sec (0.71 MB/sec)\n"), None);
        assert_eq!(fetched_mib_per_second(""), None);
        assert_eq!(latencies_us("0\t448.6\n"), None);
    }
}
