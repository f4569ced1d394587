//! `ottla serve`: a broker in this process, until a signal ends it.

mod any_port;
mod banner;
mod flags;
mod logging;
mod ports_file;
mod signals;
mod start_error;

use std::io::{self, Write as _};
use std::process;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use ottla_broker::Running;
use ottla_config::{Settings, Warning};
use tokio::runtime::{Builder, Runtime};
use tracing::{info, warn};

use crate::configuration::{ConfigArgs, Environment, settings};
use crate::exit::Outcome;
use banner::Banner;
use flags::ServeFlags;
use logging::LogForm;
use ports_file::PortsFile;
use signals::Signals;

/// Start a broker
#[derive(Debug, Args)]
#[command(after_help = "\
It needs no configuration. Any option of Kafka's server.properties is taken by
--config FILE, by KAFKA_* variables (KAFKA_LOG_DIRS is log.dirs) and by --set;
flags win over the environment, that over the file. Without --data-dir data go
to $OTTLA_DATA_DIR, else $XDG_DATA_HOME/ottla, else ~/.local/share/ottla.

Examples:
  ottla serve
  ottla serve --data-dir ./data --listen 0.0.0.0:9092 --advertise kafka1:9092
  ottla serve --config server.properties --set num.partitions=6
  ottla serve --any-port --ports-file ports.json

Then, with the tools you have:
  echo hello | kcat -P -b 127.0.0.1:9092 -t hello
  kcat -C -b 127.0.0.1:9092 -t hello -e
  kafka-console-producer.sh --bootstrap-server 127.0.0.1:9092 --topic hello
  kafka-console-consumer.sh --bootstrap-server 127.0.0.1:9092 --topic hello \\
    --from-beginning")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    flags: ServeFlags,

    /// Listen on ports that are free, instead of those configured
    #[arg(long)]
    any_port: bool,

    /// Write the addresses to this file as JSON when ready
    #[arg(long, value_name = "FILE")]
    ports_file: Option<std::path::PathBuf>,

    /// Log as text or JSON [default: text on a terminal, else JSON]
    #[arg(long, value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormatFlag>,

    /// What to log: error, warn, info, debug, trace, or crate=level,…
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = logging::parse_level)]
    log_level: logging::Levels,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormatFlag {
    Text,
    Json,
}

pub(crate) fn run(args: &ServeArgs) -> Result<Outcome> {
    run_with(args, async |_running| Ok(Alone))
}

/// What runs beside the broker, until that is told to stop.
pub(crate) trait Companion {
    /// What the banner tells of it.
    fn lines(&self) -> Vec<(&'static str, String)>;
}

struct Alone;

impl Companion for Alone {
    fn lines(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Serves with a companion that is made when the broker is ready, before it says so.
pub(crate) fn run_with<C: Companion>(
    args: &ServeArgs,
    companion: impl AsyncFnOnce(&Running) -> Result<C>,
) -> Result<Outcome> {
    let (settings, warnings) = configure(args, &Environment::of_process())?;
    let form = LogForm::chosen(settings.broker().node.log_format);
    logging::start(form, args.log_level.clone());
    warnings.iter().for_each(|warning| warn!("{warning}"));
    runtime()?.block_on(serve(args, &settings, form, companion))
}

fn configure(args: &ServeArgs, environment: &Environment) -> Result<(Settings, Vec<Warning>)> {
    let mut flags = args.flags.assignments();
    if let Some(format) = args.log_format {
        flags.push(logging::format_assignment(format == LogFormatFlag::Json));
    }
    let mut given = args.config.assignments(environment, flags)?;
    if args.any_port {
        let (configured, _) = settings(given.clone())?;
        given.extend(any_port::assignments(&configured.broker(), args.flags.advertises()));
    }
    settings(given)
}

fn runtime() -> Result<Runtime> {
    let runtime = Builder::new_multi_thread().enable_all().thread_name("ottla-worker").build();
    runtime.context("cannot start the threads of the process")
}

async fn serve<C: Companion>(
    args: &ServeArgs,
    settings: &Settings,
    form: LogForm,
    companion: impl AsyncFnOnce(&Running) -> Result<C>,
) -> Result<Outcome> {
    // From here on a signal is not lost, whenever it comes.
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let running = start(settings, &mut signals).await?;
    let companion = match companion(&running).await {
        Ok(companion) => companion,
        Err(error) => {
            stop(running, &mut signals).await;
            return Err(error);
        }
    };
    let ports_file = args.ports_file.as_deref().map(|path| PortsFile::write(path, &running));
    let ports_file = ports_file.transpose()?;
    announce(&running, form, &companion)?;
    let signal = signals.next().await;
    drop(companion);
    info!(signal, "stopping; a second signal ends the process at once");
    stop(running, &mut signals).await;
    drop(ports_file);
    Ok(Outcome::Success)
}

/// Recovery can take its time, in which a signal must not have to wait.
async fn start(settings: &Settings, signals: &mut Signals) -> Result<Running> {
    let starting = tokio::spawn(ottla_broker::start(settings.start().clone()));
    tokio::select! {
        started = starting => {
            started.context("the broker panicked while it started")?.map_err(|error| start_error::explain(&error, settings))
        }
        signal = signals.next() => end_at_once(signal),
    }
}

fn announce(running: &Running, form: LogForm, companion: &impl Companion) -> io::Result<()> {
    let banner = Banner::new(running, companion.lines());
    if form == LogForm::Json {
        banner.log();
        return Ok(());
    }
    let mut out = io::stdout().lock();
    write!(out, "{banner}")?;
    out.flush()
}

/// Waits until everything is written and synced, or until somebody is tired of it.
async fn stop(running: Running, signals: &mut Signals) {
    tokio::select! {
        () = running.shutdown() => {}
        signal = signals.next() => end_at_once(signal),
    }
}

/// As if the process were killed, which loses nothing that was acknowledged.
fn end_at_once(signal: &str) -> ! {
    warn!(signal, "ended at once; the next start recovers");
    process::exit(signals::EXIT_CODE)
}
