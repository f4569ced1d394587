//! What other tools keep of clusters.

mod profiles;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use ottla_client::config::ClientConfig;

use super::properties::of_file;
use crate::exit::{print_warning, usage};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Java's client.properties
    Properties,
    /// librdkafka's properties, as in kcat.conf
    Kcat,
    /// A profile in rpk.yaml
    Rpk,
    /// A cluster in ~/.kaf/config
    Kaf,
}

/// The options in a file, without those that mean nothing here; of these it warns. Of a file with several clusters it takes the one
/// of this name, or the one that is in use there.
pub(crate) fn import(
    path: &Path,
    format: Option<ImportFormat>,
    cluster: &str,
) -> Result<BTreeMap<String, String>> {
    let read = || fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let understood = || format!("cannot understand {}", path.display());
    let properties: Vec<(String, String)> = match format.unwrap_or_else(|| guess(path)) {
        ImportFormat::Properties => {
            of_file(path, "to import")?.into_iter().map(|it| (it.name, it.value)).collect()
        }
        ImportFormat::Kcat => lines(&read()?),
        ImportFormat::Rpk => profiles::of_rpk(&read()?, cluster).with_context(understood)?,
        ImportFormat::Kaf => profiles::of_kaf(&read()?, cluster).with_context(understood)?,
    };
    let mut kept = BTreeMap::new();
    for (name, value) in properties {
        // An address, so that nothing else is missed.
        let alone = [("bootstrap.servers", "127.0.0.1:9092"), (name.as_str(), value.as_str())];
        match ClientConfig::from_properties(alone) {
            Err(error) if error.to_string().contains("there is no option") => {
                print_warning(format!("{name} is left out: {error}"));
            }
            _ => _ = kept.insert(name, value),
        }
    }
    if kept.is_empty() {
        return Err(usage(format!(
            "{} has no option of a client; --from says what kind of file it is",
            path.display()
        )));
    }
    Ok(kept)
}

/// By the names that these files usually have.
fn guess(path: &Path) -> ImportFormat {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    if ["kcat", "kafkacat"].iter().any(|part| name.contains(part)) || name.ends_with(".conf") {
        ImportFormat::Kcat
    } else if name == "rpk.yaml" {
        ImportFormat::Rpk
    } else if folder == ".kaf" {
        ImportFormat::Kaf
    } else {
        ImportFormat::Properties
    }
}

/// `key=value`, nothing escaped.
fn lines(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_kcat_is_read_as_it_stands() {
        let text = "# production\nmetadata.broker.list = a:9092,b:9092\n\nsasl.password=a=b\\c\n";
        let expected = [("metadata.broker.list", "a:9092,b:9092"), ("sasl.password", "a=b\\c")];
        assert_eq!(lines(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
