//! `kafka-leader-election`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{ElectionType, Results};
use ottla_client::{ErrorCode, TopicPartition};
use serde::Deserialize;
use serde_json::Value;

use super::connection::{Properties, admin_properties};
use super::ending::Misuse;
use super::java;
use super::options::{Opt, Options, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported \
            are preferred replicas and unclean replicas.",
    options: &[
        Opt::value("bootstrap-server", "host:port", "REQUIRED: The brokers to connect to."),
        Opt::value("admin.config", "config file", "(DEPRECATED) Use --command-config instead."),
        Opt::value("command-config", "Config file", "Options of the client."),
        Opt::value(
            "path-to-json-file",
            "Path to JSON file",
            "The partitions, as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1}]}",
        ),
        Opt::value("topic", "topic name", "The topic of the partition."),
        Opt::value("partition", "partition id", "REQUIRED with --topic: the partition."),
        Opt::flag("all-topic-partitions", "All partitions that want an election."),
        Opt::value(
            "election-type",
            "election type",
            "REQUIRED: preferred, where somebody else leads, or unclean, where nobody does.",
        ),
    ],
};

const WHICH: [&str; 3] = ["topic", "all-topic-partitions", "path-to-json-file"];

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    check(&options)?;
    let election = election_type(options.value("election-type")?.unwrap_or_default())?;
    let partitions = partitions(&options)?;
    let mut properties = properties(&options, out)?;
    properties.set_default("default.api.timeout.ms", "30000");
    properties.set_default("request.timeout.ms", "15000");
    block_on(async {
        let admin = properties.connect().await?.admin;
        let elected = admin.elect_leaders(election, partitions.as_deref()).await;
        report(election, told(elected, out)?, out)
    })
}

/// In the order in which the script complains.
fn check(options: &Options) -> Result<()> {
    let required = ["bootstrap-server", "election-type"];
    let missing: Vec<&str> = required.into_iter().filter(|name| !options.has(name)).collect();
    if !missing.is_empty() {
        bail!("Missing required option(s): {}", missing.join(", "));
    }
    options.exclude("admin.config", &["command-config"])?;
    if options.count(&WHICH) != 1 {
        bail!("One and only one of the following options is required: {}", WHICH.join(", "));
    }
    match (options.has("topic"), options.has("partition")) {
        (true, false) => bail!("Missing required option(s): partition"),
        (false, true) => bail!("Option partition is only allowed if topic is used"),
        _ => Ok(()),
    }
}

fn election_type(text: &str) -> Result<ElectionType, Misuse> {
    match text.to_ascii_lowercase().as_str() {
        "preferred" => Ok(ElectionType::Preferred),
        "unclean" => Ok(ElectionType::Unclean),
        _ => Err(Misuse::Bare(format!("Cannot parse argument '{text}' of option election-type"))),
    }
}

fn properties(options: &Options, out: &mut dyn Write) -> Result<Properties> {
    if !options.has("admin.config") {
        return admin_properties(options);
    }
    writeln!(
        out,
        "Option --admin.config has been deprecated and will be removed in a future version. Use --command-config \
         instead."
    )?;
    let mut properties = Properties::of_file(options, "admin.config")?;
    properties.set("bootstrap.servers", options.value("bootstrap-server")?.unwrap_or_default());
    Ok(properties)
}

/// None stands for all that want an election.
fn partitions(options: &Options) -> Result<Option<Vec<TopicPartition>>> {
    if let Some(path) = options.value("path-to-json-file")? {
        return parse(&fs::read_to_string(path).with_context(|| path.to_owned())?).map(Some);
    }
    let number = options.number("partition")?;
    let named = options.value("topic")?.zip(number);
    Ok(named.map(|(topic, number)| vec![TopicPartition::new(topic, number)]))
}

#[derive(Deserialize)]
struct Entry {
    topic: String,
    partition: i32,
}

fn parse(text: &str) -> Result<Vec<TopicPartition>> {
    let json: Value = serde_json::from_str(text).ok().context("Replica election data is empty")?;
    let entries = json.get("partitions").context("Replica election data is missing \"partitions\" field")?;
    let mut partitions = BTreeSet::new();
    let mut repeated = BTreeMap::new();
    for Entry { topic, partition } in Vec::<Entry>::deserialize(entries)? {
        let partition = TopicPartition::new(topic, partition);
        if !partitions.insert(partition.clone()) {
            repeated.insert(partition.to_string(), ());
        }
    }
    if !repeated.is_empty() {
        let repeated: Vec<String> = repeated.into_keys().collect();
        bail!("Replica election data contains duplicate partitions: [{}]", repeated.join(", "));
    }
    Ok(partitions.into_iter().collect())
}

type Elected = Results<TopicPartition, ()>;

/// Of some errors that nobody was elected at all this script tells on standard output too.
fn told(elected: ottla_client::Result<Elected>, out: &mut dyn Write) -> Result<Elected> {
    let error = match elected {
        Ok(elected) => return Ok(elected),
        Err(error) => error,
    };
    let is_late = java::class(&error).is_some_and(|class| class.ends_with(".TimeoutException"));
    let message = match error.code() {
        _ if is_late => "Timeout waiting for election results",
        Some(ErrorCode::ClusterAuthorizationFailed) => "Not authorized to perform leader election",
        _ => bail!(java::shown(&error)),
    };
    writeln!(out, "{message}")?;
    bail!(message)
}

fn report(election: ElectionType, elected: Elected, out: &mut dyn Write) -> Result<Outcome> {
    let election = match election {
        ElectionType::Preferred => "PREFERRED",
        ElectionType::Unclean => "UNCLEAN",
    };
    let (mut succeeded, mut unneeded, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (partition, outcome) in elected {
        match outcome {
            Ok(()) => succeeded.push(partition.to_string()),
            Err(error) if error.code() == Some(ErrorCode::ElectionNotNeeded) => {
                unneeded.push(partition.to_string());
            }
            Err(error) => failed.push((partition, error)),
        }
    }
    if !succeeded.is_empty() {
        let partitions = succeeded.join(", ");
        writeln!(out, "Successfully completed leader election ({election}) for partitions {partitions}")?;
    }
    if !unneeded.is_empty() {
        writeln!(out, "Valid replica already elected for partitions {}", unneeded.join(", "))?;
    }
    for (partition, error) in &failed {
        let error = java::shown(error);
        writeln!(out, "Error completing leader election ({election}) for partition: {partition}: {error}")?;
    }
    match failed.len() {
        0 => Ok(Outcome::Success),
        count => bail!("{count} replica(s) could not be elected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_read_or_refused_in_kafkas_words() {
        let of = |entries: &str| format!(r#"{{"partitions":[{entries}]}}"#);
        let one = r#"{"topic":"a","partition":1}"#;
        assert_eq!(parse(&of(one)).expect("it is valid"), [TopicPartition::new("a", 1)]);
        for (text, expected) in [
            ("{".to_owned(), "Replica election data is empty"),
            ("{}".to_owned(), "Replica election data is missing \"partitions\" field"),
            (of(&format!("{one},{one},{one}")), "Replica election data contains duplicate partitions: [a-1]"),
            (of(r#"{"topic":"a"}"#), "missing field `partition`"),
        ] {
            assert_eq!(parse(&text).expect_err(&text).to_string(), expected, "{text}");
        }
    }
}
