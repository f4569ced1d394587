//! Groups and what they committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_client::admin::{CommittedOffset, DescribedGroup, GroupsFilter, OffsetReset, Results};
use ottla_client::{ErrorCode, Offset, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::support::wait_until;
use super::{Visit, client, name, only, served};

fn partitions(topic: &Arc<str>, offsets: &[Offset]) -> BTreeMap<TopicPartition, CommittedOffset> {
    let numbered = (0..).zip(offsets);
    let named = |number| TopicPartition::new(topic.clone(), number);
    numbered.map(|(number, offset)| (named(number), CommittedOffset::new(*offset))).collect()
}

async fn committed(visit: &Visit, group: &str) -> BTreeMap<i32, Option<Offset>> {
    let listed = visit.admin.list_group_offsets(group, None, true).await.unwrap();
    let offset = |committed: Option<CommittedOffset>| committed.map(|it| it.offset);
    listed.into_iter().map(|(partition, it)| (partition.partition, offset(it.unwrap()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_of_a_group_are_set_listed_and_forgotten_and_the_group_deleted() {
    let visit = Visit::new().await;
    let (topic, group) = (visit.topic(3).await, name("billing"));
    let set = partitions(&topic, &[5, 6, 7]);
    let results = visit.admin.alter_group_offsets(&group, &set).await.unwrap();
    assert!(results.len() == 3 && results.values().all(Result::is_ok), "{results:?}");
    assert_eq!(committed(&visit, &group).await, BTreeMap::from([(0, Some(5)), (1, Some(6)), (2, Some(7))]));

    let one = TopicPartition::new(topic.clone(), 1);
    only(visit.admin.delete_group_offsets(&group, std::slice::from_ref(&one)).await.unwrap()).unwrap();
    assert_eq!(committed(&visit, &group).await, BTreeMap::from([(0, Some(5)), (2, Some(7))]));
    let none = visit.admin.list_group_offsets(&group, Some(&[one]), false).await.unwrap();
    assert_eq!(only(none).unwrap(), None);

    let listed = visit.admin.list_groups(&GroupsFilter::default()).await.unwrap();
    let all: Vec<_> = listed.into_values().flat_map(|groups| groups.unwrap()).collect();
    assert!(all.iter().any(|listing| *listing.id == *group && listing.state.as_deref() == Some("Empty")));

    only(visit.admin.delete_groups(&[&group]).await.unwrap()).unwrap();
    let gone = only(visit.admin.delete_groups(&[&group]).await.unwrap()).unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::GroupIdNotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_planned_looked_at_and_made() {
    let visit = Visit::new().await;
    let (topic, group) = (visit.topic(2).await, name("billing"));
    for number in 0..2 {
        visit.produce(&TopicPartition::new(topic.clone(), number), (1..=10).map(|at| at * 1_000));
    }
    visit.admin.alter_group_offsets(&group, &partitions(&topic, &[5, 9])).await.unwrap();
    let to = |plan: &Results<TopicPartition, _>| -> Vec<(Offset, Option<Offset>)> {
        let planned =
            plan.values().map(|planned: &ottla_client::Result<ottla_client::admin::PlannedOffset>| {
                let planned = planned.as_ref().unwrap();
                (planned.to, planned.clamped)
            });
        planned.collect()
    };
    let explicit = BTreeMap::from([(TopicPartition::new(topic.clone(), 1), 3)]);
    for (reset, expected) in [
        (OffsetReset::Earliest, vec![(0, None), (0, None)]),
        (OffsetReset::Latest, vec![(10, None), (10, None)]),
        (OffsetReset::Current, vec![(5, None), (9, None)]),
        (OffsetReset::Offset(7), vec![(7, None), (7, None)]),
        (OffsetReset::Shift(3), vec![(8, None), (10, Some(12))]),
        (OffsetReset::Timestamp(2_500), vec![(2, None), (2, None)]),
        (OffsetReset::Timestamp(99_000), vec![(10, None), (10, None)]),
        (OffsetReset::Explicit(explicit), vec![(3, None)]),
    ] {
        let plan = visit.admin.plan_offset_reset(&group, None, &reset).await.unwrap();
        assert_eq!(to(&plan), expected, "{reset:?}");
    }
    assert_eq!(committed(&visit, &group).await, BTreeMap::from([(0, Some(5)), (1, Some(9))]), "only planned");

    let plan = visit.admin.plan_offset_reset(&group, None, &OffsetReset::Shift(-2)).await.unwrap();
    visit.admin.reset_offsets(&group, &plan).await.unwrap();
    assert_eq!(committed(&visit, &group).await, BTreeMap::from([(0, Some(3)), (1, Some(7))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_classic_group_are_described_and_removed() {
    let visit = Visit::new().await;
    let (topic, group) = (visit.topic(2).await, name("billing"));
    let mut config = client::consumer_config(visit.address);
    let consumer: BaseConsumer = config
        .set("group.id", &group)
        .set("client.id", "till-7")
        .set("partition.assignment.strategy", "range")
        .create()
        .expect("a consumer");
    consumer.subscribe(&[&topic]).expect("it subscribes");
    wait_until("it has its partitions", || {
        assert!(consumer.poll(client::TURN).is_none_or(|message| message.is_err()));
        consumer.assignment().expect("it knows").count() == 2
    });

    let described = only(visit.admin.describe_classic_groups(&[&group]).await.unwrap()).unwrap();
    assert_eq!(
        (&*described.state, &*described.protocol_type, &*described.protocol),
        ("Stable", "consumer", "range")
    );
    assert_eq!(described.members.len(), 1);
    let member = &described.members[0];
    assert_eq!(&*member.client_id, "till-7");
    let any = only(visit.admin.describe_groups(&[&group]).await.unwrap()).unwrap();
    assert_eq!(any, DescribedGroup::Classic(described.clone()));
    let expected: Vec<_> = (0..2).map(|number| TopicPartition::new(topic.clone(), number)).collect();
    assert_eq!(member.partitions, expected);

    let in_use = only(visit.admin.delete_groups(&[&group]).await.unwrap()).unwrap_err();
    assert_eq!(in_use.code(), Some(ErrorCode::NonEmptyGroup));
    let removed = visit.admin.remove_all_members(&group).await.unwrap();
    assert!(removed.len() == 1 && removed.values().all(Result::is_ok), "{removed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_another_kind_is_not_found() {
    let visit = Visit::new().await;
    let group = name("billing");
    let groups = [&*group];
    let classic = only(visit.admin.describe_classic_groups(&groups).await.unwrap()).map(|group| group.state);
    assert!(
        classic.as_ref().is_err_and(|error| error.code() == Some(ErrorCode::GroupIdNotFound)),
        "{classic:?}"
    );
    let codes = [
        only(visit.admin.describe_consumer_groups(&groups).await.unwrap()).map(drop),
        only(visit.admin.describe_share_groups(&groups).await.unwrap()).map(drop),
        only(visit.admin.describe_streams_groups(&groups).await.unwrap()).map(drop),
    ];
    for result in codes {
        let error = result.unwrap_err();
        assert!(
            error.code() == Some(ErrorCode::GroupIdNotFound) || served::<()>(Err(error.clone())).is_none(),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_group_is_placed_and_forgotten_where_brokers_have_them() {
    let visit = Visit::new().await;
    let (topic, group) = (visit.topic(1).await, name("pickers"));
    let partition = TopicPartition::new(topic.clone(), 0);
    visit.produce(&partition, 0..5);
    let offsets = BTreeMap::from([(partition.clone(), 3)]);
    let Some(altered) = served(visit.admin.alter_share_group_offsets(&group, &offsets).await) else { return };
    only(altered).unwrap();
    let listed = visit.admin.list_share_group_offsets(&group, Some(&[partition])).await.unwrap();
    assert_eq!(only(listed).unwrap().map(|offset| offset.start_offset), Some(3));
    only(visit.admin.delete_share_group_offsets(&group, &[&topic]).await.unwrap()).unwrap();
}
