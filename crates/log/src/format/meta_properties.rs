//! `meta.properties`: whose data directory this is (KIP-858).

use std::path::Path;

use uuid::Uuid;

use super::atomic::{read_text, replace};
use super::topic_id::{format_id, parse_id};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::names::META_PROPERTIES;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaProperties {
    pub cluster_id: String,
    pub node_id: i32,
    /// Missing in directories that were formatted before Kafka 3.7.
    pub directory_id: Option<Uuid>,
}

impl MetaProperties {
    pub fn parse(text: &str) -> std::result::Result<MetaProperties, String> {
        let value = |key: &str| properties(text).find(|(found, _)| found == key).map(|(_, value)| value);
        match value("version").as_deref() {
            Some("1") => {}
            Some(other) => return Err(format!("version {other} is not known")),
            None => return Err("version is missing".into()),
        }
        let node_id = value("node.id").ok_or("node.id is missing")?;
        let directory_id = match value("directory.id") {
            None => None,
            Some(id) => Some(parse_id(&id).ok_or_else(|| format!("directory.id {id:?} is no ID"))?),
        };
        Ok(MetaProperties {
            cluster_id: value("cluster.id").ok_or("cluster.id is missing")?,
            node_id: node_id.parse().map_err(|_ignored| format!("node.id {node_id:?} is no number"))?,
            directory_id,
        })
    }

    pub fn to_text(&self) -> String {
        let directory =
            self.directory_id.map(|id| format!("directory.id={}\n", format_id(id))).unwrap_or_default();
        format!("#\nnode.id={}\n{directory}version=1\ncluster.id={}\n", self.node_id, self.cluster_id)
    }

    /// `None` if the directory was never formatted.
    pub fn read(disk: &dyn Disk, data_dir: &Path) -> Result<Option<MetaProperties>> {
        let path = data_dir.join(META_PROPERTIES);
        let Some(text) = read_text(disk, &path)? else { return Ok(None) };
        MetaProperties::parse(&text).map(Some).map_err(|reason| Error::malformed(&path, reason))
    }

    /// Durable on return.
    pub fn write(&self, disk: &dyn Disk, data_dir: &Path) -> Result<()> {
        replace(disk, &data_dir.join(META_PROPERTIES), self.to_text().as_bytes())
    }
}

/// The keys and values of a Java properties file, as far as these need it: no lines that continue, no `\uXXXX`.
fn properties(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with(['#', '!']))
        .filter_map(|line| line.split_once(['=', ':']))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().replace('\\', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_file_is_read() {
        let text = "#\n#Sat Nov 21 01:23:39 UTC 2026\nnode.id=1\ndirectory.id=fUC3q509VHxA0E_XNwj6xg\nversion=1\n\
                    cluster.id=eA5UUVveQcGy8ukrlh49mg\n";
        let properties = MetaProperties::parse(text).expect("Kafka's file");
        assert_eq!((properties.node_id, properties.cluster_id.as_str()), (1, "eA5UUVveQcGy8ukrlh49mg"));
        assert_eq!(MetaProperties::parse(&properties.to_text()), Ok(properties));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, reason) in [
            ("version=0\n", "version 0 is not known"),
            ("version=1\ncluster.id=x\n", "node.id is missing"),
            ("version=1\nnode.id=1\n", "cluster.id is missing"),
        ] {
            assert_eq!(MetaProperties::parse(text), Err(reason.into()));
        }
    }
}
