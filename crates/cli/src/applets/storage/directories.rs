//! Which directories a file of options names.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::applets::connection::Properties;
use crate::applets::options::Options;

/// What a file of options says of a node and its directories.
#[derive(Debug)]
pub(super) struct Directories {
    /// In the order of their names.
    pub(super) all: BTreeSet<String>,
    /// Where the metadata log is.
    pub(super) metadata: String,
    pub(super) node_id: Option<i32>,
    pub(super) has_roles: bool,
    pub(super) is_controller: bool,
    /// Whether the controllers are listed in the file.
    pub(super) has_voters: bool,
}

/// Where Kafka keeps its data if nobody says.
const DEFAULT: &str = "/tmp/kafka-logs";

impl Directories {
    pub(super) fn of_file(options: &Options) -> Result<Directories> {
        Ok(Directories::of(&Properties::of_file(options, "config")?))
    }

    fn of(properties: &Properties) -> Directories {
        let get = |name| properties.get(name).map(str::trim).filter(|value| !value.is_empty());
        let dirs = get("log.dirs").or_else(|| get("log.dir")).unwrap_or(DEFAULT);
        let dirs: Vec<String> = dirs.split(',').map(|dir| dir.trim().to_owned()).collect();
        let first = dirs.first().cloned().unwrap_or_default();
        let metadata = get("metadata.log.dir").map_or(first, str::to_owned);
        let roles: Vec<&str> = get("process.roles").unwrap_or_default().split(',').map(str::trim).collect();
        Directories {
            all: dirs.into_iter().chain([metadata.clone()]).collect(),
            metadata,
            node_id: get("node.id").or_else(|| get("broker.id")).and_then(|id| id.parse().ok()),
            has_roles: get("process.roles").is_some(),
            is_controller: roles.contains(&"controller"),
            has_voters: get("controller.quorum.voters").is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&str, &str)], all: &[&str], metadata: &str) {
        let mut properties = Properties::default();
        given.iter().for_each(|(name, value)| properties.set(name, *value));
        let found = Directories::of(&properties);
        assert_eq!(found.all.iter().map(String::as_str).collect::<Vec<_>>(), all, "{given:?}");
        assert_eq!(found.metadata, metadata, "{given:?}");
    }

    #[test]
    fn directories_are_those_of_records_and_that_of_metadata() {
        check(&[], &[DEFAULT], DEFAULT);
        check(&[("log.dir", "/a")], &["/a"], "/a");
        check(&[("log.dirs", "/b, /a"), ("log.dir", "/c")], &["/a", "/b"], "/b");
        check(&[("log.dirs", "/b"), ("metadata.log.dir", "/a")], &["/a", "/b"], "/a");
    }
}
