//! `ottla quota set` and `ottla quota unset`.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::QuotaAlteration;

use super::entity::{EntityArgs, in_words};
use crate::byte_size::parse_bytes;
use crate::commands::changes::Changes;
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Set quotas
#[derive(Debug, Args)]
#[command(after_help = "\
Quotas of users and clients are producer_byte_rate, consumer_byte_rate (bytes a
second), request_percentage and controller_mutation_rate; of addresses
connection_creation_rate.

Examples:
  ottla quota set --user alice producer_byte_rate=1MB
  ottla quota set --user alice --client etl request_percentage=50
  ottla quota set --default client consumer_byte_rate=10MiB --validate-only
  ottla quota set --ip 10.0.0.1 connection_creation_rate=20")]
pub(crate) struct SetArgs {
    /// The quotas, and what they shall be
    #[arg(required = true, value_name = "QUOTA=VALUE")]
    quotas: Vec<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Take quotas away
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  ottla quota unset --user alice producer_byte_rate")]
pub(crate) struct UnsetArgs {
    /// The quotas that shall not be there any more
    #[arg(required = true, value_name = "QUOTA")]
    quotas: Vec<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Debug, Args)]
struct ChangeArgs {
    /// Only say whether it could be done
    #[arg(long, visible_alias = "dry-run")]
    validate_only: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    entity: EntityArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn set(args: &SetArgs) -> Result<Outcome> {
    let values = args.quotas.iter().map(|text| parse(text)).collect::<Result<_>>()?;
    change(values, &args.change).await
}

pub(super) async fn unset(args: &UnsetArgs) -> Result<Outcome> {
    change(args.quotas.iter().map(|quota| (quota.clone(), None)).collect(), &args.change).await
}

fn parse(text: &str) -> Result<(String, Option<f64>)> {
    let parsed = text.split_once('=').and_then(|(quota, value)| {
        let is_bytes = quota.ends_with("_byte_rate");
        let bytes = parse_bytes(value).filter(|_| is_bytes).and_then(|bytes| bytes.to_string().parse().ok());
        let value = bytes.or_else(|| value.parse::<f64>().ok().filter(|value| value.is_finite()))?;
        (!quota.is_empty()).then(|| (quota.to_owned(), Some(value)))
    });
    parsed
        .ok_or_else(|| usage(format!("{text}: give it as quota=number, for example producer_byte_rate=1MB")))
}

async fn change(values: BTreeMap<String, Option<f64>>, args: &ChangeArgs) -> Result<Outcome> {
    let alteration = QuotaAlteration { entity: args.entity.named()?, values };
    let admin = args.connection.connect().await?.admin;
    let done = if args.validate_only { "valid" } else { "altered" };
    let mut changes = Changes::default();
    for (entity, result) in admin.alter_client_quotas(&[alteration], args.validate_only).await? {
        changes.add(in_words(&entity), result, done);
    }
    changes.report(args.output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_bytes_take_units_and_others_do_not() {
        for (text, expected) in [
            ("producer_byte_rate=1MB", Some(1e6)),
            ("consumer_byte_rate=1024.5", Some(1024.5)),
            ("request_percentage=50", Some(50.0)),
            ("request_percentage=1k", None),
            ("request_percentage=inf", None),
            ("producer_byte_rate", None),
            ("=1", None),
        ] {
            assert_eq!(parse(text).ok().and_then(|(_, value)| value), expected, "{text}");
        }
    }
}
