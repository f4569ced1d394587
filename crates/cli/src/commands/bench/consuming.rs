//! Reading records as fast as they come.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use ottla_client::consumer::{Consumer, ConsumerRecord};
use ottla_client::{Offset, TopicPartition};

use super::tally::Tally;

/// How long a poll waits before it is looked whether all is read.
const TURN: Duration = Duration::from_millis(100);

/// The bytes of key and value.
pub(crate) fn size(record: &ConsumerRecord) -> u64 {
    let len = |bytes: Option<&bytes::Bytes>| bytes.map_or(0, |bytes| bytes.len() as u64);
    len(record.key.as_ref()) + len(record.value.as_ref())
}

/// Reads what is assigned up to these ends, or until all consumers of this tally together have read so many, or until then.
pub(super) async fn consume(
    consumer: &Consumer,
    mut ends: BTreeMap<TopicPartition, Offset>,
    max: u64,
    until: impl Future<Output = ()>,
    tally: &Mutex<Tally>,
) -> Result<()> {
    let reading = async {
        while !ends.is_empty() {
            let records = consumer.poll(TURN).await?;
            if !count(&records, max, tally) {
                break;
            }
            ends.retain(|partition, end| {
                let position = consumer.position(partition).ok().flatten();
                position.is_none_or(|position| position < *end)
            });
        }
        Ok(())
    };
    tokio::select! {
        read = reading => read,
        () = until => Ok(()),
    }
}

/// Whether there are more to be read.
fn count(records: &[ConsumerRecord], max: u64, tally: &Mutex<Tally>) -> bool {
    let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    let left = usize::try_from(max.saturating_sub(tally.records)).unwrap_or(usize::MAX);
    let taken = &records[..records.len().min(left)];
    tally.count(taken.len() as u64, taken.iter().map(size).sum());
    tally.records < max
}
