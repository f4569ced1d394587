//! Which entries are meant.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Args;
use ottla_client::admin::{
    AclBinding, AclFilter, AclOperation, AclPermission, Admin, PatternType, Principal, ResourceType,
};

use super::resources::ResourceArgs;
use super::word;
use crate::principal::principal;

/// Those that fit all that is said; of what can be said several times, one of it.
#[derive(Debug, Args)]
pub(super) struct MatchArgs {
    #[command(flatten)]
    resources: ResourceArgs,

    /// Of this principal, as User:alice
    #[arg(long = "principal", value_name = "KIND:NAME", value_parser = principal, help_heading = "Entries")]
    principals: Vec<Principal>,

    /// From this host
    #[arg(long, value_name = "ADDRESS", help_heading = "Entries")]
    host: Option<String>,

    /// About this operation
    #[arg(long = "operation", value_name = "OPERATION", value_delimiter = ',', value_parser = word::<AclOperation>, help_heading = "Entries")]
    operations: Vec<AclOperation>,

    /// That allow, or that deny
    #[arg(long, value_name = "allow|deny", value_parser = word::<AclPermission>, help_heading = "Entries")]
    permission: Option<AclPermission>,
}

impl MatchArgs {
    /// Whether nothing was said, so that all are meant.
    pub(super) fn is_all(&self) -> bool {
        let is_named = !self.resources.all().is_empty() || !self.principals.is_empty();
        !is_named && self.host.is_none() && self.operations.is_empty() && self.permission.is_none()
    }

    /// `pattern` tells how the names of resources are meant.
    pub(super) fn filters(&self, pattern: PatternType) -> Vec<AclFilter> {
        let mut resources: Vec<(ResourceType, Option<&str>)> =
            self.resources.all().into_iter().map(|(kind, name)| (kind, Some(name))).collect();
        if resources.is_empty() {
            resources.push((ResourceType::Any, None));
        }
        let principals = or_any(self.principals.iter().map(|who| Some(who.to_string())), None);
        let operations = or_any(self.operations.iter().copied(), AclOperation::Any);
        let mut filters = Vec::new();
        for (resource_type, name) in resources {
            for principal in &principals {
                filters.extend(operations.iter().map(|operation| AclFilter {
                    resource_type,
                    resource_name: name.map(Into::into),
                    pattern_type: if name.is_some() { pattern } else { PatternType::Any },
                    principal: principal.as_deref().map(Into::into),
                    host: self.host.as_deref().map(Into::into),
                    operation: *operation,
                    permission: self.permission.unwrap_or(AclPermission::Any),
                }));
            }
        }
        filters
    }
}

fn or_any<T>(said: impl Iterator<Item = T>, any: T) -> Vec<T> {
    let mut said: Vec<T> = said.collect();
    if said.is_empty() {
        said.push(any);
    }
    said
}

/// Those that fit any of the filters, each once.
pub(super) async fn matching(admin: &Admin, filters: &[AclFilter]) -> Result<BTreeSet<AclBinding>> {
    let mut found = BTreeSet::new();
    for filter in filters {
        found.extend(admin.describe_acls(filter).await?);
    }
    Ok(found)
}
