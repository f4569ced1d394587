//! Topics and their partitions, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::{
    Admin, ConfigEntry, ConfigResource, ConfigSource, DescribeConfigs, DescribedPartition, DescribedTopic,
    Reassignment,
};
use ottla_client::{BrokerId, TopicPartition};

use super::super::options::Options;
use super::change::wanted;
use crate::kafka_id::{kafka_id, parse_kafka_id};

pub(super) async fn run(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let topics = topics(options, admin).await?;
    let names: Vec<&str> = topics.iter().map(|topic| &*topic.name).collect();
    let resources: Vec<ConfigResource> = names.iter().map(|name| ConfigResource::topic(name)).collect();
    let mut configs = admin.describe_configs(&resources, &DescribeConfigs::default()).await?;
    let live = admin.describe_cluster(false).await?.brokers.iter().map(|broker| broker.id).collect();
    let report = Report { options, live, moves: moves(admin, &topics).await };
    for topic in &topics {
        let configs = configs.remove(&ConfigResource::topic(&topic.name)).transpose()?.unwrap_or_default();
        report.write(out, topic, &configs)?;
    }
    Ok(())
}

async fn topics(options: &Options, admin: &Admin) -> Result<Vec<DescribedTopic>> {
    if let Some(text) = options.value("topic-id")? {
        let id =
            parse_kafka_id(text).with_context(|| format!("Input string `{text}` decoded as no topic id"))?;
        if !id.is_nil() {
            let listed = admin.list_topics(!options.has("exclude-internal")).await?;
            let is_there = listed.iter().any(|topic| topic.id == Some(id));
            if !is_there && !options.has("if-exists") {
                bail!("TopicId '{text}' does not exist as expected");
            }
            let ids = if is_there { vec![id] } else { Vec::new() };
            return Ok(admin.describe_topics_by_id(&ids).await?.into_values().collect::<Result<_, _>>()?);
        }
    }
    let names = wanted(options, admin).await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(admin.describe_topics(&names).await?.into_values().collect::<Result<_, _>>()?)
}

/// Who may not ask for them sees none.
async fn moves(admin: &Admin, topics: &[DescribedTopic]) -> BTreeMap<TopicPartition, Reassignment> {
    let partitions = topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|partition| TopicPartition::new(topic.name.clone(), partition.number))
    });
    let partitions: Vec<TopicPartition> = partitions.collect();
    if partitions.is_empty() {
        return BTreeMap::new();
    }
    admin.list_partition_reassignments(Some(&partitions)).await.unwrap_or_default()
}

struct Report<'a> {
    options: &'a Options,
    live: BTreeSet<BrokerId>,
    moves: BTreeMap<TopicPartition, Reassignment>,
}

impl Report<'_> {
    fn write(&self, out: &mut dyn Write, topic: &DescribedTopic, configs: &[ConfigEntry]) -> Result<()> {
        let is_whole = self.options.count(&super::REPORTS) == 0;
        let only_overridden = self.options.has("topics-with-overrides");
        let overrides: Vec<&ConfigEntry> =
            configs.iter().filter(|config| config.source != ConfigSource::Default).collect();
        if is_whole && (!only_overridden || !overrides.is_empty()) {
            self.write_topic(out, topic, &overrides)?;
        }
        if only_overridden {
            return Ok(());
        }
        let in_sync_min = in_sync_min(configs);
        for partition in &topic.partitions {
            if is_whole || self.is_reported(topic, partition, in_sync_min) {
                self.write_partition(out, topic, partition)?;
            }
        }
        Ok(())
    }

    fn write_topic(
        &self,
        out: &mut dyn Write,
        topic: &DescribedTopic,
        overrides: &[&ConfigEntry],
    ) -> io::Result<()> {
        let value = |config: &ConfigEntry| config.value.clone().unwrap_or_else(|| "null".to_owned());
        let overrides: Vec<String> =
            overrides.iter().map(|config| format!("{}={}", config.name, value(config))).collect();
        let id = topic.id.map(|id| format!("\tTopicId: {}", kafka_id(id))).unwrap_or_default();
        let factor = topic.partitions.first().map_or(0, |first| self.replication_factor(topic, first));
        writeln!(
            out,
            "Topic: {}{id}\tPartitionCount: {}\tReplicationFactor: {factor}\tConfigs: {}",
            topic.name,
            topic.partitions.len(),
            overrides.join(",")
        )
    }

    fn write_partition(
        &self,
        out: &mut dyn Write,
        topic: &DescribedTopic,
        partition: &DescribedPartition,
    ) -> io::Result<()> {
        let leader = partition.leader.map_or_else(|| "none".to_owned(), |leader| leader.to_string());
        write!(
            out,
            "\tTopic: {}\tPartition: {}\tLeader: {leader}\tReplicas: {}\tIsr: {}",
            topic.name,
            partition.number,
            joined(&partition.replicas),
            joined(&partition.in_sync_replicas)
        )?;
        if let Some(underway) = self.underway(topic, partition) {
            let (adding, removing) = (joined(&underway.adding), joined(&underway.removing));
            write!(out, "\tAdding Replicas: {adding}\tRemoving Replicas: {removing}")?;
        }
        let told = |brokers: &Option<Vec<BrokerId>>| brokers.as_deref().map_or("N/A".to_owned(), joined);
        let elr = told(&partition.eligible_leader_replicas);
        writeln!(out, "\tElr: {elr}\tLastKnownElr: {}", told(&partition.last_known_elr))
    }

    fn underway(&self, topic: &DescribedTopic, partition: &DescribedPartition) -> Option<&Reassignment> {
        self.moves.get(&TopicPartition::new(topic.name.clone(), partition.number))
    }

    /// As it will be when the partition has moved. The move may have ended since it was listed.
    fn replication_factor(&self, topic: &DescribedTopic, partition: &DescribedPartition) -> usize {
        let underway = self.underway(topic, partition).filter(|underway| {
            let changing = underway.adding.iter().chain(&underway.removing);
            changing.into_iter().any(|broker| partition.replicas.contains(broker))
        });
        underway.map_or(partition.replicas.len(), |it| it.replicas.len().saturating_sub(it.adding.len()))
    }

    fn is_reported(&self, topic: &DescribedTopic, partition: &DescribedPartition, min: usize) -> bool {
        let in_sync = partition.in_sync_replicas.len();
        let is_available = partition.leader.is_some_and(|leader| self.live.contains(&leader));
        let is = |report: &str, condition: bool| self.options.has(report) && condition;
        is("under-replicated-partitions", in_sync < self.replication_factor(topic, partition))
            || is("unavailable-partitions", !is_available)
            || is("under-min-isr-partitions", partition.leader.is_none() || in_sync < min)
            || is("at-min-isr-partitions", in_sync == min)
    }
}

fn in_sync_min(configs: &[ConfigEntry]) -> usize {
    let config = configs.iter().find(|config| config.name == "min.insync.replicas");
    config.and_then(|config| config.value.as_deref()?.parse().ok()).unwrap_or(1)
}

fn joined(brokers: &[BrokerId]) -> String {
    brokers.iter().map(BrokerId::to_string).collect::<Vec<_>>().join(",")
}
