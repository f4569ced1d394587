//! Administration: every call of Java's `Admin`, in one file for each area.
//!
//! A call that is about several things answers for each of them: its own error is that nobody could be asked, or that the request as
//! a whole was refused. Calls are tried again while that may help, no longer than `default.api.timeout.ms`
//! ([`Admin::within`] sets another time). All are cancel-safe in that the client is left in order; whether a broker acts on a
//! request that was sent is not known then.
//!
//! ```no_run
//! # async fn example(client: ottla_client::Client) -> ottla_client::Result<()> {
//! use ottla_client::admin::{Admin, NewTopic};
//!
//! let admin = Admin::new(client);
//! let orders = NewTopic::new("orders").partitions(12).config("retention.ms", "86400000");
//! for (name, created) in admin.create_topics(&[orders]).await? {
//!     match created {
//!         Ok(topic) => println!("{name}: {} partitions", topic.partitions),
//!         Err(error) => println!("{name}: {error}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod acls;
mod ask;
mod brokers;
mod configs;
mod elections;
mod features;
mod groups;
mod leaders;
mod log_dirs;
mod offsets;
mod partitions;
mod producers;
mod quorum;
mod quotas;
mod reassignments;
mod records;
mod reset;
mod scram;
mod tokens;
mod topics;
mod transactions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Client, Result, TopicPartition};

pub use acls::{AclBinding, AclEntry, AclFilter, AclOperation, AclPermission, PatternType, ResourceType};
pub use brokers::{ClusterDescription, DescribedBroker};
pub use configs::{
    AlterConfig, ConfigEntry, ConfigOperation, ConfigResource, ConfigSource, ConfigSynonym, ConfigType,
    DescribeConfigs,
};
pub use elections::ElectionType;
pub use features::{FeatureUpdate, Features, UpgradeType, VersionRange};
pub use groups::{
    ClassicGroup, ClassicMember, CommittedOffset, ConsumerGroup, ConsumerGroupMember, DescribedGroup,
    GroupListing, GroupsFilter, MemberToRemove, ShareGroup, ShareGroupMember, ShareGroupOffset, StreamsGroup,
    StreamsGroupMember, StreamsSubtopology, StreamsTask,
};
pub use log_dirs::{LogDir, LogDirReplica, Replica, ReplicaLogDir};
pub use offsets::{ListedOffset, OffsetSpec};
pub use partitions::NewPartitions;
pub use producers::ProducerState;
pub use quorum::{Quorum, QuorumNode, QuorumReplica, VoterEndpoint};
pub use quotas::{QuotaAlteration, QuotaEntity, QuotaMatch};
pub use reassignments::Reassignment;
pub use reset::{OffsetReset, PartitionState, PlannedOffset, plan_reset};
pub use scram::{ScramAlteration, ScramCredential, ScramMechanism};
pub use tokens::{DelegationToken, NewToken, Principal};
pub use topics::{CreatedTopic, DescribedPartition, DescribedTopic, NewTopic, TopicListing};
pub use transactions::{TransactionDescription, TransactionListing, TransactionsFilter};

/// An answer for each of the things that a call is about.
pub type Results<K, V> = BTreeMap<K, Result<V>>;

/// What an authorized operation is called where brokers tell which ones the client may do.
pub type Operations = Vec<AclOperation>;

/// Administers a cluster. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin {
    client: Client,
    within: Duration,
}

impl Admin {
    /// Administers the client's cluster, over its connections.
    pub fn new(client: Client) -> Admin {
        let within = client.config().default_api_timeout;
        Admin { client, within }
    }

    /// With so much time for each call.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Admin {
        self.within = within;
        self
    }

    /// The client whose connections it uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What requests tell brokers about how long they may take.
    fn timeout_ms(&self) -> i32 {
        i32::try_from(self.within.as_millis()).unwrap_or(i32::MAX)
    }
}

/// Partition numbers by topic, as most requests have them.
fn by_topic<'a>(partitions: impl IntoIterator<Item = &'a TopicPartition>) -> BTreeMap<&'a str, Vec<i32>> {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for partition in partitions {
        topics.entry(&partition.topic).or_default().push(partition.partition);
    }
    topics
}

/// The same with something for each partition.
fn by_topic_with<'a, T>(
    partitions: impl IntoIterator<Item = (&'a TopicPartition, T)>,
) -> BTreeMap<&'a str, Vec<(i32, T)>> {
    let mut topics: BTreeMap<&str, Vec<(i32, T)>> = BTreeMap::new();
    for (partition, item) in partitions {
        topics.entry(&partition.topic).or_default().push((partition.partition, item));
    }
    topics
}

/// Where the protocol says "none" by a negative number.
fn known<N: PartialOrd + Default>(number: N) -> Option<N> {
    (number >= N::default()).then_some(number)
}

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}
