//! Deleting groups, and single offsets.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use ottla_client::admin::Admin;
use ottla_client::{Error, ErrorCode, TopicPartition};

use super::super::columns::Columns;
use super::super::java;
use super::super::options::Options;
use super::{groups as wanted_groups, print_error, reset};

pub(super) async fn groups(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let groups = wanted_groups(options, admin).await?;
    let ids: Vec<&str> = groups.iter().map(String::as_str).collect();
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    for (group, outcome) in admin.delete_groups(&ids).await? {
        match outcome {
            Ok(()) => deleted.push(format!("'{group}'")),
            Err(error) => failed.push((group, error)),
        }
    }
    let deleted = deleted.join(", ");
    if failed.is_empty() {
        return Ok(writeln!(out, "Deletion of requested consumer groups ({deleted}) was successful.")?);
    }
    print_error(out, "Deletion of some consumer groups failed:")?;
    for (group, error) in failed {
        writeln!(out, "* Group '{group}' could not be deleted due to: {}", java::shown(&error))?;
    }
    if !deleted.is_empty() {
        writeln!(out, "\nThese consumer groups were deleted successfully: {deleted}")?;
    }
    Ok(())
}

pub(super) async fn offsets(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let group = options.value("group")?.unwrap_or_default();
    let (partitions, mut results) = partitions(options, admin).await?;
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

type Results = BTreeMap<TopicPartition, Option<Error>>;

/// Those that are meant, and the topics that are not there, as a partition without a number.
async fn partitions(options: &Options, admin: &Admin) -> Result<(Vec<TopicPartition>, Results)> {
    let (mut partitions, mut results) = (Vec::new(), Results::new());
    let mut topics = Vec::new();
    for text in options.values("topic") {
        if text.contains(':') { partitions.extend(reset::named(options, text)?) } else { topics.push(text) }
    }
    for (topic, described) in admin.describe_topics(&topics).await? {
        match described {
            Ok(described) => partitions
                .extend(described.partitions.iter().map(|it| TopicPartition::new(topic.clone(), it.number))),
            Err(error) => _ = results.insert(TopicPartition::new(topic, -1), Some(error)),
        }
    }
    Ok((partitions, results))
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
    let columns = Columns::fitting(&[15], &rows);
    let columns = Columns::fixed(&[columns.first(), 10, 15]);
    for row in &rows {
        writeln!(out)?;
        columns.write(out, row)?;
    }
    Ok(writeln!(out)?)
}
