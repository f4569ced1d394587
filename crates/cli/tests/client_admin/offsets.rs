//! Records, offsets and producers.

use std::collections::BTreeMap;

use ottla_client::admin::OffsetSpec;
use ottla_client::config::IsolationLevel;
use ottla_client::{Offset, TopicPartition};

use super::{Visit, only};

async fn offset(visit: &Visit, partition: &TopicPartition, spec: OffsetSpec) -> Option<Offset> {
    let specs = BTreeMap::from([(partition.clone(), spec)]);
    let listed = visit.admin.list_offsets(&specs, IsolationLevel::ReadUncommitted).await.unwrap();
    only(listed).unwrap().offset
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_are_found_by_place_and_by_time() {
    let visit = Visit::new().await;
    let partition = TopicPartition::new(visit.topic(2).await, 1);
    visit.produce(&partition, [1_000, 2_000, 9_000, 4_000]);
    for (spec, expected) in [
        (OffsetSpec::Earliest, Some(0)),
        (OffsetSpec::Latest, Some(4)),
        (OffsetSpec::Timestamp(1_500), Some(1)),
        (OffsetSpec::Timestamp(9_001), None),
        (OffsetSpec::MaxTimestamp, Some(2)),
        (OffsetSpec::EarliestLocal, Some(0)),
    ] {
        assert_eq!(offset(&visit, &partition, spec).await, expected, "{spec:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_before_an_offset_are_deleted() {
    let visit = Visit::new().await;
    let topic = visit.topic(2).await;
    let (first, second) = (TopicPartition::new(topic.clone(), 0), TopicPartition::new(topic, 1));
    visit.produce(&first, 0..10);
    visit.produce(&second, 0..10);
    let before = BTreeMap::from([(first.clone(), 4), (second.clone(), -1)]);
    let deleted = visit.admin.delete_records(&before).await.unwrap();
    assert_eq!(*deleted[&first].as_ref().unwrap(), 4);
    assert_eq!(*deleted[&second].as_ref().unwrap(), 10);
    assert_eq!(offset(&visit, &first, OffsetSpec::Earliest).await, Some(4));
    assert_eq!(offset(&visit, &second, OffsetSpec::Earliest).await, Some(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_tells_the_producers_that_wrote_to_it() {
    let visit = Visit::new().await;
    let partition = TopicPartition::new(visit.topic(1).await, 0);
    visit.produce(&partition, 0..3);
    let producers = visit.admin.describe_producers(std::slice::from_ref(&partition)).await.unwrap();
    let producers = only(producers).unwrap();
    assert_eq!(producers.len(), 1);
    assert_eq!(producers[0].last_sequence, 2);
    assert_eq!(producers[0].current_transaction_start_offset, None);
}
