//! A plan that spreads topics over brokers.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context as _, Result, anyhow, bail};
use ottla_client::admin::Admin;
use ottla_client::{BrokerId, TopicPartition};

use super::super::options::Options;
use super::{Assignment, assignment_of_topics, current_dirs};
use crate::clock;
use crate::reassignment::{Place, place, to_json, topics_to_move};

pub(super) async fn run(json: &str, options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let brokers = parse_brokers(options.value("broker-list")?.unwrap_or_default())?;
    let topics = topics_to_move(json)?;
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let current = assignment_of_topics(&topics, admin).await?;
    let dirs = current_dirs(&current, admin).await?;
    let places = places(&brokers, !options.has("disable-rack-aware"), admin).await?;
    let start = usize::try_from(clock::wall_ms()).unwrap_or_default();
    let proposed = propose(&current, &places, start)?;
    writeln!(out, "Current partition replica assignment\n{}\n", to_json(&current, &dirs)?)?;
    writeln!(
        out,
        "Proposed partition reassignment configuration\n{}",
        to_json(&proposed, &BTreeMap::new())?
    )?;
    Ok(())
}

fn parse_brokers(text: &str) -> Result<Vec<BrokerId>> {
    let parse = |id: &str| id.parse().map_err(|_not_a_number| anyhow!("For input string: \"{id}\""));
    let brokers = text.split(',').map(parse).collect::<Result<Vec<BrokerId>>>()?;
    let is_again = |(at, broker): &(usize, &BrokerId)| brokers[..*at].contains(broker);
    let mut repeated: Vec<BrokerId> =
        brokers.iter().enumerate().filter(is_again).map(|(_, it)| *it).collect();
    repeated.sort_unstable();
    repeated.dedup();
    if !repeated.is_empty() {
        bail!("Broker list contains duplicate entries: {repeated:?}");
    }
    Ok(brokers)
}

/// Those of these brokers that there are.
async fn places(brokers: &[BrokerId], is_rack_aware: bool, admin: &Admin) -> Result<Vec<Place>> {
    let there = admin.describe_cluster(false).await?.brokers.into_iter();
    let places: Vec<Place> = there
        .filter(|broker| brokers.contains(&broker.id))
        .map(|broker| Place {
            broker: broker.id,
            rack: broker.rack.filter(|_| is_rack_aware).map(|rack| rack.to_string()),
        })
        .collect();
    if places.is_empty() {
        bail!("All brokers are currently fenced, or have all their log directories cordoned.");
    }
    let rackless = places.iter().filter(|place| place.rack.is_none()).count();
    if is_rack_aware && rackless != 0 && rackless != places.len() {
        bail!(
            "Not all brokers have rack information. Add --disable-rack-aware in command line to make replica \
             assignment without rack information."
        );
    }
    Ok(places)
}

/// Each topic has as many replicas as its first partition has now.
fn propose(current: &Assignment, places: &[Place], start: usize) -> Result<Assignment> {
    let mut topics: BTreeMap<&str, Vec<&Vec<BrokerId>>> = BTreeMap::new();
    for (partition, replicas) in current {
        topics.entry(&partition.topic).or_default().push(replicas);
    }
    let mut proposed = Assignment::new();
    for (topic, partitions) in topics {
        let replicas = partitions.first().context("a topic has partitions")?.len();
        let placed = place(places, partitions.len(), replicas, start)?;
        proposed.extend(
            (0..).zip(placed).map(|(number, replicas)| (TopicPartition::new(topic, number), replicas)),
        );
    }
    Ok(proposed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_named_once() {
        assert_eq!(parse_brokers("2,0,1").ok(), Some(vec![2, 0, 1]));
        for (text, expected) in [
            ("", "For input string: \"\""),
            ("1,x", "For input string: \"x\""),
            ("1,2,1,2,1", "Broker list contains duplicate entries: [1, 2]"),
        ] {
            assert_eq!(parse_brokers(text).expect_err(text).to_string(), expected);
        }
    }
}
