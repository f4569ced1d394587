//! The programs that a benchmark runs: Ottla, and from the conformance kit Kafka, its tools and the load generator.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{folder::Folder, kit};

pub(crate) struct Programs {
    /// None where nothing of it is needed.
    kit: Option<PathBuf>,
    ottla: PathBuf,
    /// Holds the load generator, built afresh.
    built: Folder,
}

impl Programs {
    /// Builds what is not there yet.
    pub(crate) fn build(ottla: Option<&Path>) -> Result<Programs> {
        let programs = Programs::without_generator(ottla)?;
        let mut go = Command::new("go");
        go.current_dir(programs.kit().join("load")).args(["build", "-o"]).arg(programs.load()).arg(".");
        output(&mut go).context("cannot build the load generator")?;
        Ok(programs)
    }

    pub(crate) fn without_generator(ottla: Option<&Path>) -> Result<Programs> {
        let kit = Some(kit::path()?);
        Ok(Programs { kit, ..Programs::without_kit(ottla)? })
    }

    /// Ottla alone.
    pub(crate) fn without_kit(ottla: Option<&Path>) -> Result<Programs> {
        let ottla = match ottla {
            Some(path) => {
                path.canonicalize().with_context(|| format!("{}: no executable", path.display()))?
            }
            None => build_executable(["--bin", "ottla"])?,
        };
        Ok(Programs { kit: None, ottla, built: Folder::new()? })
    }

    pub(crate) fn ottla(&self) -> Command {
        Command::new(&self.ottla)
    }

    /// The kit's script that starts Kafka and runs its tools.
    pub(crate) fn kafka(&self) -> Command {
        Command::new(self.kit().join("kafka/kafka"))
    }

    fn kit(&self) -> &Path {
        self.kit.as_deref().expect("what runs programs of the kit has asked for it")
    }

    pub(crate) fn generator(&self) -> Command {
        Command::new(self.load())
    }

    fn load(&self) -> PathBuf {
        self.built.path().join("load")
    }
}

/// Runs it to its end; its output, if it succeeded.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("cannot run {}", program.display()))?;
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    let stderr = String::from_utf8_lossy(&stderr);
    ensure!(status.success(), "{} failed ({status}): {stdout}{stderr}", program.display());
    Ok(stdout)
}

/// Builds as users do; the path of what was built, as cargo tells it.
pub(crate) fn build_executable(target: [&str; 2]) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "ottla-cli"]).args(target);
    let messages = output(cargo.args(["--quiet", "--message-format", "json-render-diagnostics"]))?;
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    };
    messages.lines().rev().find_map(executable).context("cargo tells no executable")
}
