//! Brokers come and go: registration, fencing, controlled shutdown, and what becomes of the partitions that they lead.
//!
//! ```text
//! register    fenced          a new epoch; what an earlier start still led loses its leader
//! unfence     serving         takes the lead of what has none and that it holds
//! shut_down   shut down       gives its leads away, or up; fenced
//! unregister  gone
//! ```
//!
//! With a single broker each start so begins two leader epochs: one without a leader, one with it. That holds after a
//! kill too: consumers and followers learn from the epoch that the log may have been cut.

use bytestring::ByteString;
use ottla_wire::{
    ErrorCode,
    messages::{
        BrokerRegistrationChangeRecord, MetadataRecord, PartitionChangeRecord, RegisterBrokerRecord,
        UnregisterBrokerRecord, UnregisterBrokerRequest, UnregisterBrokerResponse,
        register_broker_record::BrokerFeature,
    },
};
use uuid::Uuid;

use super::{ApiError, Controller, Decision, fields, invalid_request};
use crate::{
    Broker, Endpoint, LeaderRecovery, Partition,
    features::{CORDONED_DIRECTORIES_FROM, FEATURES},
};

const ON: i8 = 1;
const OFF: i8 = -1;

/// A broker that starts. `incarnation` is new at each start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerRegistration {
    pub id: i32,
    pub incarnation: Uuid,
    pub endpoints: Vec<Endpoint>,
    pub rack: Option<ByteString>,
    pub directories: Vec<Uuid>,
}

