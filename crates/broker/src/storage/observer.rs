//! What the journal tells: high watermarks advance, then those who wait are woken.

use std::sync::Arc;

use ottla_log::{disk::Priority, journal::Event};
use ottla_records::Offset;
use tracing::{debug, error, info};

use super::fail;
use crate::{durable::Durable, metrics::JournalMetrics, partition::Partition};

/// What the journal gives back with a batch: whose it is, and where the log ends behind it.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) partition: Arc<Partition>,
    pub(crate) end: Offset,
}

pub(crate) fn observer(
    durable: &Arc<Durable>,
    metrics: &Arc<JournalMetrics>,
) -> impl FnMut(Event<'_, Placed>) + Send + use<> {
    let (durable, metrics) = (Arc::clone(durable), Arc::clone(metrics));
    move |event| match event {
        Event::Started(priority) => {
            JournalMetrics::on_journal_thread();
            report_priority(priority);
        }
        Event::Written(_) => {}
        Event::Durable { up_to, tags } => {
            metrics.batches.record(tags.len() as u64);
            advance(tags);
            durable.publish(up_to);
        }
        Event::Full(error) => {
            error!(%error, "the disk has no space for the journal: acknowledgements wait until there is some");
        }
        Event::Failed(error) => fail("cannot write the journal", error),
    }
}

/// Of neighbours of the same partition the last says it all.
fn advance(tags: &mut Vec<Placed>) {
    let mut placed = tags.drain(..).peekable();
    while let Some(Placed { partition, end }) = placed.next() {
        let goes_on = placed.peek().is_some_and(|next| Arc::ptr_eq(&next.partition, &partition));
        if !goes_on {
            partition.durable(end);
        }
    }
}

fn report_priority(priority: &Priority) {
    match priority {
        Priority::Realtime => debug!("the journal's thread has real-time priority"),
        Priority::Nice(nice) => info!(nice, "the journal's thread has raised, but no real-time priority"),
        Priority::Refused(error) => {
            info!(%error, "the journal's thread has no raised priority: on busy processors acknowledgements wait longer");
        }
    }
}
