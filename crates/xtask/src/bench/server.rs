//! The servers that are compared, each in a folder of its own on loopback.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Kafka,
    OttlaJournal,
    OttlaOs,
}

impl Variant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Variant::Kafka => "Kafka 4.3.1",
            Variant::OttlaJournal => "Ottla (journal)",
            Variant::OttlaOs => "Ottla (os)",
        }
    }
}

pub(crate) struct Server {
    variant: Variant,
    dir: PathBuf,
    port: u16,
    pid: u32,
    ready: Duration,
    kit: PathBuf,
    child: Option<Child>,
}

/// Builds what users run; its binary.
pub(crate) fn build_ottla() -> Result<PathBuf> {
    let built =
        Command::new("cargo").args(["build", "--release", "--quiet", "--package", "ottla-cli"]).status();
    ensure!(built.context("cannot run cargo")?.success(), "cannot build ottla");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"));
    Ok(target.join("release/ottla"))
}

impl Server {
    pub(crate) fn start(variant: Variant, kit: &Path, ottla: &Path) -> Result<Server> {
        let dir = std::env::temp_dir().join(format!("ottla-bench-{}-{}", std::process::id(), free_port()?));
        fs::create_dir_all(&dir)?;
        let mut server = Server {
            variant,
            dir,
            port: free_port()?,
            pid: 0,
            ready: Duration::ZERO,
            kit: kit.to_owned(),
            child: None,
        };
        let began = now();
        match variant {
            Variant::Kafka => server.start_kafka()?,
            Variant::OttlaJournal | Variant::OttlaOs => server.start_ottla(ottla)?,
        }
        server.ready = began.elapsed();
        Ok(server)
    }

    fn start_kafka(&mut self) -> Result<()> {
        let output = Command::new(self.kit.join("kafka/kafka"))
            .arg("start")
            .arg(&self.dir)
            .arg(self.port.to_string())
            .output()
            .context("cannot run the kit's kafka")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "Kafka did not start: {text}");
        let pid = text.split("process ").nth(1).and_then(|rest| rest.split(')').next());
        self.pid = pid.context("Kafka's start tells its process")?.trim().parse()?;
        Ok(())
    }

    fn start_ottla(&mut self, ottla: &Path) -> Result<()> {
        let child = Command::new(ottla)
            .arg("serve")
            .args(["--listen", &self.address(), "--set", "ottla.metrics.listener="])
            .arg("--data-dir")
            .arg(self.dir.join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run ottla")?;
        self.pid = child.id();
        self.child = Some(child);
        let deadline = now() + Duration::from_secs(10);
        while TcpStream::connect(self.address()).is_err() {
            if now() > deadline {
                bail!("ottla did not start within ten seconds");
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn variant(&self) -> Variant {
        self.variant
    }

    pub(crate) fn ready_ms(&self) -> u128 {
        self.ready.as_millis()
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        match self.child.take() {
            Some(mut child) => {
                child.kill()?;
                child.wait()?;
            }
            None => {
                Command::new(self.kit.join("kafka/kafka")).arg("stop").arg(&self.dir).output()?;
            }
        }
        fs::remove_dir_all(&self.dir).with_context(|| format!("cannot remove {}", self.dir.display()))
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}
