//! An image as records: what a snapshot of the metadata log holds.

use std::iter;

use ottla_wire::messages::{
    ConfigRecord, FeatureLevelRecord, MetadataRecord, ProducerIdsRecord, TopicRecord,
};

use super::{Image, Topic};
use crate::features::{
    CORDONED_DIRECTORIES_FROM, DIRECTORY_ASSIGNMENT_FROM, ELR_RECORDS_FROM, METADATA_VERSION,
};

impl Image {
    /// Records that, replayed into an empty image, give this one. `metadata.version` comes first: it says how to read
    /// the rest. A metadata transaction that has not ended is not among them.
    pub fn records(&self) -> impl Iterator<Item = MetadataRecord> {
        self.feature_records()
            .chain(self.cluster.brokers().map(|broker| broker.to_record().into()))
            .chain(self.cluster.controllers().map(|controller| controller.clone().into()))
            .chain(self.topics.sorted().into_iter().flat_map(|topic| topic_records(topic)))
            .chain(self.config_records())
            .chain(self.quotas.records().map(MetadataRecord::from))
            .chain(self.producer_ids_record())
            .chain(self.security.acls().map(|acl| acl.clone().into()))
            .chain(self.security.credentials().map(|credential| credential.clone().into()))
            .chain(self.security.tokens().map(|token| token.clone().into()))
    }

    fn feature_records(&self) -> impl Iterator<Item = MetadataRecord> {
        let (first, rest): (Vec<_>, Vec<_>) =
            self.features.iter().partition(|(name, _)| *name == METADATA_VERSION);
        first
            .into_iter()
            .chain(rest)
            .map(|(name, level)| FeatureLevelRecord { name: name.clone(), feature_level: *level }.into())
    }

    fn config_records(&self) -> impl Iterator<Item = MetadataRecord> {
        self.configs.sorted().into_iter().flat_map(|(kind, resource, overrides)| {
            overrides.iter().map(move |(name, value)| {
                let (name, value) = (name.clone(), Some(value.clone()));
                ConfigRecord { resource_type: kind.code(), resource_name: resource.clone(), name, value }
                    .into()
            })
        })
    }

    fn producer_ids_record(&self) -> Option<MetadataRecord> {
        let next_producer_id = self.next_producer_id;
        let record = ProducerIdsRecord { broker_id: -1, broker_epoch: -1, next_producer_id };
        (next_producer_id > 0).then(|| record.into())
    }

    /// The version in which a record is written at this level of `metadata.version`, as Kafka chooses it.
    #[allow(clippy::wildcard_enum_match_arm, reason = "all others have one version")]
    pub fn record_version(&self, record: &MetadataRecord) -> i16 {
        let level = self.metadata_version();
        match record {
            MetadataRecord::Partition(_) | MetadataRecord::PartitionChange(_) => match level {
                ELR_RECORDS_FROM.. => 2,
                DIRECTORY_ASSIGNMENT_FROM.. => 1,
                _ => 0,
            },
            MetadataRecord::RegisterBroker(_) => match level {
                CORDONED_DIRECTORIES_FROM.. => 4,
                DIRECTORY_ASSIGNMENT_FROM.. => 3,
                _ => 1,
            },
            MetadataRecord::BrokerRegistrationChange(change) => {
                if change.cordoned_log_dirs.is_some() {
                    3
                } else if !change.log_dirs.is_empty() {
                    2
                } else {
                    i16::from(change.in_controlled_shutdown != 0)
                }
            }
            _ => 0,
        }
    }
}

fn topic_records(topic: &Topic) -> impl Iterator<Item = MetadataRecord> {
    let id = topic.id;
    iter::once(TopicRecord { name: topic.name.clone(), topic_id: id }.into())
        .chain(topic.partitions.iter().map(move |partition| partition.to_record(id).into()))
}
