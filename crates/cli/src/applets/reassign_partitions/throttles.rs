//! Options of brokers and topics that slow moves down.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use anyhow::Result;
use ottla_client::BrokerId;
use ottla_client::admin::{Admin, AlterConfig, ConfigResource};

use super::{joined, plural};
use crate::reassignment::{BROKER_THROTTLES, DIR_THROTTLE, Moves, Plan, RATE_THROTTLES, TOPIC_THROTTLES};

pub(super) async fn set_between_brokers(
    moves: &Moves,
    rate: i64,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    let topics = moves.of_topics().into_iter().map(|(topic, replicas)| {
        let changes = TOPIC_THROTTLES.iter().zip(&replicas);
        let changes = changes.map(|(option, replicas)| AlterConfig::set(option, replicas)).collect();
        (ConfigResource::topic(&topic), changes)
    });
    change(topics.collect(), admin).await?;
    set_of_brokers(&moves.brokers(), &RATE_THROTTLES, rate, admin).await?;
    Ok(writeln!(out, "The inter-broker throttle limit was set to {rate} B/s")?)
}

pub(super) async fn set_between_dirs(
    brokers: &BTreeSet<BrokerId>,
    rate: i64,
    admin: &Admin,
    out: &mut dyn Write,
) -> Result<()> {
    set_of_brokers(brokers, &[DIR_THROTTLE], rate, admin).await?;
    Ok(writeln!(out, "The replica-alter-dir throttle limit was set to {rate} B/s")?)
}

async fn set_of_brokers(
    brokers: &BTreeSet<BrokerId>,
    options: &[&str],
    rate: i64,
    admin: &Admin,
) -> Result<()> {
    let rate = rate.to_string();
    let changes: Vec<AlterConfig> = options.iter().map(|option| AlterConfig::set(option, &rate)).collect();
    let brokers = brokers.iter().map(|broker| (ConfigResource::Broker(Some(*broker)), changes.clone()));
    change(brokers.collect(), admin).await
}

/// All that there can be, of all brokers: who had a part in it before is not known any more.
pub(super) async fn clear(plan: &Plan, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let there = admin.describe_cluster(false).await?.brokers;
    let named = plan.partitions.iter().flat_map(|(_, replicas)| replicas).copied();
    let brokers: BTreeSet<BrokerId> = there.iter().map(|broker| broker.id).chain(named).collect();
    writeln!(out, "Clearing broker-level throttles on broker{} {}", plural(brokers.len()), joined(&brokers))?;
    let deleted = |options: &[&str]| options.iter().map(|option| AlterConfig::delete(option)).collect();
    let changes: Vec<AlterConfig> = deleted(&BROKER_THROTTLES);
    let brokers = brokers.into_iter().map(|broker| (ConfigResource::Broker(Some(broker)), changes.clone()));
    change(brokers.collect(), admin).await?;

    let topics: BTreeSet<&str> = plan.partitions.iter().map(|(partition, _)| &*partition.topic).collect();
    writeln!(out, "Clearing topic-level throttles on topic{} {}", plural(topics.len()), joined(&topics))?;
    let changes: Vec<AlterConfig> = deleted(&TOPIC_THROTTLES);
    let topics = topics.into_iter().map(|topic| (ConfigResource::topic(topic), changes.clone()));
    change(topics.collect(), admin).await
}

async fn change(changes: BTreeMap<ConfigResource, Vec<AlterConfig>>, admin: &Admin) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    for changed in admin.alter_configs(&changes, false).await?.into_values() {
        changed?;
    }
    Ok(())
}
