//! `ottla group remove-member`.

use anyhow::Result;
use clap::Args;
use ottla_client::admin::MemberToRemove;

use crate::commands::changes::Changes;
use crate::confirm::ConfirmArgs;
use crate::exit::Outcome;
use crate::output::OutputArgs;
use crate::remote::ConnectionArgs;

/// Have members leave a classic group
#[derive(Debug, Args)]
#[command(after_help = "\
A member that lives joins again; one that is gone need not be waited for.

Examples:
  ottla group remove-member billing --instance till-7 --yes
  ottla group remove-member billing --all --yes")]
pub(crate) struct RemoveMemberArgs {
    /// The group that loses the member
    #[arg(value_name = "GROUP")]
    group: String,

    /// Members by their ids
    #[arg(value_name = "MEMBER-ID", required_unless_present_any = ["instances", "all"])]
    members: Vec<String>,

    /// A static member by its group.instance.id
    #[arg(long = "instance", value_name = "ID")]
    instances: Vec<String>,

    /// All members
    #[arg(long, conflicts_with_all = ["members", "instances"])]
    all: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// What brokers write into their logs.
const REASON: &str = "removed with ottla group remove-member";

pub(super) async fn run(args: &RemoveMemberArgs) -> Result<Outcome> {
    if !args.confirm.allows(&format!("remove members of {}", args.group))? {
        return Ok(Outcome::Failure);
    }
    let admin = args.connection.connect().await?.admin;
    let results = if args.all {
        admin.remove_all_members(&args.group).await?
    } else {
        let instances = args.instances.iter().map(|id| MemberToRemove::Instance(id.as_str().into()));
        let members = args.members.iter().map(|id| MemberToRemove::Member(id.as_str().into()));
        admin.remove_members(&args.group, &instances.chain(members).collect::<Vec<_>>(), Some(REASON)).await?
    };
    let mut changes = Changes::default();
    for (member, result) in results {
        let (MemberToRemove::Instance(name) | MemberToRemove::Member(name)) = member;
        changes.add(name, result, "removed");
    }
    changes.report(args.output)
}
