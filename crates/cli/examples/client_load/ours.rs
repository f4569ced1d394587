//! The load by our client library.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::{ClientConfig, Compression, ConsumerConfig, ProducerConfig};
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::producer::{Delivery, Producer, ProducerRecord};
use ottla_client::{Client, TopicPartition};

use super::{BATCH_BYTES, LINGER, Load, PATIENCE, timed};

pub(crate) fn create(bootstrap: &str, topic: &str, partitions: i32) -> Result<()> {
    runtime()?.block_on(async {
        let client = Client::connect(ClientConfig::new(bootstrap)).await?;
        let wanted = NewTopic::new(topic).partitions(partitions).replication_factor(1);
        for (_, created) in Admin::new(client).create_topics(&[wanted]).await? {
            created?;
        }
        Ok(())
    })
}

pub(crate) fn produce(load: &Load) -> Result<f64> {
    let runtime = runtime()?;
    let compression = if load.is_lz4 { Compression::Lz4 } else { Compression::None };
    let options =
        ProducerConfig::default().batch_size(BATCH_BYTES).linger(LINGER).compression_type(compression);
    let producer = runtime.block_on(async { Producer::new(ClientConfig::new(&load.bootstrap), options) })?;
    let values: Vec<Bytes> = load.values().into_iter().map(Bytes::from).collect();
    let topic: std::sync::Arc<str> = load.topic.as_str().into();
    let sending = async {
        let mut deliveries: Vec<Delivery> = Vec::with_capacity(usize::try_from(load.records)?);
        for value in values.iter().cycle().take(usize::try_from(load.records)?) {
            deliveries.push(producer.send(ProducerRecord::new(topic.clone()).value(value.clone())).await?);
        }
        producer.flush().await;
        for delivery in &deliveries {
            delivery.now().context("a flush ends every delivery")??;
        }
        anyhow::Ok(())
    };
    let seconds = timed(|| runtime.block_on(sending))?;
    runtime.block_on(producer.close(PATIENCE))?;
    Ok(seconds)
}

pub(crate) fn consume(load: &Load) -> Result<f64> {
    let runtime = runtime()?;
    let client = runtime.block_on(Client::connect(ClientConfig::new(&load.bootstrap)))?;
    let topics = runtime.block_on(Admin::new(client.clone()).describe_topics(&[&load.topic]))?;
    let mut assignment = Vec::new();
    for (_, topic) in topics {
        let partitions = topic?.partitions.into_iter();
        assignment.extend(partitions.map(|partition| {
            (TopicPartition::new(load.topic.as_str(), partition.number), StartAt::Earliest)
        }));
    }
    let consumer = runtime.block_on(async { Consumer::new(client, ConsumerConfig::default()) })?;
    let consuming = async {
        let mut bytes = 0;
        let mut left = load.records;
        consumer.assign(assignment)?;
        while left > 0 {
            let records = consumer.poll(PATIENCE).await?;
            ensure!(!records.is_empty(), "{left} records are missing");
            bytes += records.iter().filter_map(|record| record.value.as_ref()).map(Bytes::len).sum::<usize>();
            left = left.saturating_sub(u64::try_from(records.len())?);
        }
        ensure!(bytes >= load.record_bytes, "the records are empty");
        Ok(())
    };
    let seconds = timed(|| runtime.block_on(consuming))?;
    runtime.block_on(consumer.close());
    Ok(seconds)
}

/// As `#[tokio::main]` makes one.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start tokio")
}
