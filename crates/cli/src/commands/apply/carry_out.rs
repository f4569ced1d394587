//! Doing what was planned, or asking brokers whether it could be done.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use ottla_client::admin::{Admin, AlterConfig, ConfigResource, NewPartitions, NewTopic, Results};

use super::file::Topic;
use super::plan::{Action, Step};

/// What became of each step, in their order.
pub(super) async fn carry_out(
    admin: &Admin,
    steps: &[Step],
    validate_only: bool,
) -> Result<Vec<ottla_client::Result<()>>> {
    let mut done = Done { created: create(admin, steps, validate_only).await?, ..Done::default() };
    done.extended = add_partitions(admin, steps, validate_only).await?;
    done.altered = alter(admin, steps, validate_only).await?;
    let deleted = steps.iter().filter(|step| step.action == Action::Delete).map(|step| step.topic.as_str());
    let deleted: Vec<&str> = deleted.collect();
    if !deleted.is_empty() && !validate_only {
        done.deleted = admin.delete_topics(&deleted).await?;
    }
    Ok(steps.iter().map(|step| done.of(step)).collect())
}

#[derive(Default)]
struct Done {
    created: Results<Arc<str>, ()>,
    extended: Results<Arc<str>, ()>,
    altered: Results<ConfigResource, ()>,
    deleted: Results<Arc<str>, ()>,
}

impl Done {
    /// What brokers said nothing of went well.
    fn of(&self, step: &Step) -> ottla_client::Result<()> {
        let told = match &step.action {
            Action::Create(_) => self.created.get(step.topic.as_str()),
            Action::AddPartitions { .. } => self.extended.get(step.topic.as_str()),
            Action::Set { .. } | Action::Unset { .. } => {
                self.altered.get(&ConfigResource::topic(&step.topic))
            }
            Action::Delete => self.deleted.get(step.topic.as_str()),
            Action::Refuse { .. } => None,
        };
        told.cloned().unwrap_or(Ok(()))
    }
}

async fn create(admin: &Admin, steps: &[Step], validate_only: bool) -> Result<Results<Arc<str>, ()>> {
    let mut topics = Vec::new();
    for step in steps {
        if let Action::Create(topic) = &step.action {
            topics.push(new_topic(topic));
        }
    }
    if topics.is_empty() {
        return Ok(Results::new());
    }
    let results = match validate_only {
        true => admin.validate_topics(&topics).await?,
        false => admin.create_topics(&topics).await?,
    };
    Ok(results.into_iter().map(|(name, result)| (name, result.map(drop))).collect())
}

/// What is left out of it is left to the brokers.
pub(crate) fn new_topic(topic: &Topic) -> NewTopic {
    let new = NewTopic::new(&topic.name)
        .partitions(topic.partitions.unwrap_or(-1))
        .replication_factor(topic.replicas.unwrap_or(-1));
    let configs = topic.configs.iter().flatten().filter_map(|(key, value)| Some((key, value.0.as_ref()?)));
    configs.fold(new, |new, (key, value)| new.config(key, value))
}

async fn add_partitions(admin: &Admin, steps: &[Step], validate_only: bool) -> Result<Results<Arc<str>, ()>> {
    let mut wanted = BTreeMap::new();
    for step in steps {
        if let Action::AddPartitions { to, .. } = step.action {
            wanted.insert(step.topic.as_str(), NewPartitions::to(to));
        }
    }
    if wanted.is_empty() {
        Ok(Results::new())
    } else {
        Ok(admin.create_partitions(&wanted, validate_only).await?)
    }
}

async fn alter(admin: &Admin, steps: &[Step], validate_only: bool) -> Result<Results<ConfigResource, ()>> {
    let mut changes: BTreeMap<ConfigResource, Vec<AlterConfig>> = BTreeMap::new();
    for step in steps {
        let change = match &step.action {
            Action::Set { key, to, .. } => AlterConfig::set(key, to),
            Action::Unset { key, .. } => AlterConfig::delete(key),
            Action::Create(_) | Action::AddPartitions { .. } | Action::Delete | Action::Refuse { .. } => {
                continue;
            }
        };
        changes.entry(ConfigResource::topic(&step.topic)).or_default().push(change);
    }
    if changes.is_empty() {
        Ok(Results::new())
    } else {
        Ok(admin.alter_configs(&changes, validate_only).await?)
    }
}
