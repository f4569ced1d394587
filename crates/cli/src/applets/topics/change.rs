//! Create, alter and delete topics.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{Admin, NewPartitions, NewTopic};
use ottla_client::{BrokerId, ErrorCode};

use super::super::options::Options;
use super::super::topic_filter;
use crate::reassignment::replica_assignment;

pub(super) async fn create(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let name = options.value("topic")?.unwrap_or_default();
    let topic = new_topic(options, name)?;
    if name.contains(['.', '_']) {
        writeln!(
            out,
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could \
             collide. To avoid issues it is best to use either, but not both."
        )?;
    }
    for created in admin.create_topics(&[topic]).await?.into_values() {
        match created {
            Err(error)
                if options.has("if-not-exists") && error.code() == Some(ErrorCode::TopicAlreadyExists) => {}
            created => {
                created?;
                writeln!(out, "Created topic {name}.")?;
            }
        }
    }
    Ok(())
}

fn new_topic(options: &Options, name: &str) -> Result<NewTopic> {
    let replicas = replicas(options)?;
    let mut topic = NewTopic::new(name);
    for text in options.values("config") {
        let pair: Vec<&str> = text.split('=').map(str::trim).collect();
        let [key, value] = pair[..] else {
            bail!(
                "requirement failed: Invalid topic config: all configs to be added must be in the format \
                 \"key=val\"."
            );
        };
        topic = topic.config(key, value);
    }
    let factor: Option<i32> = options.number("replication-factor")?;
    let partitions: Option<i32> = options.number("partitions")?;
    if let Some(factor) = factor {
        let factor = i16::try_from(factor).ok().filter(|factor| *factor > 0);
        topic = topic.replication_factor(
            factor.context("The replication factor must be between 1 and 32767 inclusive")?,
        );
    }
    if let Some(partitions) = partitions {
        if partitions < 1 {
            bail!("The partitions must be greater than 0");
        }
        topic = topic.partitions(partitions);
    }
    Ok(if replicas.is_empty() { topic } else { topic.replicas(replicas) })
}

/// None where `--replica-assignment` does not say it.
fn replicas(options: &Options) -> Result<Vec<Vec<BrokerId>>> {
    let text = options.value("replica-assignment")?.filter(|text| !text.is_empty());
    text.map_or(Ok(Vec::new()), replica_assignment)
}

pub(super) async fn alter(options: &Options, admin: &Admin) -> Result<()> {
    let replicas = replicas(options)?;
    let count = options.number("partitions")?.unwrap_or_default();
    let topics = wanted(options, admin).await?;
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    let mut changes = BTreeMap::new();
    for (name, described) in admin.describe_topics(&names).await? {
        let there = described?.partitions.len();
        let mut new = NewPartitions::to(count);
        if !replicas.is_empty() {
            // The assignment speaks of all partitions, those that are there included.
            new.replicas = Some(replicas.get(there..).unwrap_or_default().to_vec());
        }
        changes.insert(name, new);
    }
    if changes.is_empty() {
        return Ok(());
    }
    let changes = changes.iter().map(|(name, new)| (&**name, new.clone())).collect();
    for changed in admin.create_partitions(&changes, false).await?.into_values() {
        changed?;
    }
    Ok(())
}

pub(super) async fn delete(options: &Options, admin: &Admin) -> Result<()> {
    let topics = wanted(options, admin).await?;
    let names: Vec<&str> = topics.iter().map(String::as_str).collect();
    if names.is_empty() {
        return Ok(());
    }
    for deleted in admin.delete_topics(&names).await?.into_values() {
        deleted?;
    }
    Ok(())
}

/// The topics that `--topic` means. There must be one unless `--if-exists` is given.
pub(super) async fn wanted(options: &Options, admin: &Admin) -> Result<Vec<String>> {
    let pattern = options.value("topic")?;
    let topics = topic_filter::topics(admin, pattern, options.has("exclude-internal")).await?;
    match pattern {
        Some(pattern) if topics.is_empty() && !pattern.is_empty() && !options.has("if-exists") => {
            bail!("Topic '{pattern}' does not exist as expected")
        }
        _ => Ok(topics),
    }
}
