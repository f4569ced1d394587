//! `ottla txn abort`.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use ottla_client::admin::{Admin, ProducerState};
use ottla_client::{Offset, TopicPartition};

use crate::commands::changes::Changes;
use crate::commands::partitions_of::partitions_of;
use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Abort transactions: of producers, or one that hangs at a partition
#[derive(Debug, Args)]
#[command(after_help = "\
A producer whose transaction is aborted by its transactional id is fenced: it
must begin anew. A transaction that its coordinator no longer knows is aborted
where it hangs, which `ottla txn find-hanging` tells.

Examples:
  ottla txn abort billing-1 --yes
  ottla txn abort --at orders:0@1742 --yes")]
pub(crate) struct AbortArgs {
    /// Transactional ids whose transactions are aborted
    #[arg(value_name = "TRANSACTIONAL-ID", required_unless_present = "hanging")]
    ids: Vec<String>,

    /// The partition where it hangs, and the offset at which it begins there
    #[arg(long = "at", value_name = "TOPIC:N@OFFSET", conflicts_with = "ids")]
    hanging: Option<String>,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &AbortArgs) -> Result<Outcome> {
    match &args.hanging {
        Some(place) => abort_hanging(args, place).await,
        None => abort_of_producers(args).await,
    }
}

async fn abort_of_producers(args: &AbortArgs) -> Result<Outcome> {
    if !args.confirm.allows(&format!("abort what {} has open, and fence it", args.ids.join(", ")))? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let ids: Vec<&str> = args.ids.iter().map(String::as_str).collect();
    let mut changes = Changes::default();
    for (id, known) in admin.describe_transactions(&ids).await? {
        // An id that nobody has used would come to be by that.
        let aborted = match known {
            Ok(_) => admin.force_terminate_transaction(&id).await,
            Err(error) => Err(error),
        };
        changes.add(id, aborted, "aborted");
    }
    changes.report(args.output)
}

async fn abort_hanging(args: &AbortArgs, place: &str) -> Result<Outcome> {
    let (partition, start) = parse_place(place)?;
    if !args.confirm.allows(&format!("abort the transaction that begins at {place}"))? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    // One that is not there would be looked for until the request times out.
    partitions_of(&admin, &partition.topic, &[partition.partition]).await?;
    let producer = producer_at(&admin, &partition, start).await?;
    let mut changes = Changes::default();
    changes.add(place, admin.abort_transaction(&partition, &producer).await, "aborted");
    changes.report(args.output)
}

fn parse_place(text: &str) -> Result<(TopicPartition, Offset)> {
    let parsed = text.rsplit_once('@').and_then(|(partition, offset)| {
        let (topic, number) = partition.rsplit_once(':')?;
        Some((TopicPartition::new(topic, number.parse().ok()?), offset.parse().ok()?))
    });
    parsed.ok_or_else(|| usage(format!("--at {text}: name partition and offset as orders:0@1742")))
}

/// Whose transaction begins there.
async fn producer_at(admin: &Admin, partition: &TopicPartition, start: Offset) -> Result<ProducerState> {
    let described = admin.describe_producers(std::slice::from_ref(partition)).await?.into_values().next();
    let producers = described.context("the broker said nothing of the partition")??;
    let found =
        producers.into_iter().find(|producer| producer.current_transaction_start_offset == Some(start));
    match found {
        Some(producer) => Ok(producer),
        None => bail!("no open transaction of {partition} begins at offset {start}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_a_partition_and_an_offset() {
        let place = parse_place("a@b:c:3@17").unwrap();
        assert_eq!(place, (TopicPartition::new("a@b:c", 3), 17));
        for bad in ["", "orders", "orders:0", "orders@17", "orders:x@17", "orders:0@x"] {
            assert!(parse_place(bad).is_err(), "{bad}");
        }
    }
}
