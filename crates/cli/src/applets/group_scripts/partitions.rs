//! Which partitions are meant, and how they are shown.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use ottla_client::TopicPartition;
use ottla_client::admin::Admin;

use super::super::ending::Misuse;
use super::super::java;
use super::super::options::Options;

/// Those that an option names: all of a topic, or some as `orders:0,1`.
pub(in crate::applets) async fn of_topics(
    options: &Options,
    option: &str,
    admin: &Admin,
) -> Result<Vec<TopicPartition>> {
    let mut partitions = Vec::new();
    let mut topics = Vec::new();
    for text in options.values(option) {
        if text.contains(':') { partitions.extend(named(options, text)?) } else { topics.push(text) }
    }
    for (topic, described) in admin.describe_topics(&topics).await? {
        let numbers = described?.partitions.into_iter().map(|partition| partition.number);
        partitions.extend(numbers.map(|number| TopicPartition::new(topic.clone(), number)));
    }
    Ok(partitions)
}

/// Partitions as `orders:0,1`.
pub(in crate::applets) fn named(options: &Options, text: &str) -> Result<Vec<TopicPartition>, Misuse> {
    let invalid =
        || options.misuse(format!("Invalid topic arg '{text}', expected topic name and partitions"));
    let (topic, numbers) = text.split_once(':').ok_or_else(invalid)?;
    if numbers.is_empty() || numbers.contains(':') {
        return Err(invalid());
    }
    let partition = |number: &str| match number.parse() {
        Ok(number) => Ok(TopicPartition::new(topic, number)),
        Err(_not_a_number) => {
            let message = format!("Invalid partition '{number}' specified in topic arg '{text}''");
            Err(options.misuse(message))
        }
    };
    numbers.split(',').map(partition).collect()
}

/// That all of them are there, and have leaders.
pub(in crate::applets) async fn check_there(admin: &Admin, partitions: &[TopicPartition]) -> Result<()> {
    let topics: BTreeSet<&str> = partitions.iter().map(|it| &*it.topic).collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    let mut described = BTreeMap::new();
    for (topic, it) in admin.describe_topics(&topics).await? {
        described.insert(topic, it.map_err(|error| anyhow!(java::wrapped(&error)))?);
    }
    let (mut missing, mut leaderless) = (Vec::new(), Vec::new());
    for partition in partitions {
        let there = described.get(&partition.topic).map_or(&[][..], |topic| &topic.partitions);
        match there.iter().find(|it| it.number == partition.partition) {
            None => missing.push(partition.to_string()),
            Some(found) if found.leader.is_none() => leaderless.push(partition.to_string()),
            Some(_) => {}
        }
    }
    if !missing.is_empty() {
        return Err(anyhow!("The partitions \"{}\" do not exist", missing.join(",")));
    }
    if !leaderless.is_empty() {
        return Err(anyhow!("The partitions \"{}\" have no leader", leaderless.join(",")));
    }
    Ok(())
}

/// As `a:0,1;b:2`.
pub(in crate::applets) fn by_topics(partitions: &[TopicPartition]) -> String {
    let mut topics: BTreeMap<&str, BTreeSet<i32>> = BTreeMap::new();
    for partition in partitions {
        topics.entry(&partition.topic).or_default().insert(partition.partition);
    }
    let shown = topics.iter().map(|(topic, numbers)| {
        let numbers: Vec<String> = numbers.iter().map(i32::to_string).collect();
        format!("{topic}:{}", numbers.join(","))
    });
    shown.collect::<Vec<String>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_told_by_topics() {
        let partitions =
            [("b", 2), ("a", 1), ("a", 0)].map(|(topic, number)| TopicPartition::new(topic, number));
        assert_eq!(by_topics(&partitions), "a:0,1;b:2");
        assert_eq!(by_topics(&[]), "");
    }
}
