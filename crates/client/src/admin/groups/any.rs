//! Describing groups of consumers, whichever protocol they speak.

use std::sync::Arc;

use ottla_wire::ErrorCode;

use super::{ClassicGroup, ConsumerGroup};
use crate::admin::{Admin, Results, text};
use crate::{Error, Result};

/// A group of consumers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescribedGroup {
    /// Of the classic protocol.
    Classic(ClassicGroup),
    /// Of the consumer protocol (KIP-848).
    Consumer(ConsumerGroup),
}

impl Admin {
    /// Groups of consumers, whichever protocol they speak: what Java calls `describeConsumerGroups`.
    pub async fn describe_groups(&self, groups: &[&str]) -> Result<Results<Arc<str>, DescribedGroup>> {
        let mut results = Results::new();
        let mut others = Vec::new();
        let described = self.describe_consumer_groups(groups).await?;
        for group in groups {
            match described.get(*group).cloned() {
                Some(Err(error)) if is_of_another_protocol(&error) => others.push(*group),
                Some(result) => _ = results.insert(text(group), result.map(DescribedGroup::Consumer)),
                None => {}
            }
        }
        let classic = self.describe_classic_groups(&others).await?;
        results.extend(classic.into_iter().map(|(id, group)| (id, group.map(DescribedGroup::Classic))));
        Ok(results)
    }
}

/// Or the broker knows the classic protocol alone.
fn is_of_another_protocol(error: &Error) -> bool {
    matches!(error, Error::UnsupportedVersion { .. }) || error.code() == Some(ErrorCode::GroupIdNotFound)
}
