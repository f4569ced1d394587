//! `ottla partition reassign plan`.

use anyhow::Result;
use clap::Args;
use ottla_client::BrokerId;
use ottla_client::admin::{Admin, DescribedBroker};

use super::state::{replicas_of, sizes};
use super::{MoveRow, save};
use crate::exit::{Outcome, print_warning, usage};
use crate::output::OutputArgs;
use crate::reassignment::{Assignment, Place, balance, changes};
use crate::remote::ConnectionArgs;

/// Show how brokers and racks could share the partitions more evenly
#[derive(Debug, Args)]
#[command(after_help = "\
Replicas of a partition go to different racks, brokers get equally many replicas
and lead equally many partitions, and no more is moved than that takes. Nothing
is changed: --save writes the plan for `ottla partition reassign execute`.

Examples:
  ottla partition reassign plan
  ottla partition reassign plan orders --onto 1,2,3 --save plan.json
  ottla partition reassign plan orders --replicas 3 --save plan.json")]
pub(crate) struct PlanArgs {
    /// Of these topics [default: all]
    #[arg(value_name = "TOPIC")]
    topics: Vec<String>,

    /// The brokers that may have replicas [default: all]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    onto: Vec<BrokerId>,

    /// How many replicas partitions shall have [default: as many as they have]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    replicas: Option<u16>,

    /// Write the plan to this file, in Kafka's JSON
    #[arg(long, value_name = "FILE")]
    save: Option<String>,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &PlanArgs) -> Result<Outcome> {
    let admin = args.connection.connect().await?.admin;
    let places = places(&admin, &args.onto).await?;
    let current = replicas_of(&admin, &args.topics).await?;
    let plan = balance(&current, &places, args.replicas.map(usize::from));
    let moves = changes(&current, &plan.map_err(|error| usage(error.to_string()))?);
    let sizes = sizes(&admin).await?;
    let rows = moves.iter().map(|(partition, it)| {
        // All replicas have the same, but for what followers are behind.
        let size = it.from.iter().filter_map(|id| sizes.get(&(partition.clone(), *id))).max();
        let copies = i64::try_from(it.adding().len()).unwrap_or(i64::MAX);
        MoveRow {
            bytes: size.map(|size| size.saturating_mul(copies)),
            ..MoveRow::new(partition, it, "planned")
        }
    });
    args.output.print_all(&rows.collect::<Vec<_>>())?;
    if let Some(path) = &args.save {
        let changed: Assignment = moves.into_iter().map(|(partition, it)| (partition, it.to)).collect();
        save(path, &changed)?;
    } else if args.output.is_for_people() && !moves.is_empty() {
        print_warning(
            "nothing was changed: --save plan.json, then `ottla partition reassign execute plan.json`",
        );
    }
    Ok(Outcome::Success)
}

/// The brokers that may have replicas, with their racks.
async fn places(admin: &Admin, onto: &[BrokerId]) -> Result<Vec<Place>> {
    let brokers = admin.describe_cluster(false).await?.brokers;
    let place =
        |broker: DescribedBroker| Place { broker: broker.id, rack: broker.rack.map(|it| it.to_string()) };
    let places: Vec<Place> = brokers.into_iter().map(place).collect();
    if let Some(missing) = onto.iter().find(|id| !places.iter().any(|place| place.broker == **id)) {
        return Err(usage(format!("--onto {missing}: there is no such broker, or it is not alive")));
    }
    Ok(places.into_iter().filter(|place| onto.is_empty() || onto.contains(&place.broker)).collect())
}
