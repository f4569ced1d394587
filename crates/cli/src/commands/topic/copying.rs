//! Copying the records of a topic to another that has as many partitions.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use ottla_client::TopicPartition;
use ottla_client::admin::OffsetSpec;
use ottla_client::config::{ConsumerConfig, IsolationLevel};
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::producer::ProducerRecord;

use crate::commands::offsets_of::all_offsets_of;
use crate::remote::ConnectionArgs;

/// How long a poll waits before it is looked whether all is read.
const TURN: Duration = Duration::from_millis(100);

/// How long ending in good order may take: by then all is written.
const FAREWELL: Duration = Duration::from_secs(1);

/// Copies what readers of committed records find in partitions now, each record to the partition of its number.
pub(super) async fn copy_records(
    connection: &ConnectionArgs,
    partitions: &[TopicPartition],
    to: &str,
) -> Result<()> {
    let isolation = IsolationLevel::ReadCommitted;
    let (remote, options) = connection.connect_producer(Vec::new()).await?;
    let producer = remote.client.producer(options)?;
    let consumer =
        Consumer::new(remote.client.clone(), ConsumerConfig::default().isolation_level(isolation))?;
    let begins = all_offsets_of(&remote.admin, partitions, OffsetSpec::Earliest, isolation).await?;
    let ends = all_offsets_of(&remote.admin, partitions, OffsetSpec::Latest, isolation).await?;
    let mut open: BTreeSet<&TopicPartition> =
        begins.keys().filter(|it| begins.get(*it) < ends.get(*it)).collect();
    consumer.assign(open.iter().map(|it| ((*it).clone(), StartAt::Offset(begins[*it]))))?;
    while !open.is_empty() {
        let records = consumer.poll(TURN).await?;
        let meant = records.iter().filter(|record| record.offset < ends[&record.partition]);
        for written in producer.send_all(meant.map(|record| copy_of(record, to))).await {
            written?;
        }
        let is_read = |it: &TopicPartition| consumer.position(it).ok().flatten() >= ends.get(it).copied();
        open.retain(|it| !is_read(it));
    }
    consumer.close().await;
    Ok(producer.close(FAREWELL).await?)
}

fn copy_of(record: &ConsumerRecord, topic: &str) -> ProducerRecord {
    let mut copy = ProducerRecord::new(topic).partition(record.partition.partition);
    copy.key.clone_from(&record.key);
    copy.value.clone_from(&record.value);
    if record.timestamp >= 0 {
        copy = copy.timestamp(record.timestamp);
    }
    record.headers.iter().fold(copy, |copy, header| match header.value {
        Some(value) => copy.header(header.key, value),
        None => copy.null_header(header.key),
    })
}
