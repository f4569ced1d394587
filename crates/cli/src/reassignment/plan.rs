//! The JSON that is handed on from tool to tool:
//!
//! ```text
//! {"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2],"log_dirs":["any","/data"]}]}
//! {"version":1,"topics":[{"topic":"a"}]}
//! ```

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use ottla_client::admin::Replica;
use ottla_client::{BrokerId, TopicPartition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where it says nothing of the directory that a replica is to be in.
const ANY_DIR: &str = "any";

/// Where partitions shall be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// As it was written: nothing keeps one from naming a partition twice.
    pub(crate) partitions: Vec<(TopicPartition, Vec<BrokerId>)>,
    /// The directories of those replicas for which one is named.
    pub(crate) dirs: BTreeMap<Replica, String>,
}

/// The only one that there is, and what a document without one has.
const VERSION: i32 = 1;

#[derive(Serialize)]
struct Document {
    version: i32,
    partitions: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    topic: String,
    partition: i32,
    replicas: Vec<BrokerId>,
    log_dirs: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TopicEntry {
    topic: String,
}

impl Plan {
    pub(crate) fn parse(text: &str) -> Result<Plan> {
        let mut plan = Plan::default();
        for Entry { topic, partition, replicas, log_dirs } in entries(text, "partitions")? {
            let partition = TopicPartition::new(topic, partition);
            let dirs = log_dirs.unwrap_or_else(|| vec![ANY_DIR.to_owned(); replicas.len()]);
            if dirs.len() != replicas.len() {
                let dirs = dirs.join(", ");
                bail!(
                    "Size of replicas list {replicas:?} is different from size of log dirs list [{dirs}] for \
                     partition {partition}"
                );
            }
            let named = replicas.iter().zip(dirs).filter(|(_, dir)| dir != ANY_DIR);
            plan.dirs.extend(named.map(|(broker, dir)| ((partition.clone(), *broker), dir)));
            plan.partitions.push((partition, replicas));
        }
        Ok(plan)
    }

    /// What can be carried out: it moves something, and says of nothing two things.
    pub(crate) fn checked(&self) -> Result<BTreeMap<TopicPartition, Vec<BrokerId>>> {
        if self.partitions.is_empty() {
            bail!("Partition reassignment list cannot be empty");
        }
        if self.partitions.iter().any(|(_, replicas)| replicas.is_empty()) {
            bail!("Partition replica list cannot be empty");
        }
        let repeated = repeated(self.partitions.iter().map(|(partition, _)| partition));
        if !repeated.is_empty() {
            bail!("Partition reassignment contains duplicate topic partitions: {}", repeated.join(","));
        }
        let twice = |(partition, replicas): &(TopicPartition, Vec<BrokerId>)| {
            let repeated = self::repeated(replicas);
            let said = format!("{partition} contains multiple entries for {}", repeated.join(","));
            (!repeated.is_empty()).then_some(said)
        };
        let twice: Vec<String> = self.partitions.iter().filter_map(twice).collect();
        if !twice.is_empty() {
            bail!("Partition replica lists may not contain duplicate entries: {}", twice.join(". "));
        }
        Ok(self.partitions.iter().cloned().collect())
    }
}

/// The topics of a document that names topics alone.
pub(crate) fn topics_to_move(text: &str) -> Result<Vec<String>> {
    let topics: Vec<String> =
        entries(text, "topics")?.into_iter().map(|TopicEntry { topic }| topic).collect();
    let repeated = repeated(&topics);
    if !repeated.is_empty() {
        bail!("List of topics to reassign contains duplicate entries: [{}]", repeated.join(", "));
    }
    Ok(topics)
}

/// A document of what partitions have; of replicas that are not in `dirs` it does not say in which directory they are.
pub(crate) fn to_json(
    partitions: &BTreeMap<TopicPartition, Vec<BrokerId>>,
    dirs: &BTreeMap<Replica, String>,
) -> Result<String> {
    let dir = |partition: &TopicPartition, broker: &BrokerId| {
        dirs.get(&(partition.clone(), *broker)).cloned().unwrap_or_else(|| ANY_DIR.to_owned())
    };
    let partitions = partitions.iter().map(|(partition, replicas)| Entry {
        topic: partition.topic.to_string(),
        partition: partition.partition,
        replicas: replicas.clone(),
        log_dirs: Some(replicas.iter().map(|broker| dir(partition, broker)).collect()),
    });
    Ok(serde_json::to_string(&Document { version: VERSION, partitions: partitions.collect() })?)
}

fn entries<T: DeserializeOwned>(text: &str, field: &str) -> Result<Vec<T>> {
    let json: Value = serde_json::from_str(text).context("The input string is not a valid JSON")?;
    if let Some(version) = json.get("version").filter(|version| **version != VERSION) {
        bail!("Not supported version field value {version}");
    }
    let entries = json.get(field).map(Vec::deserialize).transpose()?;
    Ok(entries.unwrap_or_default())
}

/// Those that are there more than once.
fn repeated<T: Ord + ToString>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(one, _)| one.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let text = r#"{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2],"log_dirs":["any","/d"]},
                      {"topic":"b","partition":1,"replicas":[3]}]}"#;
        let plan = Plan::parse(text).expect("it is valid");
        let [a, b] = [TopicPartition::new("a", 0), TopicPartition::new("b", 1)];
        assert_eq!(plan.partitions, [(a.clone(), vec![1, 2]), (b, vec![3])]);
        assert_eq!(plan.dirs, [((a, 2), "/d".to_owned())].into());
        let json = to_json(&plan.checked().expect("it can be carried out"), &plan.dirs).expect("it is JSON");
        assert_eq!(
            json,
            r#"{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1,2],"log_dirs":["any","/d"]},{"topic":"b","partition":1,"replicas":[3],"log_dirs":["any"]}]}"#
        );
        let topics = topics_to_move(r#"{"topics":[{"topic":"a"},{"topic":"b"}]}"#).expect("it is valid");
        assert_eq!(topics, ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused_in_kafkas_words() {
        let of = |entries: &str| format!(r#"{{"partitions":[{entries}]}}"#);
        let one = r#"{"topic":"a","partition":0,"replicas":[1]}"#;
        for (text, expected) in [
            ("{".to_owned(), "The input string is not a valid JSON"),
            (r#"{"version":2}"#.to_owned(), "Not supported version field value 2"),
            ("{}".to_owned(), "Partition reassignment list cannot be empty"),
            (of(r#"{"topic":"a","partition":0,"replicas":[]}"#), "Partition replica list cannot be empty"),
            (
                of(&format!("{one},{one},{one}")),
                "Partition reassignment contains duplicate topic partitions: a-0",
            ),
            (
                of(r#"{"topic":"a","partition":0,"replicas":[2,1,2]}"#),
                "Partition replica lists may not contain duplicate entries: a-0 contains multiple entries for 2",
            ),
            (
                of(r#"{"topic":"a","partition":0,"replicas":[1,2],"log_dirs":["x"]}"#),
                "Size of replicas list [1, 2] is different from size of log dirs list [x] for partition a-0",
            ),
            (of(r#"{"topic":"a"}"#), "missing field `partition`"),
        ] {
            let refused = Plan::parse(&text).and_then(|plan| plan.checked()).map(drop);
            assert_eq!(refused.expect_err(&text).to_string(), expected, "{text}");
        }
        let twice = topics_to_move(r#"{"topics":[{"topic":"a"},{"topic":"a"}]}"#).expect_err("it is refused");
        assert_eq!(twice.to_string(), "List of topics to reassign contains duplicate entries: [a]");
    }
}
