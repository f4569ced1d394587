//! What `kafka-console-consumer` and `kafka-console-share-consumer` are told alike.

use std::io::{self, Write};

use anyhow::Result;

use super::connection::Properties;
use super::ending::Misuse;
use super::formatter::Formatter;
use super::options::Options;

/// The old name of an option, which is taken too, and the new one.
pub(super) type Renamed = (&'static str, &'static str);

pub(super) fn check_renamed(options: &Options, renamed: &[Renamed]) -> Result<(), Misuse> {
    match renamed.iter().find(|(old, new)| options.has(old) && options.has(new)) {
        Some((old, new)) => {
            Err(options.misuse(format!("Options --{old} and --{new} cannot be specified together.")))
        }
        None => Ok(()),
    }
}

pub(super) fn tell_renamed(options: &Options, renamed: &[Renamed], out: &mut dyn Write) -> io::Result<()> {
    for (old, new) in renamed.iter().filter(|(old, _)| options.has(old)) {
        writeln!(
            out,
            "Option --{old} is deprecated and will be removed in a future version. Use --{new} instead."
        )?;
    }
    Ok(())
}

/// The formatter, with its properties: those of a file count least.
pub(super) fn formatter(options: &Options) -> Result<Formatter> {
    let mut properties = Properties::of_file(options, "formatter-config")?;
    for kind in ["key", "value"] {
        if let Some(class) = options.value(&format!("{kind}-deserializer"))?.filter(|class| !class.is_empty())
        {
            properties.set(&format!("{kind}.deserializer"), class);
        }
    }
    properties.extend_by(options, options.name_of("formatter-property", "property"));
    let made = Formatter::new(options.value("formatter")?, &properties);
    made.map_err(|error| options.misuse(error.to_string()).into())
}

/// The options of the consumer, and the group that all who name one agree on.
pub(super) fn consumer_properties(
    options: &Options,
    old_file: &'static str,
) -> Result<(Properties, Option<String>)> {
    let mut properties = Properties::of_file(options, options.name_of("command-config", old_file))?;
    let in_file = properties.get("group.id").map(str::to_owned);
    properties.extend_by(options, options.name_of("command-property", "consumer-property"));
    let named = [options.value("group")?, in_file.as_deref(), properties.get("group.id")];
    let mut groups: Vec<&str> = named.into_iter().flatten().collect();
    groups.sort_unstable();
    groups.dedup();
    if groups.len() > 1 {
        let groups: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
        let message = format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or \
             via '--{old_file}') do not match. Detected group ids: {}",
            groups.join(", ")
        );
        return Err(options.misuse(message).into());
    }
    let group = groups.first().map(|group| (*group).to_owned());
    Ok((properties, group))
}
