//! `ottla acl create`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use ottla_client::admin::{
    AclBinding, AclEntry, AclOperation, AclPermission, PatternType, Principal, ResourceType,
};

use super::binding::AclChanges;
use super::resources::ResourceArgs;
use super::word;
use crate::acl::{CONSUMER, PRODUCER, is_operation_of, operations_of};
use crate::exit::{Outcome, usage};
use crate::output::OutputArgs;
use crate::principal::principal;
use crate::remote::ConnectionArgs;
use crate::word::Word as _;

/// Allow or deny principals to do something
#[derive(Debug, Args)]
#[command(after_help = "\
--role producer allows to write topics, and to use transactional ids; --role
consumer to read topics in groups.

Examples:
  ottla acl create --allow User:alice --operation read --topic orders
  ottla acl create --allow User:etl --role consumer --topic orders --group etl
  ottla acl create --allow User:team --operation all --topic team- --prefixed
  ottla acl create --deny User:eve --operation all --topic '*' --dry-run")]
pub(crate) struct CreateArgs {
    /// Who may, as User:alice; User:* is everybody
    #[arg(long, value_name = "KIND:NAME", value_parser = principal, required_unless_present = "deny")]
    allow: Vec<Principal>,

    /// Who may not, whatever else allows it
    #[arg(long, value_name = "KIND:NAME", value_parser = principal)]
    deny: Vec<Principal>,

    /// What: read, write, create, describe, alter, delete, all, ...
    #[arg(long = "operation", value_name = "OPERATION", value_delimiter = ',', value_parser = word::<AclOperation>, required_unless_present = "role")]
    operations: Vec<AclOperation>,

    /// What clients of this kind need
    #[arg(long, value_enum, conflicts_with = "operations")]
    role: Option<Role>,

    /// From where: an address, or * for everywhere
    #[arg(long = "host", value_name = "ADDRESS", default_value = "*")]
    hosts: Vec<String>,

    /// Names are those of all that begin so
    #[arg(long)]
    prefixed: bool,

    /// Only show what would be created
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    resources: ResourceArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    Producer,
    Consumer,
}

pub(super) async fn run(args: &CreateArgs) -> Result<Outcome> {
    let bindings = bindings(args)?;
    let mut changes = AclChanges::default();
    if args.dry_run {
        bindings.iter().for_each(|binding| changes.add::<()>(binding, &Ok(()), "planned"));
    } else {
        let admin = args.connection.connect().await?.admin;
        for (binding, result) in bindings.iter().zip(admin.create_acls(&bindings).await?) {
            changes.add(binding, &result, "created");
        }
    }
    args.output.print_all(changes.rows())?;
    Ok(changes.outcome())
}

/// Everybody who is named, for everything that is named.
fn bindings(args: &CreateArgs) -> Result<Vec<AclBinding>> {
    let resources = args.resources.all();
    if resources.is_empty() {
        return Err(usage("name what it is about: --topic, --group, --cluster, --transactional-id, ..."));
    }
    let allowed = args.allow.iter().map(|who| (who, AclPermission::Allow));
    let denied = args.deny.iter().map(|who| (who, AclPermission::Deny));
    let mut bindings = Vec::new();
    for (who, permission) in allowed.chain(denied) {
        let who = who.to_string();
        for (resource_type, name) in &resources {
            for operation in operations(args, *resource_type)? {
                bindings.extend(args.hosts.iter().map(|host| AclBinding {
                    resource_type: *resource_type,
                    resource_name: (*name).into(),
                    pattern_type: pattern(args, *resource_type),
                    entry: AclEntry {
                        principal: who.as_str().into(),
                        host: host.as_str().into(),
                        operation,
                        permission,
                    },
                }));
            }
        }
    }
    Ok(bindings)
}

/// There is one cluster, whose name nobody gave.
fn pattern(args: &CreateArgs, resource_type: ResourceType) -> PatternType {
    let is_prefixed = args.prefixed && resource_type != ResourceType::Cluster;
    if is_prefixed { PatternType::Prefixed } else { PatternType::Literal }
}

fn operations(args: &CreateArgs, resource_type: ResourceType) -> Result<Vec<AclOperation>> {
    let kind = resource_type.word().to_lowercase();
    let role = match args.role {
        Some(Role::Producer) => PRODUCER,
        Some(Role::Consumer) => CONSUMER,
        None => {
            let is_wrong = |it: &&AclOperation| !is_operation_of(resource_type, **it);
            let Some(wrong) = args.operations.iter().find(is_wrong) else {
                return Ok(args.operations.clone());
            };
            let possible = operations_of(resource_type).iter();
            let possible: Vec<String> = possible.map(|it| it.word().to_lowercase()).collect();
            let wrong = wrong.word().to_lowercase();
            let possible = possible.join(", ");
            return Err(usage(format!(
                "{wrong} is nothing that is done to a {kind}: there are all, {possible}"
            )));
        }
    };
    match role.iter().find(|(of, _)| *of == resource_type) {
        Some((_, operations)) => Ok(operations.to_vec()),
        None => Err(usage(format!("this role has nothing to do with a {kind}"))),
    }
}
