//! Who commits offsets of a group.

use std::sync::Arc;

/// A member of a group at one moment, for whoever commits offsets in its name: a producer does within its transactions, and the
/// coordinator refuses what a member says that is not one any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupMetadata {
    /// `group.id`.
    pub group_id: Arc<str>,
    /// The generation or, with the protocol `consumer`, the member's epoch; -1 outside of it.
    pub generation: i32,
    /// What the coordinator calls the member; empty outside of the group.
    pub member_id: Arc<str>,
    /// `group.instance.id`.
    pub instance_id: Option<Arc<str>>,
}

impl GroupMetadata {
    /// Of a group that is not joined: offsets are accepted while it has no members.
    pub fn new(group_id: impl Into<Arc<str>>) -> GroupMetadata {
        GroupMetadata {
            group_id: group_id.into(),
            generation: -1,
            member_id: Arc::from(""),
            instance_id: None,
        }
    }
}
