//! Clusters by name, as a user keeps them: `contexts.toml` in the folder for configuration.
//!
//! ```toml
//! current = "prod"
//! previous = "dev"
//!
//! [contexts.prod]
//! "bootstrap.servers" = "kafka1:9093,kafka2:9093"
//! "security.protocol" = "SSL"
//! ```
//!
//! There may be passwords in it, so that nobody else may read it.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::exit::usage;

/// Where contexts are kept; nowhere for somebody without a home.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contexts {
    path: Option<PathBuf>,
}

/// What is kept there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<String>,
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, BTreeMap<String, String>>,
}

impl Contexts {
    /// By the XDG base directory specification.
    pub(crate) fn of_user() -> Contexts {
        let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
        Contexts { path: config.map(|config| config.join("ottla/contexts.toml")) }
    }

    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Contexts {
        Contexts { path: Some(path) }
    }

    pub(crate) fn path(&self) -> Result<&Path> {
        self.path.as_deref().context("no place for contexts: set HOME or XDG_CONFIG_HOME")
    }

    pub(crate) fn read(&self) -> Result<Kept> {
        let Some(path) = &self.path else { return Ok(Kept::default()) };
        match fs::read_to_string(path) {
            Ok(text) => {
                toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// In place of what was there, all at once.
    pub(crate) fn write(&self, kept: &Kept) -> Result<()> {
        let path = self.path()?;
        let temporary = path.with_extension("toml.new");
        let write = || -> Result<()> {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&temporary)?;
            file.write_all(toml::to_string(kept)?.as_bytes())?;
            file.sync_all()?;
            Ok(fs::rename(&temporary, path)?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Kept {
    pub(crate) fn get(&self, name: &str) -> Result<&BTreeMap<String, String>> {
        let known = || self.contexts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.contexts.get(name).ok_or_else(|| match self.contexts.is_empty() {
            true => usage(format!("there is no context {name}; `ottla ctx add` makes one")),
            false => usage(format!("there is no context {name}; there are {}", known())),
        })
    }

    /// The one that was chosen last.
    pub(crate) fn in_use(&self) -> Option<(&str, &BTreeMap<String, String>)> {
        let name = self.current.as_deref()?;
        Some((name, self.contexts.get(name)?))
    }

    /// Chooses a context; `-` is the one before.
    pub(crate) fn choose(&mut self, name: &str) -> Result<String> {
        let name = match name {
            "-" => self.previous.clone().context("no context was in use before this one")?,
            name => name.to_owned(),
        };
        self.get(&name)?;
        if self.current.as_ref() != Some(&name) {
            self.previous = self.current.replace(name.clone());
        }
        Ok(name)
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        self.get(from)?;
        if self.contexts.contains_key(to) {
            bail!("there is a context {to} already");
        }
        if let Some(properties) = self.contexts.remove(from) {
            self.contexts.insert(to.to_owned(), properties);
        }
        for name in [&mut self.current, &mut self.previous] {
            if name.as_deref() == Some(from) {
                *name = Some(to.to_owned());
            }
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) -> Result<()> {
        self.get(name)?;
        self.contexts.remove(name);
        for kept in [&mut self.current, &mut self.previous] {
            if kept.as_deref() == Some(name) {
                *kept = None;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let contexts = ["a", "b"].map(|name| (name.to_owned(), BTreeMap::new()));
        Kept { contexts: contexts.into(), ..Kept::default() }
    }

    #[test]
    fn the_context_before_is_one_step_away() {
        let mut kept = kept();
        assert!(kept.choose("-").is_err());
        kept.choose("a").expect("there");
        kept.choose("b").expect("there");
        assert_eq!(kept.choose("-").expect("there"), "a");
        assert_eq!(kept.choose("-").expect("there"), "b");
        assert!(kept.choose("c").is_err());
        assert_eq!(kept.in_use().map(|(name, _)| name), Some("b"));
    }

    #[test]
    fn a_context_that_is_renamed_stays_in_use_and_one_that_is_removed_does_not() {
        let mut kept = kept();
        kept.choose("a").expect("there");
        assert!(kept.rename("a", "b").is_err());
        kept.rename("a", "c").expect("free");
        assert_eq!(kept.current.as_deref(), Some("c"));
        kept.remove("c").expect("there");
        assert_eq!(kept.current, None);
    }

    #[test]
    fn what_is_written_is_read_again_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().expect("a temporary directory");
        let contexts = Contexts::at(dir.path().join("deep/contexts.toml"));
        let mut expected = kept();
        expected.contexts.insert("p r.o\"d".into(), [("sasl.password".into(), "a=\"b\\".into())].into());
        contexts.write(&expected).expect("written");
        assert_eq!(contexts.read().expect("read"), expected);
        let mode = fs::metadata(contexts.path().expect("there is one")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
