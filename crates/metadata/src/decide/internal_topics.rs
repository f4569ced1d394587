//! Topics that come into being because somebody needs them: the coordinators' own, and those that a client names.

use ottla_wire::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};

use super::Controller;
use crate::names;

/// How one of the cluster's own topics is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalTopic {
    pub partitions: i32,
    pub replication_factor: i16,
    pub configs: Vec<(&'static str, String)>,
}

/// Kafka's defaults.
impl InternalTopic {
    pub fn consumer_offsets() -> InternalTopic {
        InternalTopic::of(
            50,
            &[
                ("compression.type", "producer"),
                ("cleanup.policy", "compact"),
                ("segment.bytes", "104857600"),
            ],
        )
    }

    pub fn transaction_state() -> InternalTopic {
        InternalTopic::of(
            50,
            &[
                ("compression.type", "uncompressed"),
                ("cleanup.policy", "compact"),
                ("min.insync.replicas", "2"),
                ("segment.bytes", "104857600"),
                ("unclean.leader.election.enable", "false"),
            ],
        )
    }

    pub fn share_group_state() -> InternalTopic {
        InternalTopic::of(
            50,
            &[
                ("compression.type", "producer"),
                ("cleanup.policy", "delete"),
                ("min.insync.replicas", "2"),
                ("segment.bytes", "104857600"),
                ("retention.ms", "-1"),
            ],
        )
    }

    fn of(partitions: i32, configs: &[(&'static str, &str)]) -> InternalTopic {
        let configs = configs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        InternalTopic { partitions, replication_factor: 3, configs }
    }

    /// Sets an option that the cluster's settings decide, such as the segment size.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> InternalTopic {
        self.configs.retain(|(other, _)| *other != key);
        self.configs.push((key, value.to_string()));
        self
    }
}

impl Controller<'_> {
    /// How a topic is created that is needed but was never asked for: to go into a CreateTopics request. A replication
    /// factor that the cluster is too small for is lowered: a single node must be able to run groups with nothing set.
    pub fn auto_created_topic(&self, name: &str) -> CreatableTopic {
        let internal = match name {
            names::CONSUMER_OFFSETS => Some(&self.settings.consumer_offsets),
            names::TRANSACTION_STATE => Some(&self.settings.transaction_state),
            names::SHARE_GROUP_STATE => Some(&self.settings.share_group_state),
            _ => None,
        };
        let Some(topic) = internal else {
            return CreatableTopic {
                name: name.into(),
                num_partitions: self.settings.num_partitions,
                replication_factor: self.settings.replication_factor,
                ..Default::default()
            };
        };
        let brokers = i16::try_from(self.image.cluster().brokers().count()).unwrap_or(i16::MAX);
        let replication_factor = topic.replication_factor.min(brokers.max(1));
        CreatableTopic {
            name: name.into(),
            num_partitions: topic.partitions,
            replication_factor,
            configs: topic.configs.iter().map(|config| creatable(config, replication_factor)).collect(),
            ..Default::default()
        }
    }
}

/// No more replicas can be in sync than there are.
fn creatable((key, value): &(&'static str, String), replication_factor: i16) -> CreatableTopicConfig {
    let lowered = match value.parse::<i16>() {
        Ok(asked) if *key == super::MIN_INSYNC_REPLICAS => asked.min(replication_factor).to_string(),
        Ok(_) | Err(_) => value.clone(),
    };
    CreatableTopicConfig { name: (*key).into(), value: Some(lowered.into()) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::decide::fixture::{Node, creation};

    #[test]
    fn what_is_created_by_itself_fits_a_cluster_of_one() {
        let mut node = Node::new();
        for (name, partitions, compacted) in [
            ("__consumer_offsets", 50, Some("compact")),
            ("__transaction_state", 50, Some("compact")),
            ("__share_group_state", 50, Some("delete")),
            ("mine", 1, None),
        ] {
            let mut topic = node.controller().auto_created_topic(name);
            topic.configs.retain(|config| ["cleanup.policy", "min.insync.replicas"].contains(&&*config.name));
            let id = node.new_id();
            let decision = node.controller().create_topics(&creation(vec![topic]), &mut || id);
            let (response, _) = node.replay(decision);
            let created = &response.topics[0];
            assert_eq!(
                (created.error_code, created.num_partitions, created.replication_factor),
                (0, partitions, 1)
            );
            let value =
                |key| node.image.configs().value(crate::ResourceKind::Topic, name, key).map(|value| &**value);
            assert_eq!(value("cleanup.policy"), compacted);
            assert!(matches!(value("min.insync.replicas"), None | Some("1")));
            assert_ne!(id, Uuid::nil());
        }
    }
}
