//! A server that runs, on loopback, with its files in a folder that it is given.

use std::{
    fs,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    clock::{now, pause, wait_until},
    process::Process,
    programs::Programs,
    variant::Variant,
    wire,
};
use crate::ports::free_address;

/// Between two attempts to reach a server that starts: short beside what is measured, and it does not keep a core busy.
const RETRY: Duration = Duration::from_micros(500);
const STOP_PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Server {
    variant: Variant,
    dir: PathBuf,
    address: SocketAddr,
    /// Ottla itself; for Kafka the kit's script, which ends once Kafka answers.
    launched: Child,
    ready: Duration,
}

impl Server {
    /// Returns once it answers ApiVersions. `dir` may hold what an earlier server left there.
    pub(crate) fn start(
        programs: &Programs,
        variant: Variant,
        dir: &Path,
        patience: Duration,
    ) -> Result<Server> {
        // The second is for Kafka's controller, or for Ottla's metrics.
        let address = free_address(2)?;
        let mut command = match variant.is_kafka() {
            true => kafka(programs, variant, dir, address),
            false => ottla(programs, variant, dir, address),
        };
        let log = File::create(dir.join("launch.log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        let began = now();
        let launched = command.spawn().with_context(|| format!("cannot start {}", variant.name()))?;
        let mut server = Server { variant, dir: dir.to_owned(), address, launched, ready: Duration::ZERO };
        server.name_process()?;
        server.await_answer(began + patience)?;
        server.ready = began.elapsed();
        if variant.is_kafka() {
            server.launched.wait()?;
        }
        Ok(server)
    }

    /// In a file, as the kit's script does for Kafka.
    fn name_process(&self) -> Result<()> {
        if !self.variant.is_kafka() {
            fs::write(self.dir.join("pid"), self.launched.id().to_string())?;
        }
        Ok(())
    }

    fn await_answer(&mut self, deadline: Instant) -> Result<()> {
        loop {
            let left = deadline.saturating_duration_since(now());
            ensure!(!left.is_zero(), "{} did not start in time: {}", self.variant.name(), self.log());
            if wire::api_versions(self.address, left).is_ok() {
                return Ok(());
            }
            match self.launched.try_wait()? {
                Some(status) if !self.variant.is_kafka() || !status.success() => {
                    bail!("{} did not start ({status}): {}", self.variant.name(), self.log())
                }
                Some(_) | None => pause(RETRY),
            }
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("launch.log")).unwrap_or_default()
    }

    pub(crate) fn variant(&self) -> Variant {
        self.variant
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn process(&self) -> Result<Process> {
        let file = self.dir.join("pid");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Process { id: text.trim().parse().context("a process is a number")? })
    }

    /// From its start to its first answer.
    pub(crate) fn ready(&self) -> Duration {
        self.ready
    }

    /// Deletes topics and waits until their files are gone.
    pub(crate) fn delete_topics(&self, topics: &[String]) -> Result<()> {
        let patience = Duration::from_secs(60);
        wire::delete_topics(self.address, topics, patience)?;
        let is_of_one = |folder: &str| topics.iter().any(|topic| folder.starts_with(topic.as_str()));
        let gone = wait_until(patience, || {
            self.folders().is_ok_and(|folders| !folders.iter().any(|folder| is_of_one(folder)))
        });
        ensure!(gone, "{}: deleted topics are still on the disk", self.variant.name());
        Ok(())
    }

    fn folders(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.dir.join("data"))?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end("TERM")
    }

    pub(crate) fn kill(mut self) -> Result<()> {
        self.end("KILL")
    }

    fn end(&mut self, signal: &str) -> Result<()> {
        let process = self.process()?;
        if !process.has_ended() {
            process.signal(signal)?;
        }
        ensure!(wait_until(STOP_PATIENCE, || process.has_ended()), "{} did not end", self.variant.name());
        self.launched.wait()?;
        // From now on the number may be another process's.
        fs::remove_file(self.dir.join("pid"))?;
        Ok(())
    }
}

impl Drop for Server {
    /// Whatever failed, nothing is left running, and nobody writes into the folder any more.
    fn drop(&mut self) {
        // For Kafka that is the script, which runs only while it waits for Kafka.
        let _ = self.launched.kill();
        let _ = self.launched.wait();
        if self.dir.join("pid").exists()
            && let Err(error) = self.end("KILL")
        {
            eprintln!("{}: {error:#}", self.variant.name());
        }
    }
}

fn kafka(programs: &Programs, variant: Variant, dir: &Path, address: SocketAddr) -> Command {
    let mut command = programs.kafka();
    if let Some(version) = variant.kafka_version() {
        command.env("KAFKA_VERSION", version);
    }
    command.arg("start").arg(dir).arg(address.port().to_string()).args(variant.settings());
    command
}

fn ottla(programs: &Programs, variant: Variant, dir: &Path, address: SocketAddr) -> Command {
    let mut command = programs.ottla();
    let metrics = SocketAddr::new(address.ip(), address.port() + 1);
    command.arg("serve").arg("--data-dir").arg(dir.join("data"));
    command.args(["--listen", &address.to_string(), "--metrics-listen", &metrics.to_string()]);
    for setting in variant.settings() {
        command.args(["--set", setting]);
    }
    command
}
