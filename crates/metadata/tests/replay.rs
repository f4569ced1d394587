//! Images of records that no controller wrote, and of those that any could.

use bytestring::ByteString;
use ottla_metadata::{Change, Image, ReplayError};
use ottla_wire::messages::{
    AbortTransactionRecord, AccessControlEntryRecord, BeginTransactionRecord, ClientQuotaRecord,
    ConfigRecord, DelegationTokenRecord, EndTransactionRecord, FeatureLevelRecord, MetadataRecord,
    PartitionChangeRecord, PartitionRecord, ProducerIdsRecord, RegisterBrokerRecord,
    RegisterControllerRecord, RemoveTopicRecord, RemoveUserScramCredentialRecord, TopicRecord,
    UnregisterBrokerRecord, UserScramCredentialRecord, client_quota_record::EntityData,
};
use proptest::prelude::*;
use uuid::Uuid;

fn topic(id: u128, name: &str) -> MetadataRecord {
    TopicRecord { name: name.into(), topic_id: Uuid::from_u128(id) }.into()
}

fn partition(topic: u128, partition_id: i32) -> MetadataRecord {
    let topic_id = Uuid::from_u128(topic);
    PartitionRecord {
        partition_id,
        topic_id,
        replicas: vec![1],
        isr: vec![1],
        leader: 1,
        ..Default::default()
    }
    .into()
}

fn credential(user: &str) -> MetadataRecord {
    UserScramCredentialRecord { name: user.into(), mechanism: 1, ..Default::default() }.into()
}

fn replay(records: impl IntoIterator<Item = MetadataRecord>) -> Result<(Image, Vec<Change>), ReplayError> {
    let (mut image, mut changes) = (Image::default(), Vec::new());
    for record in records {
        image.replay(record, &mut changes)?;
    }
    Ok((image, changes))
}

#[test]
fn a_metadata_transaction_applies_when_it_ends_and_not_at_all_when_it_is_aborted() {
    let begin = || MetadataRecord::from(BeginTransactionRecord { name: Some("t".into()) });
    let end = || MetadataRecord::from(EndTransactionRecord::default());
    let (open, changes) = replay([begin(), topic(1, "a")]).expect("it is well-formed");
    assert!(open.in_transaction() && open.topics().is_empty() && changes.is_empty());
    let (ended, changes) = replay([begin(), topic(1, "a"), end()]).expect("it is well-formed");
    assert!(!ended.in_transaction());
    assert_eq!(changes, [Change::TopicCreated(Uuid::from_u128(1))]);
    let abort = AbortTransactionRecord { reason: None }.into();
    let (aborted, changes) = replay([begin(), topic(1, "a"), abort]).expect("it is well-formed");
    assert_eq!((aborted, changes), (Image::default(), Vec::new()));
    assert_eq!(replay([end()]).unwrap_err(), ReplayError::NoTransaction("EndTransactionRecord"));
    assert_eq!(replay([begin(), begin()]).unwrap_err(), ReplayError::NestedTransaction);
}

#[test]
fn a_credential_is_not_forgotten_when_another_users_was_removed_before_it() {
    let removed = RemoveUserScramCredentialRecord { name: "alice".into(), mechanism: 1 };
    let (image, _) =
        replay([credential("alice"), removed.into(), credential("bob")]).expect("it is well-formed");
    assert!(image.security().credential(1, "bob").is_some());
    assert_eq!(image.security().credentials().count(), 1);
}

#[test]
fn partitions_may_come_in_any_order() {
    let (image, changes) = replay([topic(1, "a"), partition(1, 2), partition(1, 0), partition(1, 1)])
        .expect("it is well-formed");
    let topic = image.topics().by_name("a").expect("it was created");
    let ids: Vec<_> = topic.partitions.iter().map(|partition| partition.id).collect();
    assert_eq!((ids, image.topics().partition_count(), changes.len()), (vec![0, 1, 2], 3, 4));
    assert!((0..3).all(|id| topic.partition(id).is_some_and(|partition| partition.id == id)));
    assert_eq!((topic.partition(3), topic.partition(-1)), (None, None));
}

#[test]
fn a_change_that_names_the_leader_begins_a_leader_epoch() {
    let change = |leader| PartitionChangeRecord {
        partition_id: 0,
        topic_id: Uuid::from_u128(1),
        leader,
        ..Default::default()
    };
    for (leader, epoch) in [(-2, -1), (1, 0)] {
        let records = [topic(1, "a"), partition(1, 0), change(leader).into()];
        let (image, _) = replay(records).expect("it is well-formed");
        let topic = image.topics().by_name("a").expect("it was created");
        assert_eq!((topic.partitions[0].leader_epoch, topic.partitions[0].partition_epoch), (epoch, 0));
    }
}

#[test]
fn records_that_do_not_fit_are_errors() {
    let unknown = Uuid::from_u128(9);
    for record in [
        partition(9, 0),
        RemoveTopicRecord { topic_id: unknown }.into(),
        PartitionChangeRecord { partition_id: 7, topic_id: Uuid::from_u128(1), ..Default::default() }.into(),
        partition(1, -1),
        topic(1, "b"),
        topic(2, "a"),
        ConfigRecord { resource_type: 3, ..Default::default() }.into(),
        FeatureLevelRecord { name: "metadata.version".into(), feature_level: 31 }.into(),
        FeatureLevelRecord { name: "tomorrow.version".into(), feature_level: 1 }.into(),
        UnregisterBrokerRecord { broker_id: 1, broker_epoch: 5 }.into(),
        ProducerIdsRecord { next_producer_id: 0, ..Default::default() }.into(),
    ] {
        let records = [topic(1, "a"), partition(1, 0), record.clone()];
        assert!(replay(records).is_err(), "{record:?}");
    }
}

