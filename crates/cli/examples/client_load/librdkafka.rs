//! The load by librdkafka, without futures: the fastest way that its binding has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail, ensure};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::{BATCH_BYTES, LINGER, Load, PATIENCE, timed};

/// Counts what was not written.
#[derive(Clone, Default)]
struct Failures {
    count: Arc<AtomicU64>,
}

impl ClientContext for Failures {}

impl ProducerContext for Failures {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// For a broker of this version, if it is one that cannot say it.
fn config(load: &Load, broker: Option<&str>) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &load.bootstrap);
    if let Some(version) = broker {
        config.set("api.version.request", "false").set("broker.version.fallback", version);
    }
    config
}

pub(crate) fn produce(load: &Load, broker: Option<&str>) -> Result<f64> {
    let failures = Failures::default();
    let producer: BaseProducer<Failures> = config(load, broker)
        .set("acks", "all")
        // Older brokers have none.
        .set("enable.idempotence", broker.is_none().to_string())
        .set("batch.size", BATCH_BYTES.to_string())
        .set("linger.ms", LINGER.as_millis().to_string())
        .set("compression.codec", if load.is_lz4 { "lz4" } else { "none" })
        .set("queue.buffering.max.kbytes", "32768")
        .create_with_context(failures.clone())?;
    let values = load.values();
    let seconds = timed(|| {
        for value in values.iter().cycle().take(usize::try_from(load.records)?) {
            send(&producer, &load.topic, value)?;
        }
        Ok(producer.flush(PATIENCE)?)
    })?;
    let failed = failures.count.load(Ordering::Relaxed);
    ensure!(failed == 0, "{failed} records were not written");
    Ok(seconds)
}

fn send(producer: &BaseProducer<Failures>, topic: &str, value: &[u8]) -> Result<()> {
    let mut record = BaseRecord::<(), [u8]>::to(topic).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                producer.poll(LINGER);
                record = back;
            }
            Err((error, _)) => bail!(error),
        }
    }
}

pub(crate) fn consume(load: &Load, broker: Option<&str>) -> Result<f64> {
    let consumer: BaseConsumer = config(load, broker)
        .set("group.id", "nobody")
        .set("enable.auto.commit", "false")
        .set("check.crcs", "true")
        .create()?;
    let metadata = consumer.fetch_metadata(Some(&load.topic), PATIENCE)?;
    let mut assignment = TopicPartitionList::new();
    for topic in metadata.topics() {
        for partition in topic.partitions() {
            assignment.add_partition_offset(topic.name(), partition.id(), Offset::Beginning)?;
        }
    }
    timed(|| {
        let mut bytes = 0;
        consumer.assign(&assignment)?;
        for left in (1..=load.records).rev() {
            match consumer.poll(PATIENCE) {
                Some(message) => bytes += message?.payload().map_or(0, <[u8]>::len),
                None => bail!("{left} records are missing"),
            }
        }
        ensure!(bytes >= load.record_bytes, "the records are empty");
        Ok(())
    })
}
