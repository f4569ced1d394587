//! `kafka-producer-perf-test`.

use std::io::Write;
use std::path::{self, Path};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use ottla_client::producer::Producer;
use tokio::signal::ctrl_c;

use super::metrics::print_producer_metrics;
use super::stats::{Printing, Stats};
use crate::applets::connection::Properties;
use crate::applets::ending::{Interrupted, Misuse};
use crate::applets::options::{Opt, Options, Syntax};
use crate::applets::subcommands::Subcommands;
use crate::clock;
use crate::commands::bench::payloads::Payloads;
use crate::commands::bench::producing::{Load, produce};
use crate::exit::Outcome;
use crate::kafka_id::kafka_id;
use crate::random;
use crate::remote::{block_on, connect_producer_with};

static SCRIPT: Subcommands = Subcommands {
    script: "kafka-producer-perf-test",
    common: Syntax {
        about: "This tool is used to verify the producer performance.",
        options: &[
            Opt::value("bootstrap-server", "BOOTSTRAP-SERVER", "The server(s) to connect to."),
            Opt::value("topic", "TOPIC", "REQUIRED: Produce records to this topic."),
            Opt::value("num-records", "NUM-RECORDS", "REQUIRED: Number of records to produce."),
            Opt::value("record-size", "RECORD-SIZE", "Record size in bytes."),
            Opt::value("payload-file", "PAYLOAD-FILE", "File to read the record payloads from."),
            Opt::flag("payload-monotonic", "Payload is a monotonically increasing integer."),
            Opt::value("payload-delimiter", "PAYLOAD-DELIMITER", "What is between payloads (default: \\n)."),
            Opt::value("throughput", "THROUGHPUT", "REQUIRED: Records a second; -1 is as fast as it goes."),
            Opt::several("producer-props", "PROP=VALUE", "(DEPRECATED) Use --command-property instead."),
            Opt::several("command-property", "PROP=VALUE", "Options of the producer."),
            Opt::value("producer.config", "CONFIG-FILE", "(DEPRECATED) Use --command-config instead."),
            Opt::value("command-config", "CONFIG-FILE", "A file of options of the producer."),
            Opt::flag("print-metrics", "Print out metrics at the end of the test."),
            Opt::value("transactional-id", "TRANSACTIONAL-ID", "The transactional id to use."),
            Opt::value("transaction-duration-ms", "MS", "How long a transaction lasts (default: 3000)."),
            Opt::value("warmup-records", "WARMUP-RECORDS", "Records before those that count."),
            Opt::value("reporting-interval", "INTERVAL-MS", "How often a line is printed (default: 5000)."),
        ],
    },
    commands: &[],
};

const PAYLOADS: [&str; 3] = ["record-size", "payload-file", "payload-monotonic"];

const TRANSACTION_MS: u64 = 3000;

/// How long the last records may take.
const FAREWELL: Duration = Duration::from_secs(120);

pub(in crate::applets) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    if args.is_empty() {
        writeln!(out, "{}", SCRIPT.help())?;
        return Ok(Outcome::Success);
    }
    let options = SCRIPT.parse_alone(args)?;
    let test = Test::of(&options)?;
    let mut load = test.load(&options, out)?;
    let mut properties = properties(&options, out)?;
    load.transaction = test.transaction(&options, &mut properties);
    if test.warmup > 0 {
        writeln!(
            out,
            "Warmup first {} records. Steady state results will print after the complete test summary.",
            test.warmup
        )?;
    }
    out.flush()?;
    block_on(Box::pin(async {
        let (remote, config) = connect_producer_with(properties.all()).await?;
        let producer = remote.client.producer(config)?;
        if load.transaction.is_some() {
            producer.init_transactions().await?;
        }
        let outcome = tokio::select! {
            outcome = test.run(&producer, load, out) => outcome?,
            interrupted = ctrl_c() => interrupted.map_err(anyhow::Error::from).and(Err(Interrupted.into()))?,
        };
        if options.has("print-metrics") {
            print_producer_metrics(out, &remote.client)?;
        }
        producer.close(FAREWELL).await?;
        Ok(outcome)
    }))
}

/// What the command line asks for.
struct Test {
    count: u64,
    warmup: u64,
    size: Option<usize>,
    rate: f64,
    interval_ms: u64,
    transaction_ms: Option<u64>,
}

impl Test {
    /// In the order in which the script complains.
    fn of(options: &Options) -> Result<Test, Misuse> {
        for required in ["topic", "num-records", "throughput"] {
            if !options.has(required) {
                return Err(SCRIPT.misuse(&format!("argument --{required} is required")));
            }
        }
        match PAYLOADS.iter().filter(|name| options.has(name)).collect::<Vec<_>>()[..] {
            [_] => {}
            [] => {
                let reason =
                    "one of the arguments --record-size --payload-file --payload-monotonic is required";
                return Err(SCRIPT.misuse(reason));
            }
            [first, second, ..] => {
                let reason = format!("argument --{second}: not allowed with argument --{first}");
                return Err(SCRIPT.misuse(&reason));
            }
        }
        let count = above_zero(options, "num-records")?.unwrap_or_default();
        let warmup = options.last_number::<i64>("warmup-records")?.unwrap_or_default();
        let warmup = u64::try_from(warmup).unwrap_or_default();
        if warmup >= count {
            return Err(SCRIPT.misuse(
                "The value for --warmup-records must be strictly fewer than the number of records in the test, \
                 --num-records.",
            ));
        }
        let size =
            above_zero(options, "record-size")?.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        check_origins(options)?;
        Ok(Test {
            count,
            warmup,
            size,
            rate: options.last_number("throughput")?.unwrap_or(-1.0),
            transaction_ms: above_zero(options, "transaction-duration-ms")?,
            interval_ms: above_zero(options, "reporting-interval")?.unwrap_or(5000),
        })
    }

