//! Transactions that are open at partitions, and that nobody will end (KIP-664).

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use ottla_client::admin::{Admin, ProducerState, TransactionsFilter};
use ottla_client::{ErrorCode, Offset, TopicPartition};

/// A transaction that is open at a partition.
#[derive(Debug)]
pub(crate) struct OpenTransaction {
    pub(crate) partition: TopicPartition,
    pub(crate) producer: ProducerState,
    pub(crate) start_offset: Offset,
}

/// Those of what partitions told that have not been written to for so long, and that no coordinator knows of.
pub(crate) async fn hanging(
    admin: &Admin,
    described: Vec<(TopicPartition, Vec<ProducerState>)>,
    now: i64,
    idle_min: Duration,
) -> Result<Vec<OpenTransaction>> {
    let candidates = idle(described, now, idle_min);
    let known = known_to_coordinators(admin, &candidates).await?;
    let hangs = |it: &OpenTransaction| !known.contains(&(it.producer.producer_id, it.partition.clone()));
    Ok(candidates.into_iter().filter(hangs).collect())
}

fn idle(
    described: Vec<(TopicPartition, Vec<ProducerState>)>,
    now: i64,
    idle_min: Duration,
) -> Vec<OpenTransaction> {
    let idle_min = i64::try_from(idle_min.as_millis()).unwrap_or(i64::MAX);
    let mut open = Vec::new();
    for (partition, producers) in described {
        for producer in producers {
            let is_idle = now.saturating_sub(producer.last_timestamp) >= idle_min;
            if let Some(start_offset) = producer.current_transaction_start_offset.filter(|_| is_idle) {
                open.push(OpenTransaction { partition: partition.clone(), producer, start_offset });
            }
        }
    }
    open
}

/// The producers, and the partitions, of transactions that some coordinator will end. Unless all of them tell, nothing is
/// said to hang.
async fn known_to_coordinators(
    admin: &Admin,
    open: &[OpenTransaction],
) -> Result<BTreeSet<(i64, TopicPartition)>> {
    let producer_ids: BTreeSet<i64> = open.iter().map(|it| it.producer.producer_id).collect();
    if producer_ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let producer_ids = producer_ids.into_iter().collect();
    let filter = TransactionsFilter { producer_ids, ..TransactionsFilter::default() };
    let mut ids = Vec::new();
    for listed in admin.list_transactions(&filter).await?.into_values() {
        ids.extend(listed?.into_iter().map(|it| it.transactional_id));
    }
    let names: Vec<&str> = ids.iter().map(|id| &**id).collect();
    let mut known = BTreeSet::new();
    for described in admin.describe_transactions(&names).await?.into_values() {
        match described {
            // It has been forgotten since.
            Err(error) if error.code() == Some(ErrorCode::TransactionalIdNotFound) => {}
            described => {
                let transaction = described?;
                let partitions = transaction.partitions.into_iter();
                known.extend(partitions.map(|partition| (transaction.producer_id, partition)));
            }
        }
    }
    Ok(known)
}
