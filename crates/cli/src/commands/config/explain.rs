//! `ottla config explain`: every option with its value, and who set it.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::Result;
use clap::Args;
use ottla_config::{Change, Explained, Importance, Settings};
use serde::Serialize;

use crate::configuration::{ConfigArgs, Environment, settings};
use crate::exit::{Outcome, print_warning};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::style::Style;

/// Show every option: value, source, default, range and what it does
#[derive(Debug, Args)]
#[command(after_help = "\
Options come, the strongest first, from flags, from KAFKA_* variables of the
environment (KAFKA_LOG_DIRS is log.dirs), and from the file.

Examples:
  ottla config explain
  ottla config explain retention
  ottla config explain --config server.properties --set num.partitions=6
  ottla config explain -o json | jq '.[] | select(.source != \"default\")'")]
pub(crate) struct ExplainArgs {
    /// Only the options with this in their names
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &ExplainArgs) -> Result<Outcome> {
    let given = args.config.assignments(&Environment::of_process(), Vec::new())?;
    let (settings, warnings) = settings(given)?;
    warnings.iter().for_each(print_warning);
    let options = chosen(&settings, args.name.as_deref());
    if let (true, Some(name)) = (options.is_empty(), &args.name) {
        anyhow::bail!("no option has {name:?} in its name; `ottla config explain` shows them all");
    }
    if !args.output.is_table() {
        args.output.print_all(&options.iter().map(OptionDetails::from).collect::<Vec<_>>())?;
        return Ok(Outcome::Success);
    }
    let stdout = io::stdout();
    let style = Style::for_stream(stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    write_text(&mut out, style, &options)?;
    out.flush()?;
    Ok(Outcome::Success)
}

fn chosen(settings: &Settings, name: Option<&str>) -> Vec<Explained> {
    let mut options = settings.explain();
    options.retain(|one| name.is_none_or(|name| one.option.name.contains(name)));
    options
}

fn write_text(out: &mut impl Write, style: Style, options: &[Explained]) -> io::Result<()> {
    options.iter().try_for_each(|one| write_option(out, style, one))
}

fn write_option(out: &mut impl Write, style: Style, one: &Explained) -> io::Result<()> {
    let value = shown(one.value.as_deref());
    writeln!(out, "{} = {value}", style.heading(one.option.name))?;
    let facts = facts(one).join("; ");
    for line in wrapped(&facts, TEXT_WIDTH) {
        writeln!(out, "    {}", style.faint(line))?;
    }
    for line in wrapped(one.option.documentation, TEXT_WIDTH) {
        writeln!(out, "    {line}")?;
    }
    writeln!(out)
}

/// Beside the indentation.
const TEXT_WIDTH: usize = 75;

fn facts(one: &Explained) -> Vec<String> {
    let mut facts = vec![format!("source: {}", one.origin)];
    facts.push(format!("default: {}", shown(one.option.default)));
    facts.push(one.option.kind.name().to_lowercase());
    if !one.range.is_empty() {
        facts.push(one.range.clone());
    }
    facts.push(change_in_words(one.option.change).into());
    if !one.default_of.is_empty() {
        facts.push(format!("default of {}", one.default_of.join(", ")));
    }
    if !one.option.acts {
        facts.push("has no effect here".into());
    }
    facts
}

fn shown(value: Option<&str>) -> &str {
    match value {
        None => "none",
        Some("") => "\"\"",
        Some(text) => text,
    }
}

fn change_in_words(change: Change) -> &'static str {
    match change {
        Change::ReadOnly => "read at the start",
        Change::PerBroker => "dynamic for one broker",
        Change::ClusterWide => "dynamic",
    }
}

/// Breaks at spaces; a word that is too long stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OptionDetails<'a> {
    name: &'a str,
    value: Option<&'a str>,
    source: String,
    default: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'a str,
    range: Option<&'a str>,
    change: &'static str,
    importance: &'static str,
    default_of: &'a [&'static str],
    has_effect: bool,
    documentation: &'a str,
}

impl Answer for OptionDetails<'_> {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("NAME", "name"),
        Column::new("VALUE", "value"),
        Column::new("SOURCE", "source"),
        Column::new("DEFAULT", "default"),
        Column::new("TYPE", "type"),
        Column::new("RANGE", "range"),
        Column::new("CHANGE", "change"),
        Column::new("EFFECT", "hasEffect"),
    ]);
}

impl<'a> From<&'a Explained> for OptionDetails<'a> {
    fn from(one: &'a Explained) -> OptionDetails<'a> {
        OptionDetails {
            name: one.option.name,
            value: one.value.as_deref(),
            source: one.origin.to_string(),
            default: one.option.default,
            kind: one.option.kind.name(),
            range: (!one.range.is_empty()).then_some(&one.range),
            change: match one.option.change {
                Change::ReadOnly => "read-only",
                Change::PerBroker => "per-broker",
                Change::ClusterWide => "cluster-wide",
            },
            importance: match one.option.importance {
                Importance::High => "high",
                Importance::Medium => "medium",
                Importance::Low => "low",
            },
            default_of: &one.default_of,
            has_effect: one.option.acts,
            documentation: one.option.documentation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_at_spaces_and_loses_nothing() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("aLongWordThatIsNotBroken x", 5), ["aLongWordThatIsNotBroken", "x"]);
        assert_eq!(wrapped("", 5), Vec::<String>::new());
    }

    #[test]
    fn every_option_fits_a_terminal_unless_a_single_value_does_not() {
        let mut out = Vec::new();
        write_text(&mut out, Style::PLAIN, &Settings::default().explain())
            .expect("a vector takes everything");
        let text = String::from_utf8(out).expect("text");
        for line in text.lines().filter(|line| line.starts_with(' ') && line.trim().contains(' ')) {
            assert!(line.chars().count() < 80, "{line}");
        }
    }
}
