//! `kafka-features`.
//!
//! ```text
//! change   upgrade, downgrade, disable
//! levels   what Kafka knows of its features
//! ```

mod change;
pub(super) mod levels;

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::Admin;

use super::connection::Properties;
use super::options::{Opt, Options, Syntax};
use super::subcommands::{Invocation, Subcommand, Subcommands};
use crate::exit::Outcome;
use crate::remote::block_on;
use levels::{FEATURES, Feature, METADATA_VERSION, MetadataVersion};

pub(super) const FEATURE: Opt =
    Opt::value("feature", "feature=level", "Which feature; may be given several times.");
const METADATA: Opt = Opt::value("metadata", "release", "DEPRECATED -- The level of the metadata.");
pub(super) const RELEASE: Opt =
    Opt::value("release-version", "release", "The release whose features are meant.");
const UNSAFE: Opt = Opt::flag("unsafe", "Even if that may irreversibly destroy metadata.");
const DRY_RUN: Opt = Opt::flag("dry-run", "Say whether it could be done, but do not do it.");

static SCRIPT: Subcommands = Subcommands {
    script: "kafka-features",
    common: Syntax {
        about: "This tool manages feature flags in Kafka.",
        options: &[
            Opt::value("bootstrap-server", "servers", "The servers to connect to."),
            Opt::value(
                "bootstrap-controller",
                "controllers",
                "The controllers to connect to, instead of brokers.",
            ),
            Opt::value("command-config", "file", "Options of the client."),
        ],
    },
    commands: &[
        Subcommand {
            name: "describe",
            syntax: Syntax {
                about: "Describes the current active feature flags.",
                options: &[Opt::value("node-id", "id", "The node that is asked; by default any.")],
            },
            required: &[],
        },
        Subcommand {
            name: "upgrade",
            syntax: Syntax {
                about: "Upgrade one or more feature flags.",
                options: &[METADATA, RELEASE, FEATURE, DRY_RUN],
            },
            required: &[],
        },
        Subcommand {
            name: "downgrade",
            syntax: Syntax {
                about: "Downgrade one or more feature flags.",
                options: &[METADATA, RELEASE, FEATURE, UNSAFE, DRY_RUN],
            },
            required: &[],
        },
        Subcommand {
            name: "disable",
            syntax: Syntax {
                about: "Disable one or more feature flags, which is to downgrade them to 0.",
                options: &[FEATURE, UNSAFE, DRY_RUN],
            },
            required: &[],
        },
        Subcommand {
            name: "version-mapping",
            syntax: Syntax {
                about: "Look up the features of a release, by default of the latest.",
                options: &[RELEASE],
            },
            required: &[],
        },
        Subcommand {
            name: "feature-dependencies",
            syntax: Syntax { about: "Look up what levels of features need.", options: &[FEATURE] },
            required: &["feature"],
        },
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let Invocation { common, command, options } = SCRIPT.parse(args)?;
    match command {
        "version-mapping" => return version_mapping(&options, out),
        "feature-dependencies" => return dependencies(&options, out),
        _ => {}
    }
    SCRIPT.check_bootstrap(&common, false)?;
    let (servers, controllers) = (common.last("bootstrap-server"), common.last("bootstrap-controller"));
    if servers.is_none() && controllers.is_none() {
        bail!("Command line error: You must specify either --bootstrap-controller or --bootstrap-server.");
    }
    let mut properties = Properties::of_file(&common, "command-config")?;
    properties.set_bootstrap(servers, controllers);
    block_on(async {
        let admin = properties.connect().await?.admin;
        match command {
            "describe" => describe(&options, &admin, out).await.map(|()| Outcome::Success),
            _ => Box::pin(change::run(command, &options, &admin, out)).await,
        }
    })
}

async fn describe(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let node: Option<i32> = options.last_number("node-id")?;
    if let Some(negative) = node.filter(|node| *node < 0) {
        bail!("Invalid node id {negative}: must be non-negative.");
    }
    let features = admin.describe_features(node).await?;
    let epoch = features.finalized_epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
    for (name, supported) in &features.supported {
        let finalized = features.finalized.get(name).map_or(0, |range| range.max);
        let [min, max, finalized] = [supported.min, supported.max, finalized].map(|level| shown(name, level));
        writeln!(
            out,
            "Feature: {name:40}  SupportedMinVersion: {min:15}  SupportedMaxVersion: {max:15}  \
             FinalizedVersionLevel: {finalized:15}  Epoch: {epoch}"
        )?;
    }
    Ok(())
}

fn shown(feature: &str, level: i16) -> String {
    if feature != METADATA_VERSION {
        return level.to_string();
    }
    match MetadataVersion::of_level(level) {
        Some(version) => version.name.to_owned(),
        None => format!("UNKNOWN {level}"),
    }
}

pub(super) fn version_mapping(options: &Options, out: &mut dyn Write) -> Result<Outcome> {
    let release = options.last("release-version").unwrap_or(MetadataVersion::latest().name);
    let version = MetadataVersion::of_release(release)?;
    writeln!(out, "{METADATA_VERSION}={} ({release})", version.level)?;
    for feature in FEATURES {
        writeln!(out, "{}={}", feature.name, feature.default_level(version))?;
    }
    Ok(Outcome::Success)
}

pub(super) fn dependencies(options: &Options, out: &mut dyn Write) -> Result<Outcome> {
    for asked in options.values("feature") {
        let (name, level) = parse_level(asked)?;
        if name == METADATA_VERSION {
            let version = MetadataVersion::of_level(level)
                .with_context(|| format!("Unknown {METADATA_VERSION} {level}"))?;
            writeln!(out, "{name}={level} ({}) has no dependencies.", version.name)?;
            continue;
        }
        match Feature::of_name(name)?.dependency(level)? {
            None => writeln!(out, "{name}={level} has no dependencies.")?,
            Some(version) => {
                writeln!(out, "{name}={level} requires:")?;
                writeln!(out, "    {METADATA_VERSION}={} ({})", version.level, version.name)?;
            }
        }
    }
    Ok(Outcome::Success)
}

/// `feature=level`
fn parse_level(text: &str) -> Result<(&str, i16)> {
    let wrong = |reason: &str| format!("Can't parse feature=level string {text}: {reason}");
    let (name, level) = text.split_once('=').with_context(|| wrong("equals sign not found."))?;
    let level = level.trim();
    let unparsed = || wrong(&format!("unable to parse {level} as a short."));
    Ok((name.trim(), level.parse().ok().with_context(unparsed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_written_behind_its_feature() {
        assert_eq!(parse_level(" group.version = 1 ").ok(), Some(("group.version", 1)));
        for (text, expected) in [
            ("group.version", "equals sign not found."),
            ("group.version=x", "unable to parse x as a short."),
            ("group.version=99999", "unable to parse 99999 as a short."),
        ] {
            let error = parse_level(text).expect_err(text).to_string();
            assert_eq!(error, format!("Can't parse feature=level string {text}: {expected}"));
        }
    }
}
