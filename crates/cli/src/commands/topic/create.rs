//! `ottla topic create`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::NewTopic;
use ottla_client::{BrokerId, ErrorCode};

use crate::commands::changes::Changes;
use crate::commands::config::key_value;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::reassignment::replica_assignment;
use crate::remote::ConnectionArgs;

/// Create topics
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla topic create orders
  ottla topic create orders payments -p 12 -r 3 --if-not-exists
  ottla topic create users -c cleanup.policy=compact
  ottla topic create orders --replica-assignment 1:2,2:3,3:1
  ottla topic create orders -p 12 --validate-only")]
pub(crate) struct CreateArgs {
    /// Names of the new topics
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// How many partitions each has [default: the broker's]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,

    /// How many replicas each partition has [default: the broker's]
    #[arg(short, long, alias = "replication-factor", value_name = "N", value_parser = clap::value_parser!(i16).range(1..))]
    replicas: Option<i16>,

    /// The brokers of each partition, the preferred leader first
    #[arg(long, value_name = "ID:ID,…", conflicts_with_all = ["partitions", "replicas"])]
    replica_assignment: Option<String>,

    /// An option of its own
    #[arg(short, long = "config", value_name = "KEY=VALUE")]
    configs: Vec<String>,

    /// Be content with a topic that is there
    #[arg(long)]
    if_not_exists: bool,

    /// Only say whether it could be done
    #[arg(long, visible_alias = "dry-run")]
    validate_only: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &CreateArgs) -> Result<Outcome> {
    let configs = args.configs.iter().map(|text| key_value(text)).collect::<Result<Vec<_>>>()?;
    let assigned = args.assigned()?;
    let new = |name: &String| new_topic(name, args, &assigned, &configs);
    let topics: Vec<NewTopic> = args.topics.iter().map(new).collect();
    let remote = args.connection.connect().await?;
    let (results, done) = match args.validate_only {
        true => (remote.admin.validate_topics(&topics).await?, "valid"),
        false => (remote.admin.create_topics(&topics).await?, "created"),
    };
    let mut changes = Changes::default();
    for (name, result) in results {
        match result {
            Err(error) if args.if_not_exists && error.code() == Some(ErrorCode::TopicAlreadyExists) => {
                changes.add(name, Ok(()), "exists");
            }
            result => changes.add(name, result, done),
        }
    }
    changes.report(args.output)
}

fn new_topic(
    name: &str,
    args: &CreateArgs,
    assigned: &[Vec<BrokerId>],
    configs: &[(String, String)],
) -> NewTopic {
    let topic = match assigned {
        [] => NewTopic::new(name)
            .partitions(args.partitions.unwrap_or(-1))
            .replication_factor(args.replicas.unwrap_or(-1)),
        assigned => NewTopic::new(name).replicas(assigned.to_vec()),
    };
    configs.iter().fold(topic, |topic, (name, value)| topic.config(name, value))
}

impl CreateArgs {
    /// None where the broker decides.
    fn assigned(&self) -> Result<Vec<Vec<BrokerId>>> {
        let Some(text) = &self.replica_assignment else { return Ok(Vec::new()) };
        replica_assignment(text).map_err(|error| {
            usage(format!("--replica-assignment {text}: {error}; two partitions are given as 1:2,2:3"))
        })
    }
}
