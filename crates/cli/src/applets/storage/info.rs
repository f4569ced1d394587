//! `kafka-storage info`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use ottla_log::META_PROPERTIES;
use ottla_log::disk::RealDisk;
use ottla_log::format::{MetaProperties, format_id};

use super::directories::Directories;
use crate::exit::Outcome;

/// What is in the directories, and what is wrong with them.
#[derive(Debug, Default)]
struct Seen {
    found: Vec<String>,
    metadata: Option<MetaProperties>,
    problems: Vec<String>,
}

pub(super) fn print(directories: &Directories, out: &mut dyn Write) -> Result<Outcome> {
    let mut seen = Seen::default();
    directories.all.iter().for_each(|dir| seen.look(dir));
    if seen.metadata.is_some() && !directories.has_roles {
        seen.problems.push(
            "The kafka configuration file appears to be for a legacy cluster, but the directories are formatted for a \
             cluster in KRaft mode."
                .into(),
        );
    }
    write_list(out, "Found log directory:", "Found log directories:", &seen.found)?;
    if let Some(metadata) = &seen.metadata {
        writeln!(out, "Found metadata: {}\n", shown(metadata))?;
    }
    write_list(out, "Found problem:", "Found problems:", &seen.problems)?;
    Ok(if seen.problems.is_empty() { Outcome::Success } else { Outcome::Failure })
}

impl Seen {
    fn look(&mut self, dir: &str) {
        let path = Path::new(dir);
        if !path.is_dir() {
            let what = if path.exists() { "is not a directory" } else { "does not exist" };
            self.problems.push(format!("{dir} {what}"));
            return;
        }
        self.found.push(dir.to_owned());
        match (MetaProperties::read(&RealDisk, path), &self.metadata) {
            (Ok(None), _) => self.problems.push(format!("{dir} is not formatted.")),
            (Ok(Some(found)), None) => self.metadata = Some(found),
            (Ok(Some(found)), Some(first)) => {
                if found.cluster_id != first.cluster_id {
                    self.problems.push("Mismatched cluster IDs between storage directories.".into());
                } else if found.node_id != first.node_id {
                    self.problems.push("Mismatched node IDs between storage directories.".into());
                }
            }
            (Err(error), _) => {
                self.problems
                    .push(format!("Error loading {}: {error}", path.join(META_PROPERTIES).display()));
            }
        }
    }
}

fn write_list(out: &mut dyn Write, one: &str, several: &str, lines: &[String]) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", if lines.len() == 1 { one } else { several })?;
    lines.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    Ok(writeln!(out)?)
}

fn shown(metadata: &MetaProperties) -> String {
    let directory = metadata.directory_id.map(|id| format!("directory.id={}, ", format_id(id)));
    format!(
        "{{cluster.id={}, {}node.id={}, version=1}}",
        metadata.cluster_id,
        directory.unwrap_or_default(),
        metadata.node_id
    )
}
