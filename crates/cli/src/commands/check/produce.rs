//! `ottla check produce`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use ottla_client::producer::ProducerRecord;
use tokio::time::timeout;

use super::limits::Measure;
use super::probe::ProbeArgs;
use super::verdict::{Status, Verdict};
use crate::clock;
use crate::commands::partitions_of::named_partitions;

/// How long leaving in good order may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Whether records can be written: one to each partition, and how long that takes
#[derive(Debug, Args)]
#[command(after_help = "\
It writes to a topic that consumers may read: take one that is there for it.

Examples:
  ottla check produce health
  ottla check produce health:0 -w 100ms -c 1s")]
pub(crate) struct ProduceArgs {
    #[command(flatten)]
    pub(super) probe: ProbeArgs,
}

pub(super) async fn run(args: &ProduceArgs) -> Result<Verdict> {
    let ProbeArgs { topic, limits, timeout: patience, connection, .. } = &args.probe;
    let limits = limits.times()?;
    let (remote, options) = connection.connect_producer(Vec::new()).await?;
    let partitions = named_partitions(&remote.admin, std::slice::from_ref(topic)).await?;
    let producer = remote.client.producer(options)?;
    let record = |number| ProducerRecord::new(&*partitions[0].topic).partition(number).value("ottla check");
    let began = clock::now();
    let sending = producer.send_all(partitions.iter().map(|partition| record(partition.partition)));
    let Ok(written) = timeout(*patience, sending).await else {
        return Ok(Verdict::new(Status::Critical, format!("not written within {patience:?}")));
    };
    let time = Measure::Time(began.elapsed());
    // Nothing is left to be sent.
    let _in_time = producer.close(FAREWELL).await;
    for (partition, outcome) in partitions.iter().zip(written) {
        if let Err(error) = outcome {
            return Ok(Verdict::new(Status::Critical, format!("{partition}: {error}")));
        }
    }
    let text = format!("wrote to {0} of {0} partitions in {time} s", partitions.len());
    Ok(Verdict::new(limits.judge(time), text).measuring(limits.figure("time", time)))
}
