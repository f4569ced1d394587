//! Deleting offsets that groups committed.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::Admin;
use ottla_client::{Error, ErrorCode, TopicPartition};

use super::super::columns::Columns;
use super::super::java;
use super::super::options::Options;
use super::{named, print_error};

type Results = BTreeMap<TopicPartition, Option<Error>>;

/// Which are meant.
#[derive(Debug, Default)]
pub(in crate::applets) struct Doomed {
    partitions: Vec<TopicPartition>,
    /// Topics that are not there, as a partition without a number.
    missing: Results,
}

impl Doomed {
    pub(in crate::applets) fn of(partitions: Vec<TopicPartition>) -> Doomed {
        Doomed { partitions, missing: Results::new() }
    }

    /// Those that an option names.
    pub(in crate::applets) async fn named(options: &Options, option: &str, admin: &Admin) -> Result<Doomed> {
        let mut doomed = Doomed::default();
        let mut topics = Vec::new();
        for text in options.values(option) {
            if text.contains(':') {
                doomed.partitions.extend(named(options, text)?);
            } else {
                topics.push(text);
            }
        }
        for (topic, described) in admin.describe_topics(&topics).await? {
            match described {
                Ok(described) => doomed.partitions.extend(
                    described.partitions.iter().map(|it| TopicPartition::new(topic.clone(), it.number)),
                ),
                Err(error) => _ = doomed.missing.insert(TopicPartition::new(topic, -1), Some(error)),
            }
        }
        Ok(doomed)
    }
}

/// Has them forgotten, and tells what became of each.
pub(in crate::applets) async fn delete_offsets(
    admin: &Admin,
    group: &str,
    doomed: Doomed,
    out: &mut dyn Write,
) -> Result<()> {
    let Doomed { partitions, missing: mut results } = doomed;
    let deleted = admin.delete_group_offsets(group, &partitions).await;
    let failure = match &deleted {
        Ok(outcomes) => outcomes.values().find_map(|outcome| outcome.as_ref().err()),
        Err(error) => Some(error),
    };
    tell(out, group, failure)?;
    match deleted {
        Ok(outcomes) => results.extend(outcomes.into_iter().map(|(it, outcome)| (it, outcome.err()))),
        Err(error) => results.extend(partitions.into_iter().map(|it| (it, Some(error.clone())))),
    }
    write_results(out, results)
}

fn tell(out: &mut dyn Write, group: &str, failure: Option<&Error>) -> Result<()> {
    let Some(failure) = failure else {
        return Ok(writeln!(out, "Request succeeded for deleting offsets from group {group}.")?);
    };
    let message = match failure.code() {
        Some(
            ErrorCode::InvalidGroupId
            | ErrorCode::GroupIdNotFound
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::NonEmptyGroup,
        ) => java::words(failure),
        Some(
            ErrorCode::GroupSubscribedToTopic
            | ErrorCode::TopicAuthorizationFailed
            | ErrorCode::UnknownTopicOrPartition,
        ) => "Encountered some partition-level error, see the follow-up details.".to_owned(),
        Some(code) => format!("Encountered some unknown error: {code}"),
        None => format!("Encountered some unknown error: {failure}"),
    };
    Ok(print_error(out, &message)?)
}

fn write_results(out: &mut dyn Write, results: Results) -> Result<()> {
    let mut rows = vec![["TOPIC", "PARTITION", "STATUS"].map(str::to_owned).to_vec()];
    let mut results: Vec<_> = results.into_iter().collect();
    results.sort_by_key(|(partition, _)| format!("{}{}", partition.topic, partition.partition));
    for (partition, error) in results {
        let number = if partition.partition < 0 { "-".to_owned() } else { partition.partition.to_string() };
        let status = error.map_or("Successful".to_owned(), |error| format!("Error: {}", java::shown(&error)));
        rows.push(vec![partition.topic.to_string(), number, status]);
    }
    Ok(Columns::fitting(&[15], &rows).then(&[10, 15]).write_set_off(out, &rows)?)
}
