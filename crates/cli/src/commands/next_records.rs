//! The records that somebody would read next.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use ottla_client::config::ConsumerConfig;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::{Client, Offset, TopicPartition};
use tokio::time::timeout;

/// How long a poll waits before it is looked whether all is read.
const TURN: Duration = Duration::from_millis(100);

/// Where to read in a partition: from the first offset to before the second.
pub(crate) type Stretch = (Offset, Offset);

/// The first records of each stretch, as many as are wanted of each. Those that have not come in time are not among them.
pub(crate) async fn next_records(
    client: &Client,
    stretches: &BTreeMap<TopicPartition, Stretch>,
    of_each: usize,
    within: Duration,
) -> Result<BTreeMap<TopicPartition, Vec<ConsumerRecord>>> {
    let mut found = BTreeMap::new();
    if stretches.is_empty() || of_each == 0 {
        return Ok(found);
    }
    let consumer = Consumer::new(client.clone(), ConsumerConfig::default())?;
    consumer.assign(stretches.iter().map(|(it, (from, _))| (it.clone(), StartAt::Offset(*from))))?;
    let reading = async {
        let mut left: BTreeMap<&TopicPartition, Stretch> =
            stretches.iter().map(|(it, to)| (it, *to)).collect();
        while !left.is_empty() {
            for record in consumer.poll(TURN).await? {
                let of_partition: &mut Vec<ConsumerRecord> =
                    found.entry(record.partition.clone()).or_default();
                let is_before_end = left.get(&record.partition).is_some_and(|(_, end)| record.offset < *end);
                if is_before_end && of_partition.len() < of_each {
                    of_partition.push(record);
                }
            }
            let is_read = |it: &TopicPartition, end: Offset| {
                let has_enough = found.get(it).is_some_and(|records| records.len() >= of_each);
                has_enough || consumer.position(it).ok().flatten().is_some_and(|position| position >= end)
            };
            let done: Vec<&TopicPartition> =
                left.iter().filter(|(it, (_, end))| is_read(it, *end)).map(|(it, _)| *it).collect();
            consumer.pause(done.iter().copied())?;
            left.retain(|it, _| !done.contains(it));
        }
        anyhow::Ok(())
    };
    if let Ok(read) = timeout(within, reading).await {
        read?;
    }
    consumer.close().await;
    Ok(found)
}