    fn load(&self, options: &Options, out: &mut dyn Write) -> Result<Load> {
        let payloads = match (self.size, options.last("payload-file")) {
            (Some(size), _) => Payloads::random(size),
            (None, Some(file)) => of_file(file, options.last("payload-delimiter"), out)?,
            (None, None) => Payloads::Monotonic,
        };
        Ok(Load {
            topic: options.last("topic").unwrap_or_default().into(),
            partition: None,
            payloads,
            count: Some(self.count),
            // Below zero there is no limit. At zero the script waits for ever behind the first record, which helps nobody.
            rate: (self.rate > 0.0).then_some(self.rate),
            transaction: None,
            from_due: false,
        })
    }

    /// How long transactions last, if there are any; they need an id.
    fn transaction(&self, options: &Options, properties: &mut Properties) -> Option<Duration> {
        const ID: &str = "transactional.id";
        match options.last("transactional-id") {
            Some(given) => properties.set(ID, given),
            None if self.transaction_ms.is_some() => {
                properties.set_default(ID, format!("performance-producer-{}", kafka_id(random::uuid())));
            }
            None => {}
        }
        properties.get(ID)?;
        Some(Duration::from_millis(self.transaction_ms.unwrap_or(TRANSACTION_MS)))
    }

    async fn run(&self, producer: &Producer, load: Load, out: &mut dyn Write) -> Result<Outcome> {
        let all = Stats::new(clock::now(), self.count, self.interval_ms, false);
        let (warmup, count) = (self.warmup, self.count);
        let printing = Printing { out, all, warmup, count, steady: None, failed: 0, unprintable: Ok(()) };
        let printing = Mutex::new(printing);
        produce(producer, load, std::future::pending(), &printing).await?;
        let mut printing = printing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        let totals =
            [Some(printing.all.total_line(now)), printing.steady.as_ref().map(|it| it.total_line(now))];
        for line in totals.into_iter().flatten() {
            printing.print(&line);
        }
        printing.unprintable?;
        Ok(if printing.failed > 0 { Outcome::Failure } else { Outcome::Success })
    }
}

fn above_zero(options: &Options, name: &str) -> Result<Option<u64>, Misuse> {
    let Some(number) = options.last_number::<i64>(name)? else { return Ok(None) };
    let number = u64::try_from(number).ok().filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| SCRIPT.misuse(&format!("--{name} should be greater than zero.")))
}

/// Where options of the producer may come from.
fn check_origins(options: &Options) -> Result<(), Misuse> {
    const ORIGINS: [&str; 5] =
        ["bootstrap-server", "command-property", "producer-props", "producer.config", "command-config"];
    if options.count(&ORIGINS) == 0 {
        return Err(SCRIPT.misuse(
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or \
             --command-config must be specified.",
        ));
    }
    for (new, old) in [("command-property", "producer-props"), ("command-config", "producer.config")] {
        if options.has(new) && options.has(old) {
            return Err(SCRIPT.misuse(&format!("--{new} and --{old} cannot be specified together.")));
        }
    }
    Ok(())
}

fn of_file(file: &str, delimiter: Option<&str>, out: &mut dyn Write) -> Result<Payloads> {
    let delimiter = delimiter.filter(|delimiter| *delimiter != "\\n").unwrap_or("\n");
    let path = path::absolute(Path::new(file))?;
    writeln!(out, "Reading payloads from: {}", path.display())?;
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0) {
        let payloads = Payloads::of_file(&path, delimiter)?;
        writeln!(out, "Number of records read: {}", payloads.count().unwrap_or_default())?;
        return Ok(payloads);
    }
    out.flush()?;
    bail!("File does not exist or empty file provided.")
}

fn properties(options: &Options, out: &mut dyn Write) -> Result<Properties> {
    let mut given = ["command-property", "command-config"];
    for (at, old) in [(0, "producer-props"), (1, "producer.config")] {
        if options.has(old) {
            writeln!(
                out,
                "Option --{old} has been deprecated and will be removed in a future version. Use --{} instead.",
                given[at]
            )?;
            given[at] = old;
        }
    }
    let [property, file] = given;
    let mut properties = Properties::of_file(options, file)?;
    for pair in options.values(property) {
        match pair.split('=').collect::<Vec<_>>()[..] {
            [key, value] if !value.is_empty() => properties.set(key, value),
            _ => bail!("Invalid property: {pair}"),
        }
    }
    properties.set_default("client.id", "perf-producer-client");
    if let Some(servers) = options.last("bootstrap-server") {
        properties.set("bootstrap.servers", servers);
    }
    Ok(properties)
}
