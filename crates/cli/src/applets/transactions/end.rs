//! Transactions that an operator ends.

use anyhow::{Context as _, Result, anyhow, bail};
use ottla_client::TopicPartition;
use ottla_client::admin::{Admin, ProducerState};

use super::super::connection::Properties;
use super::super::options::Options;
use super::{failed, partition};

pub(super) async fn force_terminate(options: &Options, properties: &Properties) -> Result<()> {
    let id = options.last("transactionalId").unwrap_or_default();
    let terminated = properties.connect().await?.admin.force_terminate_transaction(id).await;
    terminated.map_err(|error| failed(&format!("force terminate transactionalId `{id}`"), &error))
}

pub(super) async fn abort(options: &Options, properties: &Properties) -> Result<()> {
    let partition = partition(options)?;
    let start: Option<i64> = options.last_number("start-offset")?;
    let told = told_producer(options)?;
    if start.is_none() && told.is_none() {
        bail!(
            "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or \
             with --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)"
        );
    }
    let admin = properties.connect().await?.admin;
    let producer = match (start, told) {
        (None, Some(told)) => told,
        (start, _) => producer_at(&admin, &partition, start.unwrap_or_default()).await?,
    };
    let aborted = admin.abort_transaction(&partition, &producer).await;
    let id = producer.producer_id;
    aborted.map_err(|error| failed(&format!("abort the transaction of producer {id} at {partition}"), &error))
}

/// Whose transaction it is, as the command line has it.
fn told_producer(options: &Options) -> Result<Option<ProducerState>> {
    let Some(id) = options.last_number("producer-id")? else { return Ok(None) };
    if options.has("start-offset") {
        return Ok(None);
    }
    let missing = |name: &str| anyhow!("Missing required argument --{name}");
    let epoch = options.last_number("producer-epoch")?.ok_or_else(|| missing("producer-epoch"))?;
    let coordinator: Option<i32> = options.last_number("coordinator-epoch")?;
    let coordinator = coordinator.ok_or_else(|| missing("coordinator-epoch"))?;
    // Of a producer whose first transaction it is none is known: the least that there can be will do.
    Ok(Some(ProducerState::new(id, epoch, coordinator.max(0))))
}

/// Whose transaction begins there.
async fn producer_at(admin: &Admin, partition: &TopicPartition, start: i64) -> Result<ProducerState> {
    let failed = |error| failed(&format!("validate producer state for partition {partition}"), &error);
    let described = admin.describe_producers(std::slice::from_ref(partition)).await.map_err(failed)?;
    let described = described.into_values().next().context("the broker said nothing of the partition")?;
    let mut producers = described.map_err(failed)?.into_iter();
    producers.find(|producer| producer.current_transaction_start_offset == Some(start)).with_context(|| {
        format!("Could not find any open transactions starting at offset {start} on partition {partition}")
    })
}