impl Controller<'_> {
    /// Registers a broker, fenced. `next_offset` is where these records go; it becomes the broker's epoch, which is the
    /// response.
    pub fn register_broker(&self, broker: &BrokerRegistration, next_offset: i64) -> Decision<i64> {
        let mut records = Vec::new();
        if let Some(earlier) = self.image.cluster().broker(broker.id) {
            records.extend(self.partitions_without(broker.id));
            if !earlier.fenced {
                records.push(change(earlier, OFF_DUTY));
            }
        }
        let record = RegisterBrokerRecord {
            broker_id: broker.id,
            incarnation_id: broker.incarnation,
            broker_epoch: next_offset,
            end_points: broker.endpoints.iter().map(Endpoint::to_record).collect(),
            features: FEATURES.iter().map(supported).collect(),
            rack: broker.rack.clone(),
            fenced: true,
            log_dirs: broker.directories.clone(),
            ..Default::default()
        };
        records.push(record.into());
        Decision { records, response: next_offset }
    }

    /// Lets a registered broker serve. Nothing where it already does.
    pub fn unfence_broker(&self, id: i32) -> Vec<MetadataRecord> {
        let Some(broker) = self.image.cluster().broker(id).filter(|broker| broker.fenced) else {
            return Vec::new();
        };
        let mut records =
            vec![change(broker, BrokerRegistrationChangeRecord { fenced: OFF, ..Default::default() })];
        records.extend(self.partitions_with(id));
        if self.image.metadata_version() >= CORDONED_DIRECTORIES_FROM && broker.cordoned.is_none() {
            let none_cordoned = Some(Vec::new());
            let cordoned =
                BrokerRegistrationChangeRecord { cordoned_log_dirs: none_cordoned, ..Default::default() };
            records.push(change(broker, cordoned));
        }
        records
    }

    /// Takes a broker that is about to stop out of service. Nothing where it is not in service.
    pub fn shut_down_broker(&self, id: i32) -> Vec<MetadataRecord> {
        let Some(broker) = self.image.cluster().broker(id).filter(|broker| !broker.fenced) else {
            return Vec::new();
        };
        let leaving = BrokerRegistrationChangeRecord { in_controlled_shutdown: ON, ..Default::default() };
        let mut records = vec![change(broker, leaving)];
        records.extend(self.partitions_without(id));
        records.push(change(broker, OFF_DUTY));
        records
    }

    /// This node cannot be unregistered while it runs: nobody would be left to serve what it holds.
    pub fn unregister_broker(&self, request: &UnregisterBrokerRequest) -> Decision<UnregisterBrokerResponse> {
        let id = request.broker_id;
        let mut records = Vec::new();
        let result = match self.image.cluster().broker(id) {
            None => {
                let message = format!("Broker ID {id} is not currently registered");
                Err(ApiError::new(ErrorCode::BrokerIdNotRegistered, message))
            }
            Some(_) if id == self.settings.node_id => {
                Err(invalid_request(format!("Broker ID {id} is this node, which is running")))
            }
            Some(broker) => {
                records.extend(self.partitions_without(id));
                records.push(UnregisterBrokerRecord { broker_id: id, broker_epoch: broker.epoch }.into());
                Ok(())
            }
        };
        let (error_code, error_message) = fields(result);
        Decision {
            records,
            response: UnregisterBrokerResponse { error_code, error_message, ..Default::default() },
        }
    }

    /// Partitions that this broker leads or is in sync with, without it.
    fn partitions_without(&self, broker: i32) -> Vec<MetadataRecord> {
        let leaves_isr = |partition: &Partition| {
            partition.isr.contains(&broker) && (partition.isr.len() > 1 || self.image.elr_enabled())
        };
        let concerned = |partition: &Partition| partition.leader == broker || leaves_isr(partition);
        self.change_partitions(concerned, |partition, change| self.without(broker, partition, change))
    }

    /// Partitions that have no leader, with this broker as their leader, if it may be.
    fn partitions_with(&self, broker: i32) -> Vec<MetadataRecord> {
        let concerned = |partition: &Partition| !partition.has_leader() && may_lead(broker, partition);
        self.change_partitions(concerned, |partition, change| with(broker, partition, change))
    }

    fn change_partitions(
        &self,
        concerned: impl Fn(&Partition) -> bool,
        fill: impl Fn(&Partition, &mut PartitionChangeRecord),
    ) -> Vec<MetadataRecord> {
        let mut records = Vec::new();
        for topic in self.image.topics().sorted() {
            for partition in topic.partitions.iter().filter(|partition| concerned(partition)) {
                let (partition_id, topic_id) = (partition.id, topic.id);
                let mut change = PartitionChangeRecord { partition_id, topic_id, ..Default::default() };
                fill(partition, &mut change);
                records.push(change.into());
            }
        }
        records
    }

    /// The last one in sync remains known: as eligible leader replica, or where that is not enabled as the only member
    /// of the in-sync replicas.
    fn without(&self, broker: i32, partition: &Partition, change: &mut PartitionChangeRecord) {
        let isr: Vec<i32> = partition.isr.iter().copied().filter(|id| *id != broker).collect();
        if partition.leader == broker {
            let successor =
                partition.replicas.iter().find(|id| isr.contains(id) && self.image.cluster().is_active(**id));
            change.leader = successor.copied().unwrap_or(Partition::NO_LEADER);
        }
        if !isr.is_empty() {
            change.isr = Some(isr);
        } else if self.image.elr_enabled() {
            change.isr = Some(isr);
            change.eligible_leader_replicas = Some(vec![broker]);
            change.last_known_elr = Some(vec![broker]);
        }
    }
}

/// A change to a broker that is fenced from here on.
const OFF_DUTY: BrokerRegistrationChangeRecord = BrokerRegistrationChangeRecord {
    broker_id: 0,
    broker_epoch: 0,
    fenced: ON,
    in_controlled_shutdown: 0,
    log_dirs: Vec::new(),
    cordoned_log_dirs: None,
};

/// Whether a broker holds all that was acknowledged, or nobody else could.
fn may_lead(broker: i32, partition: &Partition) -> bool {
    [&partition.isr, &partition.elr, &partition.last_known_elr].iter().any(|known| known.contains(&broker))
        || *partition.replicas == [broker]
}

fn with(broker: i32, partition: &Partition, change: &mut PartitionChangeRecord) {
    change.leader = broker;
    if *partition.isr != [broker] {
        change.isr = Some(vec![broker]);
    }
    if !partition.elr.is_empty() {
        change.eligible_leader_replicas = Some(Vec::new());
    }
    if !partition.last_known_elr.is_empty() {
        change.last_known_elr = Some(Vec::new());
    }
    if partition.recovery == LeaderRecovery::Recovering {
        change.leader_recovery_state = LeaderRecovery::Recovered as i8;
    }
}

