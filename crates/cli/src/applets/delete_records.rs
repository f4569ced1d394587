//! `kafka-delete-records`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{Admin, Results};
use ottla_client::{Offset, TopicPartition};
use serde::Deserialize;
use serde_json::Value;

use super::connection::connect;
use super::java;
use super::options::{Opt, Syntax};
use crate::exit::Outcome;
use crate::remote::block_on;

static SYNTAX: Syntax = Syntax {
    about: "This tool helps to delete records of the given partitions down to the specified offset.",
    options: &[
        Opt::value("bootstrap-server", "server(s)", "REQUIRED: The server to connect to."),
        Opt::value(
            "offset-json-file",
            "path",
            "REQUIRED: The JSON file with offset per partition, as \
             {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1, \"offset\": 1}], \"version\": 1}",
        ),
        Opt::value("command-config", "path", "Options of the client."),
    ],
};

pub(super) fn run(args: &[String], out: &mut dyn Write) -> Result<Outcome> {
    let options = SYNTAX.parse(args)?;
    options.answer_help()?;
    options.require(&["bootstrap-server", "offset-json-file"])?;
    let path = options.value("offset-json-file")?.unwrap_or_default();
    let before = parse(&fs::read_to_string(path).with_context(|| path.to_owned())?)?;
    block_on(async {
        let remote = connect(&options).await?;
        writeln!(out, "Executing records delete operation")?;
        let deleted = delete(before, &remote.admin).await?;
        writeln!(out, "Records delete operation completed:")?;
        for (partition, outcome) in deleted {
            match outcome {
                Ok(start) => writeln!(out, "partition: {partition}\tlow_watermark: {start}")?,
                Err(error) => writeln!(out, "partition: {partition}\terror: {}", java::shown(&error))?,
            }
        }
        Ok(Outcome::Success)
    })
}

type Before = BTreeMap<TopicPartition, Offset>;

/// What is not there is told at once: it would be looked for until the time is up.
async fn delete(mut before: Before, admin: &Admin) -> Result<Results<TopicPartition, Offset>> {
    let mut outcomes = Results::new();
    let topics: BTreeSet<Arc<str>> = before.keys().map(|partition| partition.topic.clone()).collect();
    let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
    for (topic, described) in admin.describe_topics(&names).await? {
        if let Err(error) = described {
            let of_topic = before.extract_if(.., |partition, _| partition.topic == topic);
            outcomes.extend(of_topic.map(|(partition, _)| (partition, Err(error.clone()))));
        }
    }
    if !before.is_empty() {
        outcomes.extend(admin.delete_records(&before).await?);
    }
    Ok(outcomes)
}

#[derive(Deserialize)]
struct Record {
    topic: String,
    partition: i32,
    offset: Offset,
}

fn parse(text: &str) -> Result<Before> {
    let json: Value = serde_json::from_str(text).ok().context("The input string is not a valid JSON")?;
    if let Some(version) = json.get("version").filter(|version| version.as_i64() != Some(1)) {
        bail!("Not supported version field value {version}");
    }
    let partitions = json.get("partitions").context("Missing partitions field")?;
    let mut before = Before::new();
    let mut repeated = Vec::new();
    for record in Vec::<Record>::deserialize(partitions)? {
        let partition = TopicPartition::new(record.topic, record.partition);
        if before.insert(partition.clone(), record.offset).is_some() && !repeated.contains(&partition) {
            repeated.push(partition);
        }
    }
    if !repeated.is_empty() {
        let repeated: Vec<String> = repeated.iter().map(ToString::to_string).collect();
        bail!("Offset json file contains duplicate topic partitions: {}", repeated.join(","));
    }
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refusal(text: &str, expected: &str) {
        let error = parse(text).map(drop).expect_err("it is refused");
        assert!(error.to_string().starts_with(expected), "{text}: {error}");
    }

    #[test]
    fn a_file_is_read_or_refused_in_kafkas_words() {
        let text = r#"{"partitions": [{"topic": "a", "partition": 1, "offset": 5}]}"#;
        assert_eq!(parse(text).expect("it is valid"), [(TopicPartition::new("a", 1), 5)].into());
        check_refusal("{", "The input string is not a valid JSON");
        check_refusal("{}", "Missing partitions field");
        check_refusal(r#"{"version": 2}"#, "Not supported version field value 2");
        let one = r#"{"topic": "a", "partition": 1, "offset": 5}"#;
        let twice = format!(r#"{{"partitions": [{one}, {one}, {one}]}}"#);
        check_refusal(&twice, "Offset json file contains duplicate topic partitions: a-1");
        check_refusal(r#"{"partitions": [{"topic": "a"}]}"#, "missing field");
    }
}
