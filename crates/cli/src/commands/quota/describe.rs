//! `ottla quota describe`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{QuotaEntity, QuotaMatch};
use serde::Serialize;
use serde_json::Number;

use super::entity::{EntityArgs, Kind, exactly};
use crate::exit::{Outcome, usage};
use crate::output::{Answer, Column, Layout, OutputArgs};
use crate::remote::ConnectionArgs;

/// Show quotas
#[derive(Debug, Args)]
#[command(after_help = "\
All are shown, or those in which everything occurs that is named.

Examples:
  ottla quota describe
  ottla quota describe --user alice
  ottla quota describe --user alice --exact    # without those with a client
  ottla quota describe --any ip -o json")]
pub(crate) struct DescribeArgs {
    /// Of all of this kind that have some: user, client or ip
    #[arg(long = "any", value_enum, value_name = "KIND")]
    any: Vec<Kind>,

    /// Only where nothing else occurs than what is named
    #[arg(long)]
    exact: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    entity: EntityArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// One quota. What does not occur in its entity is none; the default of a kind is `<default>`, as Kafka has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct QuotaRow {
    user: Option<String>,
    client_id: Option<String>,
    ip: Option<String>,
    quota: String,
    value: Number,
}

impl Answer for QuotaRow {
    const LAYOUT: Layout = Layout::Rows(&[
        Column::new("USER", "user"),
        Column::new("CLIENT-ID", "clientId"),
        Column::new("IP", "ip"),
        Column::new("QUOTA", "quota"),
        Column::new("VALUE", "value"),
    ]);
}

pub(super) async fn run(args: &DescribeArgs) -> Result<Outcome> {
    let mut kinds = exactly(args.entity.entity()?);
    for kind in &args.any {
        if kinds.insert(kind.name().to_owned(), QuotaMatch::Any).is_some() {
            return Err(usage(format!("--any {0}: one {0} is named already", kind.name())));
        }
    }
    let admin = args.connection.connect().await?.admin;
    let mut rows = Vec::new();
    for (entity, values) in admin.describe_client_quotas(&kinds, args.exact).await? {
        let [user, client_id, ip] = Kind::ALL.map(|kind| name(&entity, kind));
        rows.extend(values.into_iter().map(|(quota, value)| QuotaRow {
            user: user.clone(),
            client_id: client_id.clone(),
            ip: ip.clone(),
            quota,
            value: number(value),
        }));
    }
    rows.sort_by(|a, b| a.key().cmp(&b.key()));
    args.output.print_all(&rows)?;
    Ok(Outcome::Success)
}

impl QuotaRow {
    fn key(&self) -> [Option<&str>; 4] {
        [self.user.as_deref(), self.client_id.as_deref(), self.ip.as_deref(), Some(&self.quota)]
    }
}

/// Without a point where it is whole: most quotas are numbers of bytes.
fn number(value: f64) -> Number {
    value.to_string().parse().unwrap_or_else(|_not_finite| Number::from(0))
}

fn name(entity: &QuotaEntity, kind: Kind) -> Option<String> {
    let name = entity.get(kind.name())?;
    Some(name.clone().unwrap_or_else(|| "<default>".to_owned()))
}
