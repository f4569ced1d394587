//! `kafka-storage format`, for `ottla serve`, and for Kafka as well: the directories are Kafka's.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use ottla_log::META_PROPERTIES;
use ottla_log::disk::RealDisk;
use ottla_log::format::MetaProperties;
use ottla_quorum::Identity;

use super::directories::Directories;
use crate::applets::features::levels::{FEATURES, METADATA_VERSION, MetadataVersion};
use crate::applets::options::Options;
use crate::clock::wall_ms;
use crate::exit::Outcome;
use crate::random;

pub(super) fn run(options: &Options, directories: &Directories, out: &mut dyn Write) -> Result<Outcome> {
    check(options, directories)?;
    let node_id = directories.node_id.filter(|id| *id >= 0);
    let node_id = node_id.ok_or_else(|| anyhow!("You must specify a valid non-negative node ID."))?;
    let cluster_id = options.last("cluster-id").unwrap_or_default();
    let mut empty = Vec::new();
    for dir in &directories.all {
        match MetaProperties::read(&RealDisk, Path::new(dir))? {
            None => empty.push(dir),
            Some(found) => {
                check_formatted(dir, &found, cluster_id, node_id, options.has("ignore-formatted"))?
            }
        }
    }
    if empty.is_empty() {
        writeln!(out, "All of the log directories are already formatted.")?;
        return Ok(Outcome::Success);
    }
    let version = MetadataVersion::latest();
    writeln!(out, "Bootstrap metadata: {METADATA_VERSION}={}", version.level)?;
    for dir in empty {
        let what = if *dir == directories.metadata { "metadata directory" } else { "data directory" };
        writeln!(out, "Formatting {what} {dir} with {METADATA_VERSION} {}.", version.name)?;
        let identity = Identity { cluster_id: cluster_id.into(), node_id, directory_id: random::uuid() };
        ottla_quorum::format(&RealDisk, Path::new(dir), &identity, wall_ms())?;
    }
    Ok(Outcome::Success)
}

/// In the order in which the script complains.
fn check(options: &Options, directories: &Directories) -> Result<()> {
    if !directories.has_roles {
        bail!(
            "The kafka configuration file appears to be for a legacy cluster. Formatting is only supported for clusters \
             in KRaft mode."
        );
    }
    check_features(options)?;
    let quorum = ["standalone", "no-initial-controllers", "initial-controllers"];
    if directories.has_voters && (options.has("initial-controllers") || options.has("standalone")) {
        bail!(
            "You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. \
             If you want to use dynamic quorum, please remove controller.quorum.voters and specify \
             controller.quorum.bootstrap.servers instead."
        );
    }
    if options.has("standalone") && !directories.is_controller {
        bail!("You can only use --standalone on a controller.");
    }
    if directories.is_controller && !directories.has_voters && options.count(&quorum) == 0 {
        bail!(
            "Because controller.quorum.voters is not set on this controller, you must specify one of the following: \
             --standalone, --initial-controllers, or --no-initial-controllers."
        );
    }
    if options.last("initial-controllers").is_some_and(|quorum| quorum.contains(',')) {
        bail!("a quorum of several controllers is not there yet: name one in --initial-controllers");
    }
    if options.has("add-scram") {
        bail!("--add-scram is not there yet: `ottla serve` knows no users");
    }
    Ok(())
}

/// A new cluster begins with what Kafka 4.3 begins with.
fn check_features(options: &Options) -> Result<()> {
    let latest = MetadataVersion::latest();
    let only = |asked: &str| {
        anyhow!("{asked}: a new cluster has {METADATA_VERSION} {} and its features", latest.name)
    };
    if let Some(release) = options.last("release-version")
        && MetadataVersion::of_release(release)?.level != latest.level
    {
        return Err(only(&format!("--release-version {release}")));
    }
    for asked in options.values("feature") {
        let (name, level) = asked.split_once('=').unwrap_or((asked, ""));
        if name == METADATA_VERSION
            && !options.has("release-version")
            && level.trim() == latest.level.to_string()
        {
            continue;
        }
        if name == METADATA_VERSION && !options.has("release-version") {
            return Err(only(&format!("--feature {asked}")));
        }
        if name == METADATA_VERSION {
            bail!("Use --release-version instead of --feature {METADATA_VERSION}=X to avoid ambiguity.");
        }
        let Some(feature) = FEATURES.iter().find(|feature| feature.name == name) else {
            let mut names = FEATURES.map(|feature| feature.name);
            names.sort_unstable();
            bail!("Unsupported feature: {name}. Supported features are: {}", names.join(", "));
        };
        // A static quorum, which is what there is, has the first level.
        let has = if name == "kraft.version" { 0 } else { feature.default_level(latest) };
        if level.trim() != has.to_string() {
            return Err(only(&format!("--feature {asked}")));
        }
    }
    Ok(())
}

fn check_formatted(
    dir: &str,
    found: &MetaProperties,
    cluster_id: &str,
    node_id: i32,
    is_ignored: bool,
) -> Result<()> {
    let wrong = |key: &str, expected: &str, read: &str| {
        anyhow!("Invalid {key} in: {dir}/{META_PROPERTIES}. Expected {expected}, but read {read}")
    };
    if found.cluster_id != cluster_id {
        return Err(wrong("cluster.id", cluster_id, &found.cluster_id));
    }
    if found.node_id != node_id {
        return Err(wrong("node.id", &node_id.to_string(), &found.node_id.to_string()));
    }
    if !is_ignored {
        bail!(
            "Log directory {dir} is already formatted. Use --ignore-formatted to ignore this directory and format the \
             others."
        );
    }
    Ok(())
}
