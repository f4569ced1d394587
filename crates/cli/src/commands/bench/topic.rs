//! The topic that is measured on: one of its own, which is removed again, or one that is there.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, NewTopic};

use crate::commands::config::key_value;
use crate::commands::partitions_of::partitions_of;
use crate::exit::{print_refusal, usage};
use crate::random;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Topic")]
pub(crate) struct TopicArgs {
    /// A topic that is there, in place of one that is made and removed
    #[arg(value_name = "TOPIC", help_heading = None::<&str>)]
    topic: Option<String>,

    /// How many partitions the topic that is made has
    #[arg(short, long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,

    /// How many replicas it has [default: the broker's]
    #[arg(short, long, alias = "replication-factor", value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replicas: Option<i16>,

    /// An option of it
    #[arg(short, long = "config", value_name = "KEY=VALUE")]
    configs: Vec<String>,

    /// Leave it there
    #[arg(long)]
    keep: bool,
}

/// Where records go, and come from.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) name: Arc<str>,
    pub(super) partitions: Vec<TopicPartition>,
    /// Whether it goes with the measurement.
    is_removed: bool,
}

impl TopicArgs {
    /// Whether it is a topic that was there before.
    pub(super) fn is_given(&self) -> bool {
        self.topic.is_some()
    }

    pub(super) async fn open(&self, admin: &Admin) -> Result<Topic> {
        let (name, partitions) = match &self.topic {
            Some(_) if !self.configs.is_empty() || self.replicas.is_some() => {
                return Err(usage("--replicas and --config are for a topic that is made: name none"));
            }
            Some(given) => (given.clone(), partitions_of(admin, given, &[]).await?),
            None => {
                let name = self.create(admin).await?;
                // Not asked for: brokers learn a moment later what the controller has made.
                let partitions = (0..self.partitions).map(|number| TopicPartition::new(&*name, number));
                (name.clone(), partitions.collect())
            }
        };
        Ok(Topic { name: name.into(), partitions, is_removed: self.topic.is_none() && !self.keep })
    }

    async fn create(&self, admin: &Admin) -> Result<String> {
        let name = format!("ottla-bench-{:016x}", random::number());
        let replicas = self.replicas.unwrap_or(-1);
        let mut topic = NewTopic::new(&name).partitions(self.partitions).replication_factor(replicas);
        for config in &self.configs {
            let (key, value) = key_value(config)?;
            topic = topic.config(&key, &value);
        }
        for (_, created) in admin.create_topics(&[topic]).await? {
            created.with_context(|| format!("cannot create topic {name}"))?;
        }
        Ok(name)
    }
}

impl Topic {
    /// Removes it if it is to go. A measurement that was made is told all the same.
    pub(super) async fn close(self, admin: &Admin) {
        if !self.is_removed {
            return;
        }
        let refusal = match admin.delete_topics(&[&self.name]).await {
            Err(error) => Some(error),
            Ok(results) => results.into_values().find_map(Result::err),
        };
        if let Some(error) = refusal {
            print_refusal(format!("topic {} stays", self.name), &error);
        }
    }
}
