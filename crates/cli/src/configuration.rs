//! The configuration as the user gave it: reads the file and the environment, and hands their text to `ottla-config`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use ottla_config::{
    Assignment, ConfigError, Origin, Settings, StartConfig, Warning, from_environment, parse_file, parse_set,
};

/// What every command takes that reads the configuration.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArgs {
    /// Read options from Kafka's server.properties, or a .toml file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Set an option; wins over environment and file (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

/// Where a data directory goes if nobody says.
const DATA_DIR_VARIABLE: &str = "OTTLA_DATA_DIR";

/// What the environment says, read once.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    variables: Vec<(String, String)>,
}

impl Environment {
    /// Variables that are not text cannot be options.
    pub(crate) fn of_process() -> Environment {
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Environment { variables: env::vars_os().filter_map(text).collect() }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// By the XDG base directory specification; beside the user where there is no home.
    fn default_data_dir(&self) -> PathBuf {
        let absolute = |name: &str| self.get(name).map(Path::new).filter(|path| path.is_absolute());
        let data = absolute("XDG_DATA_HOME").map(Path::to_path_buf);
        let data = data.or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        data.map_or_else(|| "ottla-data".into(), |data| data.join("ottla"))
    }
}

impl ConfigArgs {
    /// Everything that was given, `flags` after the options that they stand for, and the data directory that goes
    /// without saying.
    pub(crate) fn assignments(
        &self,
        environment: &Environment,
        flags: Vec<Assignment>,
    ) -> Result<Vec<Assignment>> {
        let mut assignments = Vec::new();
        if let Some(path) = &self.config {
            assignments.extend(read_file(path)?);
        }
        assignments.extend(from_environment(environment.variables.iter().cloned()));
        if let Some(dir) = environment.get(DATA_DIR_VARIABLE) {
            let origin = Origin::Environment { variable: DATA_DIR_VARIABLE.into() };
            assignments.push(Assignment { name: "log.dirs".into(), value: dir.into(), origin });
        }
        for text in &self.sets {
            assignments.push(parse_set(text)?);
        }
        assignments.extend(flags);
        if !assignments.iter().any(|given| matches!(given.name.as_str(), "log.dir" | "log.dirs")) {
            let value = environment.default_data_dir().display().to_string();
            assignments.push(Assignment { name: "log.dirs".into(), value, origin: Origin::Default });
        }
        Ok(assignments)
    }
}

fn read_file(path: &Path) -> Result<Vec<Assignment>> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration file {} (--config)", path.display()))?;
    Ok(parse_file(&path.display().to_string(), &text)?)
}

/// Judges all that was given at once, so that a user mends it at once.
pub(crate) fn settings(assignments: Vec<Assignment>) -> Result<(Settings, Vec<Warning>)> {
    match StartConfig::new(assignments) {
        Ok((start, warnings)) => Ok((Settings::new(start), warnings)),
        Err(errors) => Err(all(&errors)),
    }
}

fn all(errors: &[ConfigError]) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow!(lines.join("\n       "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
        Environment { variables: variables.iter().map(owned).collect() }
    }

    fn log_dirs(args: &ConfigArgs, variables: &[(&str, &str)], flags: Vec<Assignment>) -> Vec<String> {
        let assignments = args.assignments(&environment(variables), flags).expect("readable");
        settings(assignments).expect("valid").0.broker().node.log_dirs
    }

    #[test]
    fn the_data_directory_is_where_users_keep_their_data() {
        let args = ConfigArgs::default();
        for (variables, expected) in [
            (&[("HOME", "/home/otti")][..], "/home/otti/.local/share/ottla"),
            (&[("HOME", "/home/otti"), ("XDG_DATA_HOME", "/data")], "/data/ottla"),
            (&[("HOME", "/home/otti"), ("XDG_DATA_HOME", "relative")], "/home/otti/.local/share/ottla"),
            (&[("HOME", "/home/otti"), ("OTTLA_DATA_DIR", "/var/ottla")], "/var/ottla"),
            (&[("KAFKA_LOG_DIRS", "/kafka"), ("HOME", "/home/otti")], "/kafka"),
            (&[], "ottla-data"),
        ] {
            assert_eq!(log_dirs(&args, variables, Vec::new()), [expected], "{variables:?}");
        }
    }

    #[test]
    fn flags_win_over_sets_and_both_over_the_environment() {
        let args = ConfigArgs { config: None, sets: vec!["log.dirs=/set".into()] };
        let variables = [("OTTLA_DATA_DIR", "/env")];
        assert_eq!(log_dirs(&args, &variables, Vec::new()), ["/set"]);
        let flag = Assignment::of_flag("--data-dir", "log.dirs", "/flag");
        assert_eq!(log_dirs(&args, &variables, vec![flag]), ["/flag"]);
    }

    #[test]
    fn a_log_dir_of_kafkas_older_name_is_not_shadowed() {
        let args = ConfigArgs { config: None, sets: vec!["log.dir=/old".into()] };
        assert_eq!(log_dirs(&args, &[("HOME", "/home/otti")], Vec::new()), ["/old"]);
    }
}
