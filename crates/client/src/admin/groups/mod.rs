//! Groups of all four kinds: classic, consumer (KIP-848), share (KIP-932) and streams (KIP-1071).

mod any;
mod classic;
mod consumer;
mod list;
mod members;
mod offsets;
mod share;
mod share_offsets;
mod streams;

use std::sync::Arc;

use ottla_wire::Request;

use super::ask::Answer;
use super::{Admin, Results, text};
use crate::error::Resource;
use crate::{Call, Coordinator, Result};

pub use crate::group::CommittedOffset;
pub use any::DescribedGroup;
pub use classic::{ClassicGroup, ClassicMember};
pub use consumer::{ConsumerGroup, ConsumerGroupMember};
pub use list::{GroupListing, GroupsFilter};
pub use members::MemberToRemove;
pub use share::{ShareGroup, ShareGroupMember};
pub use share_offsets::ShareGroupOffset;
pub use streams::{StreamsGroup, StreamsGroupMember, StreamsSubtopology, StreamsTask};

impl Admin {
    /// Asks the coordinator of a group.
    async fn ask_coordinator<R: Request, T>(
        &self,
        group: &str,
        versions: std::ops::RangeInclusive<i16>,
        request: &R,
        read: impl Fn(R::Response, &Answer) -> Result<T>,
    ) -> Result<T> {
        let call = Call::to(Coordinator::of_group(group).into()).versions(versions);
        self.ask(&call, request, read).await
    }

    /// Asks the coordinator of each group, one after the other.
    async fn each_group<R: Request, T>(
        &self,
        groups: &[&str],
        ask: impl Fn(&str) -> R,
        read: impl Fn(R::Response, &Answer) -> Result<T>,
    ) -> Results<Arc<str>, T> {
        let mut results = Results::new();
        for group in groups {
            let answered = self.ask_coordinator(group, 0..=i16::MAX, &ask(group), &read).await;
            results.insert(text(group), answered);
        }
        results
    }
}

fn about(group: &str) -> Resource {
    Resource::Group(text(group))
}
