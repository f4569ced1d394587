//! `ottla config explain`: every option with its value, and who set it.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::Result;
use clap::{Args, ValueEnum};
use ottla_config::{Change, Explained, Importance, Settings};
use serde::Serialize;

use crate::configuration::{ConfigArgs, Environment, settings};
use crate::exit::{Outcome, print_warning};
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
pub(crate) struct ConfigExplainArgs {
    /// Only the options with this in their names
    #[arg(value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    config: ConfigArgs,

    /// How to print it
    #[arg(short, long, value_enum, default_value_t = OutputFormat::Text, value_name = "FORMAT")]
    output: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

pub(crate) fn run(args: &ConfigExplainArgs) -> Result<Outcome> {
    let given = args.config.assignments(&Environment::of_process(), Vec::new())?;
    let (settings, warnings) = settings(given)?;
    warnings.iter().for_each(print_warning);
    let options = chosen(&settings, args.name.as_deref());
    if let (true, Some(name)) = (options.is_empty(), &args.name) {
        anyhow::bail!("no option has {name:?} in its name; `ottla config explain` shows them all");
    }
    let stdout = io::stdout();
    let style = Style::for_stream(stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    match args.output {
        OutputFormat::Text => write_text(&mut out, style, &options)?,
        OutputFormat::Json => write_json(&mut out, &options)?,
    }
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

/// The field names are for programs to rely on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonOption<'a> {
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

impl<'a> From<&'a Explained> for JsonOption<'a> {
    fn from(one: &'a Explained) -> JsonOption<'a> {
        JsonOption {
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

fn write_json(out: &mut impl Write, options: &[Explained]) -> io::Result<()> {
    let options: Vec<JsonOption<'_>> = options.iter().map(JsonOption::from).collect();
    serde_json::to_writer_pretty(&mut *out, &options)?;
    writeln!(out)
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