fn change(broker: &Broker, change: BrokerRegistrationChangeRecord) -> MetadataRecord {
    BrokerRegistrationChangeRecord { broker_id: broker.id, broker_epoch: broker.epoch, ..change }.into()
}

fn supported(feature: &crate::features::Feature) -> BrokerFeature {
    BrokerFeature {
        name: feature.name.into(),
        min_supported_version: *feature.supported.start(),
        max_supported_version: *feature.supported.end(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::fixture::{NODE, Node};

    fn partition(node: &Node) -> &Partition {
        &node.image.topics().by_name("t").expect("it was created").partitions[0]
    }

    fn shut_down(node: &mut Node) {
        let records = node.controller().shut_down_broker(NODE);
        node.replay(Decision { records, response: () });
    }

    #[test]
    fn a_broker_starts_fenced_and_serves_once_it_is_unfenced() {
        let mut node = Node::new();
        assert!(node.image.cluster().is_active(NODE));
        assert_eq!(node.controller().unfence_broker(NODE), []);
        shut_down(&mut node);
        assert!(!node.image.cluster().is_active(NODE));
        assert_eq!(node.controller().shut_down_broker(NODE), []);
        let epoch = node.start();
        let broker = node.image.cluster().broker(NODE).expect("it registered");
        assert_eq!((broker.epoch, broker.is_active()), (epoch, true));
        assert_eq!(broker.cordoned, Some(Vec::new()));
    }

    #[test]
    fn each_start_of_the_only_broker_begins_two_leader_epochs() {
        let mut node = Node::new();
        node.create("t", 1);
        for (clean, epoch) in [(true, 2), (false, 4), (true, 6)] {
            if clean {
                shut_down(&mut node);
                assert_eq!((partition(&node).leader, &*partition(&node).elr), (-1, &[NODE][..]));
            }
            node.start();
            let partition = partition(&node);
            assert_eq!((partition.leader, partition.leader_epoch), (NODE, epoch));
            assert_eq!(
                (&*partition.isr, &*partition.elr, &*partition.last_known_elr),
                (&[NODE][..], &[][..], &[][..])
            );
        }
    }

    #[test]
    fn without_eligible_leader_replicas_the_last_in_sync_replica_stays_in_sync() {
        let mut node = Node::new();
        let level = ottla_wire::messages::FeatureLevelRecord {
            name: crate::features::ELIGIBLE_LEADER_REPLICAS.into(),
            feature_level: 0,
        };
        node.replay(Decision { records: vec![level.into()], response: () });
        node.create("t", 1);
        shut_down(&mut node);
        assert_eq!((partition(&node).leader, &*partition(&node).isr), (-1, &[NODE][..]));
        node.start();
        assert_eq!((partition(&node).leader, partition(&node).leader_epoch), (NODE, 2));
    }

    #[test]
    fn a_partition_that_lost_all_its_in_sync_replicas_is_led_by_its_only_holder() {
        let mut node = Node::new();
        let topic_id = node.create("t", 1);
        let lost = PartitionChangeRecord {
            partition_id: 0,
            topic_id,
            isr: Some(Vec::new()),
            leader: Partition::NO_LEADER,
            leader_recovery_state: LeaderRecovery::Recovering as i8,
            last_known_elr: Some(vec![NODE]),
            ..Default::default()
        };
        node.replay(Decision { records: vec![lost.into()], response: () });
        node.start();
        assert_eq!((partition(&node).leader, partition(&node).recovery), (NODE, LeaderRecovery::Recovered));
    }

    #[test]
    fn a_broker_that_is_unknown_or_running_cannot_be_unregistered() {
        let node = Node::new();
        for (broker_id, code) in [(9, ErrorCode::BrokerIdNotRegistered), (NODE, ErrorCode::InvalidRequest)] {
            let decision = node.controller().unregister_broker(&UnregisterBrokerRequest { broker_id });
            assert_eq!((decision.response.error_code, decision.records.len()), (code.code(), 0));
        }
    }
}
