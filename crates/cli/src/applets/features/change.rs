//! Upgrade, downgrade and disable.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, bail};
use ottla_client::admin::{Admin, FeatureUpdate, UpgradeType};

use super::super::java;
use super::super::options::Options;
use super::levels::{FEATURES, METADATA_VERSION, MetadataVersion};
use super::parse_level;
use crate::exit::Outcome;

/// The levels that features shall have.
type Levels = BTreeMap<String, i16>;

pub(super) async fn run(
    command: &str,
    options: &Options,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let upgrade = match command {
        "upgrade" => UpgradeType::Upgrade,
        _ if options.has("unsafe") => UpgradeType::UnsafeDowngrade,
        _ => UpgradeType::SafeDowngrade,
    };
    let levels = match command {
        "disable" => disabled(options)?,
        _ => wanted(options, upgrade, out)?,
    };
    if levels.is_empty() {
        bail!("You must specify at least one feature to {command}");
    }
    let updates =
        levels.iter().map(|(feature, level)| (&**feature, FeatureUpdate { level: *level, upgrade }));
    let updates = updates.collect();
    let is_dry_run = options.has("dry-run");
    let refusal = admin.update_features(&updates, is_dry_run).await.err().map(|error| java::words(&error));
    for (feature, level) in &levels {
        let done = told(command, feature, *level, is_dry_run, refusal.as_deref());
        writeln!(out, "{done}")?;
    }
    match refusal {
        None => Ok(Outcome::Success),
        Some(_) => bail!("{0} out of {0} operation(s) failed.", levels.len()),
    }
}

fn disabled(options: &Options) -> Result<Levels> {
    let mut levels = Levels::new();
    for feature in options.values("feature") {
        add(&mut levels, feature, 0)?;
    }
    Ok(levels)
}

fn wanted(options: &Options, upgrade: UpgradeType, out: &mut dyn Write) -> Result<Levels> {
    let (metadata, release) = (options.last("metadata"), options.last("release-version"));
    let mut levels = Levels::new();
    if let Some(release) = release {
        if metadata.is_some() || options.has("feature") {
            bail!("Can not specify `release-version` with other feature flags.");
        }
        return Ok(of_release(MetadataVersion::of_release(release)?, upgrade));
    }
    if let Some(release) = metadata {
        writeln!(out, " `metadata` flag is deprecated and may be removed in a future release.")?;
        levels.insert(METADATA_VERSION.to_owned(), MetadataVersion::of_release(release)?.level);
    }
    for given in options.values("feature") {
        let (feature, level) = parse_level(given)?;
        add(&mut levels, feature, level)?;
    }
    Ok(levels)
}

fn add(levels: &mut Levels, feature: &str, level: i16) -> Result<()> {
    match levels.insert(feature.to_owned(), level) {
        Some(_) => bail!("Feature {feature} was specified more than once."),
        None => Ok(()),
    }
}

/// All that the release has; nobody upgrades to nothing.
fn of_release(version: MetadataVersion, upgrade: UpgradeType) -> Levels {
    let levels = FEATURES.iter().map(|feature| (feature.name.to_owned(), feature.default_level(version)));
    let levels = levels.filter(|(_, level)| upgrade != UpgradeType::Upgrade || *level > 0);
    levels.chain([(METADATA_VERSION.to_owned(), version.level)]).collect()
}

fn told(command: &str, feature: &str, level: i16, is_dry_run: bool, refusal: Option<&str>) -> String {
    let is_disabled = command == "disable";
    match refusal {
        Some(refusal) => {
            let could_not = if is_dry_run { "Can not" } else { "Could not" };
            let to = if is_disabled { String::new() } else { format!(" to {level}") };
            format!("{could_not} {command} {feature}{to}. {refusal}")
        }
        None => {
            let verb = if is_dry_run { "can be" } else { "was" };
            let done = if is_disabled { "disabled".to_owned() } else { format!("{command}d to {level}") };
            format!("{feature} {verb} {done}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_of_each_feature() {
        for (command, is_dry_run, refusal, expected) in [
            ("upgrade", false, None, "f was upgraded to 3."),
            ("downgrade", true, None, "f can be downgraded to 3."),
            ("disable", false, None, "f was disabled."),
            ("disable", true, Some("No."), "Can not disable f. No."),
            ("upgrade", false, Some("No."), "Could not upgrade f to 3. No."),
        ] {
            assert_eq!(told(command, "f", 3, is_dry_run, refusal), expected);
        }
    }

    #[test]
    fn a_release_stands_for_the_levels_that_it_has() {
        let version = MetadataVersion::of_release("3.9").expect("it is known");
        let upgraded = of_release(version, UpgradeType::Upgrade);
        assert_eq!(upgraded, [("kraft.version".into(), 1), (METADATA_VERSION.into(), 21)].into());
        assert_eq!(of_release(version, UpgradeType::SafeDowngrade).len(), 7);
    }
}
