//! `ottla acl delete`.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{AclFilter, Admin, PatternType};

use super::binding::AclChanges;
use super::matching::{MatchArgs, matching};
use super::word;
use crate::confirm::ConfirmArgs;
use crate::exit::{Outcome, print_refusal, usage};
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Take away what was allowed or denied
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ottla acl delete --principal User:alice --dry-run
  ottla acl delete --topic orders --operation write --yes
  ottla acl delete --topic team- --pattern prefixed --yes")]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    matching: MatchArgs,

    /// How names are meant: literal, prefixed, match or any
    #[arg(long, value_name = "PATTERN", value_parser = word::<PatternType>, default_value = "literal")]
    pattern: PatternType,

    /// All that there are
    #[arg(long)]
    all: bool,

    /// Only say which
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) async fn run(args: &DeleteArgs) -> Result<Outcome> {
    if args.matching.is_all() != args.all {
        return Err(usage("name which: by --principal, --topic, --operation and so on, or --all of them"));
    }
    let filters = args.matching.filters(args.pattern);
    let admin = args.connection.connect().await?.admin;
    let found = matching(&admin, &filters).await?;
    if args.dry_run || found.is_empty() {
        let mut changes = AclChanges::default();
        found.iter().for_each(|binding| changes.add::<()>(binding, &Ok(()), "found"));
        args.output.print_all(changes.rows())?;
        return Ok(Outcome::Success);
    }
    if !args.confirm.allows(&format!("delete {} entries", found.len()))? {
        return Ok(Outcome::Failure);
    }
    delete(&admin, &filters, args.output).await
}

async fn delete(admin: &Admin, filters: &[AclFilter], output: OutputArgs) -> Result<Outcome> {
    let mut outcome = Outcome::Success;
    let mut deleted = BTreeSet::new();
    for result in admin.delete_acls(filters).await? {
        match result {
            Ok(matched) => {
                let (done, failed): (Vec<_>, Vec<_>) = matched.into_iter().partition(Result::is_ok);
                deleted.extend(done.into_iter().flatten());
                failed.iter().filter_map(|it| it.as_ref().err()).for_each(|error| outcome = refused(error));
            }
            Err(error) => outcome = refused(&error),
        }
    }
    let mut changes = AclChanges::default();
    deleted.iter().for_each(|binding| changes.add::<()>(binding, &Ok(()), "deleted"));
    output.print_all(changes.rows())?;
    Ok(outcome)
}

/// Brokers do not say of which entry.
fn refused(error: &ottla_client::Error) -> Outcome {
    print_refusal("an entry", error);
    Outcome::Failure
}
