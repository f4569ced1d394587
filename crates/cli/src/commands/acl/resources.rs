//! What access is controlled to, as flags name it.

use clap::Args;
use ottla_client::admin::ResourceType;

use crate::acl::CLUSTER;

/// Any number of these.
#[derive(Debug, Args)]
#[command(next_help_heading = "Resources")]
pub(super) struct ResourceArgs {
    /// A topic; `*` is all
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,

    /// A group
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,

    /// The cluster
    #[arg(long)]
    cluster: bool,

    /// A transactional producer
    #[arg(long = "transactional-id", value_name = "ID")]
    transactional_ids: Vec<String>,

    /// A delegation token
    #[arg(long = "delegation-token", value_name = "ID")]
    delegation_tokens: Vec<String>,

    /// A user, for whom tokens are made
    #[arg(long = "user", value_name = "USER:NAME")]
    users: Vec<String>,
}

impl ResourceArgs {
    pub(super) fn all(&self) -> Vec<(ResourceType, &str)> {
        let kinds = [
            (ResourceType::Topic, &self.topics),
            (ResourceType::Group, &self.groups),
            (ResourceType::TransactionalId, &self.transactional_ids),
            (ResourceType::DelegationToken, &self.delegation_tokens),
            (ResourceType::User, &self.users),
        ];
        let named = kinds.iter().flat_map(|(kind, names)| names.iter().map(|name| (*kind, name.as_str())));
        named.chain(self.cluster.then_some((ResourceType::Cluster, CLUSTER))).collect()
    }
}
