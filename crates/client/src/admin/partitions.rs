//! More partitions for topics that exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_wire::messages::CreatePartitionsRequest;
use ottla_wire::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};

use super::{Admin, Results, text};
use crate::error::Resource;
use crate::{BrokerId, Result};

/// How many partitions a topic is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartitions {
    /// In all, those that it has already included.
    pub count: i32,
    /// The replicas of each new one, the preferred leader first; none leaves it to the controller.
    pub replicas: Option<Vec<Vec<BrokerId>>>,
}

impl NewPartitions {
    /// So many in all.
    pub fn to(count: i32) -> NewPartitions {
        NewPartitions { count, replicas: None }
    }
}

impl Admin {
    /// Gives topics more partitions; with `validate_only` says whether it could. Keys go to other partitions from then on.
    pub async fn create_partitions(
        &self,
        topics: &BTreeMap<&str, NewPartitions>,
        validate_only: bool,
    ) -> Result<Results<Arc<str>, ()>> {
        let wanted = topics.iter().map(|(name, new)| CreatePartitionsTopic {
            name: (*name).into(),
            count: new.count,
            assignments: new.replicas.as_ref().map(|all| {
                let assigned =
                    all.iter().map(|brokers| CreatePartitionsAssignment { broker_ids: brokers.clone() });
                assigned.collect()
            }),
        });
        let request = CreatePartitionsRequest {
            topics: wanted.collect(),
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        self.ask_controller(&request, |response, answer| {
            answer.check_carried_out(response.results.iter().map(|topic| topic.error_code))?;
            let results = response.results.iter().map(|topic| {
                let name = text(&topic.name);
                let about = Resource::Topic(name.clone());
                (name, answer.check_about(topic.error_code, topic.error_message.as_deref(), about))
            });
            Ok(results.collect())
        })
        .await
    }
}
