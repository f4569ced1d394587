//! Who coordinates groups.

use std::collections::BTreeMap;

use anyhow::Result;
use ottla_client::BrokerId;
use ottla_client::admin::{Admin, GroupsFilter};

/// The broker that coordinates a group.
#[derive(Debug, Clone)]
pub(in crate::applets) struct Coordinator {
    /// Host and port.
    pub(in crate::applets) address: String,
    pub(in crate::applets) id: BrokerId,
}

/// Those of all groups, of whatever kind.
pub(in crate::applets) async fn coordinators(admin: &Admin) -> Result<BTreeMap<String, Coordinator>> {
    let brokers = admin.describe_cluster(false).await?.brokers.into_iter();
    let brokers: BTreeMap<BrokerId, Coordinator> = brokers
        .map(|it| (it.id, Coordinator { address: format!("{}:{}", it.host, it.port), id: it.id }))
        .collect();
    let mut coordinators = BTreeMap::new();
    for listed in admin.list_groups(&GroupsFilter::default()).await?.into_values() {
        let known = |id: BrokerId| brokers.get(&id).cloned();
        let groups = listed?.into_iter();
        coordinators.extend(groups.filter_map(|it| Some((it.id.to_string(), known(it.coordinator)?))));
    }
    Ok(coordinators)
}
