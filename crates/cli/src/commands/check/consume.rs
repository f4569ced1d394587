//! `ottla check consume`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::OffsetSpec;
use ottla_client::config::IsolationLevel;

use super::limits::Measure;
use super::probe::ProbeArgs;
use super::verdict::{Status, Verdict};
use crate::clock;
use crate::commands::next_records::next_records;
use crate::commands::offsets_of::offsets_of;
use crate::commands::partitions_of::named_partitions;

/// Whether records can be read: the last of each partition, and how long that takes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla check consume orders
  ottla check consume orders:0,3 -w 500ms -c 2s")]
pub(crate) struct ConsumeArgs {
    #[command(flatten)]
    pub(super) probe: ProbeArgs,
}

pub(super) async fn run(args: &ConsumeArgs) -> Result<Verdict> {
    let ProbeArgs { topic, limits, timeout: patience, connection, .. } = &args.probe;
    let limits = limits.times()?;
    let remote = connection.connect().await?;
    let admin = &remote.admin;
    let partitions = named_partitions(admin, std::slice::from_ref(topic)).await?;
    let isolation = IsolationLevel::ReadUncommitted;
    let begins = offsets_of(admin, &partitions, OffsetSpec::Earliest, isolation).await?;
    let ends = offsets_of(admin, &partitions, OffsetSpec::Latest, isolation).await?;
    if let Some(dead) = partitions.iter().find(|partition| !ends.contains_key(partition)) {
        return Ok(Verdict::new(Status::Critical, format!("{dead}: nobody tells where it ends")));
    }
    let last = ends.iter().filter(|(partition, end)| begins.get(partition).is_some_and(|begin| begin < end));
    let stretches = last.map(|(partition, end)| (partition.clone(), (end - 1, *end))).collect();
    let began = clock::now();
    let read = next_records(&remote.client, &stretches, 1, *patience).await?;
    let elapsed = began.elapsed();
    if elapsed >= *patience {
        let text =
            format!("read from {} of {} partitions within {:?}", read.len(), stretches.len(), *patience);
        return Ok(Verdict::new(Status::Critical, text));
    }
    let time = Measure::Time(elapsed);
    let text = format!("read from {0} of {0} partitions in {time} s", stretches.len());
    Ok(Verdict::new(limits.judge(time), text).measuring(limits.figure("time", time)))
}