fn name() -> impl Strategy<Value = ByteString> {
    "[ab._]{1,3}".prop_map(ByteString::from)
}

fn ids() -> impl Strategy<Value = Vec<i32>> {
    prop::collection::vec(0..4, 0..3)
}

fn uuid() -> impl Strategy<Value = Uuid> {
    (1u128..6).prop_map(Uuid::from_u128)
}

fn any_partition() -> impl Strategy<Value = MetadataRecord> {
    (0..4, uuid(), ids(), ids(), ids(), prop::option::of(ids()), -1..4, 0i8..2).prop_map(
        |(partition_id, topic_id, replicas, isr, adding_replicas, elr, leader, leader_recovery_state)| {
            let eligible_leader_replicas = elr.filter(|elr| !elr.is_empty());
            let record = PartitionRecord {
                partition_id,
                topic_id,
                replicas,
                isr,
                adding_replicas,
                eligible_leader_replicas,
                leader,
                leader_recovery_state,
                ..Default::default()
            };
            record.into()
        },
    )
}

fn any_change() -> impl Strategy<Value = MetadataRecord> {
    (0..4, uuid(), prop::option::of(ids()), -2..4).prop_map(|(partition_id, topic_id, isr, leader)| {
        PartitionChangeRecord { partition_id, topic_id, isr, leader, ..Default::default() }.into()
    })
}

fn any_config() -> impl Strategy<Value = MetadataRecord> {
    let kind = prop::sample::select(vec![2i8, 4, 16, 32]);
    (kind, name(), name(), prop::option::of(name())).prop_map(
        |(resource_type, resource_name, name, value)| {
            ConfigRecord { resource_type, resource_name, name, value }.into()
        },
    )
}

fn any_quota() -> impl Strategy<Value = MetadataRecord> {
    (name(), prop::option::of(name()), name(), any::<bool>()).prop_map(
        |(entity_type, entity_name, key, remove)| {
            let entity = vec![EntityData { entity_type, entity_name }];
            ClientQuotaRecord { entity, key, value: 1.5, remove }.into()
        },
    )
}

fn any_record() -> impl Strategy<Value = MetadataRecord> {
    prop_oneof![
        4 => (name(), uuid()).prop_map(|(name, topic_id)| TopicRecord { name, topic_id }.into()),
        1 => uuid().prop_map(|topic_id| RemoveTopicRecord { topic_id }.into()),
        6 => any_partition(),
        3 => any_change(),
        4 => any_config(),
        2 => any_quota(),
        1 => (0..3, 0i64..3).prop_map(|(broker_id, broker_epoch)| {
            RegisterBrokerRecord { broker_id, broker_epoch, ..Default::default() }.into()
        }),
        1 => (0..3, 0i64..3).prop_map(|(broker_id, broker_epoch)| {
            UnregisterBrokerRecord { broker_id, broker_epoch }.into()
        }),
        1 => (0..3).prop_map(|controller_id| {
            RegisterControllerRecord { controller_id, ..Default::default() }.into()
        }),
        1 => (0i16..2).prop_map(|feature_level| {
            FeatureLevelRecord { name: "group.version".into(), feature_level }.into()
        }),
        1 => Just(FeatureLevelRecord { name: "metadata.version".into(), feature_level: 30 }.into()),
        1 => (1i64..9).prop_map(|next| {
            ProducerIdsRecord { broker_id: 1, broker_epoch: 1, next_producer_id: next * 1000 }.into()
        }),
        1 => name().prop_map(|name| UserScramCredentialRecord { name, mechanism: 1, ..Default::default() }.into()),
        1 => name().prop_map(|name| RemoveUserScramCredentialRecord { name, mechanism: 1 }.into()),
        1 => name().prop_map(|token_id| DelegationTokenRecord { token_id, ..Default::default() }.into()),
        1 => uuid().prop_map(|id| AccessControlEntryRecord { id, ..Default::default() }.into()),
    ]
}

proptest! {
    #[test]
    fn the_records_of_an_image_give_the_image(records in prop::collection::vec(any_record(), 0..60)) {
        let mut image = Image::default();
        for record in records {
            // What does not fit must leave the image as it was.
            let before = image.clone();
            if image.replay(record, &mut Vec::new()).is_err() {
                prop_assert_eq!(&image, &before);
            }
        }
        let (again, _) = replay(image.records()).expect("an image's records fit each other");
        prop_assert_eq!(&again, &image);
        // And so they do in the form in which they are stored.
        image.replay(FeatureLevelRecord { name: "metadata.version".into(), feature_level: 30 }.into(), &mut Vec::new())
            .expect("a level that is supported");
        let stored = image.records().map(|record| record.encode_framed(image.record_version(&record)));
        let stored = stored.map(|bytes| MetadataRecord::decode_framed(&bytes).expect("it was just written"));
        let (again, _) = replay(stored).expect("an image's records fit each other");
        prop_assert_eq!(again, image);
    }
}
