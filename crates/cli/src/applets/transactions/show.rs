//! Transactions, one of them, the producers of a partition.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ottla_client::admin::{Admin, TransactionsFilter};

use super::super::columns::write_table;
use super::super::connection::Properties;
use super::super::options::Options;
use super::{failed, partition};
use crate::clock;

pub(super) async fn list(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let longer_than: Option<i64> = options.last_number("duration-filter")?;
    let filter = TransactionsFilter {
        duration_min: longer_than.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis),
        transactional_id_pattern: options.last("transactional-id-pattern").map(str::to_owned),
        ..TransactionsFilter::default()
    };
    let failed = |error| failed("list transactions", &error);
    let mut rows = Vec::new();
    for (broker, listed) in admin.list_transactions(&filter).await.map_err(failed)? {
        for it in listed.map_err(failed)? {
            let (id, state) = (it.transactional_id.to_string(), it.state.to_string());
            rows.push([id, broker.to_string(), it.producer_id.to_string(), state]);
        }
    }
    write_table(out, ["TransactionalId", "Coordinator", "ProducerId", "TransactionState"], &rows)?;
    Ok(())
}

pub(super) async fn describe(options: &Options, admin: &Admin, out: &mut dyn Write) -> Result<()> {
    let id = options.last("transactional-id").unwrap_or_default();
    let failed = |error| failed(&format!("describe transaction state of transactional-id `{id}`"), &error);
    let described = admin.describe_transactions(&[id]).await.map_err(failed)?.into_values().next();
    let transaction = described.context("the coordinator said nothing of it")?.map_err(failed)?;
    let coordinator = coordinator(admin, id).await.map_err(failed)?;
    let (started, lasts) = match transaction.started_at {
        Some(started) => (started.to_string(), clock::wall_ms().saturating_sub(started).to_string()),
        None => ("None".to_owned(), "None".to_owned()),
    };
    let partitions: Vec<String> = transaction.partitions.iter().map(ToString::to_string).collect();
    let headings = [
        "CoordinatorId",
        "TransactionalId",
        "ProducerId",
        "ProducerEpoch",
        "TransactionState",
        "TransactionTimeoutMs",
        "CurrentTransactionStartTimeMs",
        "TransactionDurationMs",
        "TopicPartitions",
    ];
    let row = [
        coordinator,
        id.to_owned(),
        transaction.producer_id.to_string(),
        transaction.producer_epoch.to_string(),
        transaction.state.to_string(),
        transaction.timeout.as_millis().to_string(),
        started,
        lasts,
        partitions.join(","),
    ];
    write_table(out, headings, &[row])?;
    Ok(())
}

/// The broker that coordinates the transactions of an id.
async fn coordinator(admin: &Admin, id: &str) -> ottla_client::Result<String> {
    for (broker, listed) in admin.list_transactions(&TransactionsFilter::default()).await? {
        if listed?.iter().any(|listed| &*listed.transactional_id == id) {
            return Ok(broker.to_string());
        }
    }
    Ok("-1".to_owned())
}

pub(super) async fn producers(options: &Options, properties: &Properties, out: &mut dyn Write) -> Result<()> {
    let partition = partition(options)?;
    let broker: Option<i32> = options.last_number("broker-id")?;
    let at = broker.map_or_else(|| "leader".to_owned(), |broker| format!("broker {broker}"));
    let failed = |error| failed(&format!("describe producers for partition {partition} on {at}"), &error);
    let admin = properties.connect().await?.admin;
    let partitions = [partition.clone()];
    let described = match broker {
        Some(broker) => admin.describe_producers_at(broker, &partitions).await,
        None => admin.describe_producers(&partitions).await,
    };
    let described = described.map_err(failed)?.into_values().next();
    let producers = described.context("the broker said nothing of the partition")?.map_err(failed)?;
    let rows: Vec<[String; 6]> = producers
        .iter()
        .map(|it| {
            [
                it.producer_id.to_string(),
                it.producer_epoch.to_string(),
                it.coordinator_epoch.unwrap_or(-1).to_string(),
                it.last_sequence.to_string(),
                it.last_timestamp.to_string(),
                it.current_transaction_start_offset.map_or_else(|| "None".to_owned(), |it| it.to_string()),
            ]
        })
        .collect();
    let headings = [
        "ProducerId",
        "ProducerEpoch",
        "LatestCoordinatorEpoch",
        "LastSequence",
        "LastTimestamp",
        "CurrentTransactionStartOffset",
    ];
    write_table(out, headings, &rows)?;
    Ok(())
}
