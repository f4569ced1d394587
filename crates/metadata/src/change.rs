//! What replaying a record changed.

use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

use crate::{ConfigResource, Topic};

/// One change of an [`Image`](crate::Image), in the order in which they happened. It names what changed; how it is now,
/// the image says.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    TopicCreated(Uuid),
    /// With the topic as it last was. Its configs are gone too, without a change of their own.
    TopicDeleted(Arc<Topic>),
    PartitionAdded {
        topic: Uuid,
        partition: i32,
    },
    /// Its leader, epoch, replicas or their state.
    PartitionChanged {
        topic: Uuid,
        partition: i32,
    },
    ConfigsChanged(ConfigResource),
    /// Registered, fenced, unfenced, or in its directories.
    BrokerChanged(i32),
    BrokerRemoved(i32),
    FeatureChanged(ByteString),
    /// Blocks below this are taken.
    ProducerIdsAllocated {
        next: i64,
    },
    QuotasChanged,
    /// Users' credentials, delegation tokens or ACLs.
    SecurityChanged,
}
