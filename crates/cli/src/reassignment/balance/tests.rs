use proptest::prelude::*;

use super::*;

fn places(racks: &[&str]) -> Vec<Place> {
    let place = |(broker, rack): (BrokerId, &&str)| Place {
        broker,
        rack: (!rack.is_empty()).then(|| (*rack).to_owned()),
    };
    (1..).zip(racks).map(place).collect()
}

/// A topic whose partitions have these replicas.
fn topic(name: &str, partitions: &[&[BrokerId]]) -> Assignment {
    (0..).zip(partitions).map(|(at, replicas)| (TopicPartition::new(name, at), replicas.to_vec())).collect()
}

/// The plan's replicas, and how many of them are moved.
fn check(current: &Assignment, places: &[Place], expected: &[&[BrokerId]], moved: usize) {
    let plan = balance(current, places, None).expect("there is one");
    let replicas: Vec<&[BrokerId]> = plan.values().map(Vec::as_slice).collect();
    assert_eq!(replicas, expected);
    assert_eq!(changes(current, &plan).values().map(|it| it.adding().len()).sum::<usize>(), moved);
}

#[test]
fn what_is_balanced_stays_as_it_is() {
    check(&topic("a", &[&[1, 2], &[2, 3], &[3, 1]]), &places(&["", "", ""]), &[&[1, 2], &[2, 3], &[3, 1]], 0);
    check(&topic("a", &[&[1]]), &places(&["", "", ""]), &[&[1]], 0);
}

#[test]
fn a_new_broker_gets_its_share_and_no_more() {
    check(&topic("a", &[&[1], &[2], &[1], &[2]]), &places(&["", "", ""]), &[&[3], &[2], &[1], &[2]], 1);
}

#[test]
fn a_broker_that_is_not_named_gives_up_all() {
    let current = topic("a", &[&[9, 1], &[1, 9], &[2, 1]]);
    let plan = balance(&current, &places(&["", "", ""]), None).unwrap();
    assert!(plan.values().flatten().all(|broker| *broker != 9), "{plan:?}");
    assert_eq!(changes(&current, &plan).values().map(|it| it.adding().len()).sum::<usize>(), 3);
}

#[test]
fn replicas_of_a_partition_are_in_different_racks() {
    check(&topic("a", &[&[1, 2]]), &places(&["x", "x", "y"]), &[&[1, 3]], 1);
    // Evenness does not put them back together.
    let current = topic("a", &[&[1, 2], &[1, 2], &[1, 2], &[1, 2]]);
    let plan = balance(&current, &places(&["x", "x", "y"]), None).unwrap();
    assert!(plan.values().all(|replicas| replicas.contains(&3)), "{plan:?}");
}

#[test]
fn leaders_are_shared_without_moving_data() {
    check(
        &topic("a", &[&[1, 2], &[1, 2], &[1, 2], &[1, 2]]),
        &places(&["", ""]),
        &[&[2, 1], &[2, 1], &[1, 2], &[1, 2]],
        0,
    );
}

#[test]
fn there_may_be_more_replicas_or_fewer() {
    let current = topic("a", &[&[1], &[2]]);
    let plan = balance(&current, &places(&["", "", ""]), Some(3)).unwrap();
    assert!(plan.values().all(|replicas| replicas.len() == 3), "{plan:?}");
    let plan = balance(&plan, &places(&["", "", ""]), Some(1)).unwrap();
    assert!(plan.values().all(|replicas| replicas.len() == 1), "{plan:?}");
}

#[test]
fn what_is_impossible_is_said() {
    let current = topic("a", &[&[1, 2]]);
    let too_few = balance(&current, &places(&[""]), None).unwrap_err().to_string();
    assert_eq!(too_few, "a-0 is to have 2 replicas, and there are 1 brokers for them");
    assert_eq!(balance(&current, &[], None), Err(PlanError::NoBrokers));
}

fn clusters() -> impl Strategy<Value = (Vec<Place>, Assignment)> {
    let racks = proptest::collection::vec(prop_oneof![Just("x"), Just("y"), Just("z"), Just("")], 3..8);
    let partitions = proptest::collection::vec((0..3_usize, 1..4_usize, any::<u64>()), 1..40);
    (racks, partitions).prop_map(|(racks, partitions)| {
        let count = racks.len() as u64 + 2;
        let one = |(at, (topic, replicas, seed)): (i32, &(usize, usize, u64))| {
            let brokers = (0..*replicas as u64)
                .map(|step| BrokerId::try_from((seed % count + step) % count + 1).unwrap());
            (TopicPartition::new(["a", "b", "c"][*topic], at), brokers.collect())
        };
        (places(&racks), (0..).zip(&partitions).map(one).collect())
    })
}

proptest! {
    /// Some of the brokers that have replicas are not among those that may.
    #[test]
    fn every_plan_is_sound((places, current) in clusters()) {
        let plan = balance(&current, &places, None).unwrap();
        let allowed: BTreeSet<BrokerId> = places.iter().map(|place| place.broker).collect();
        for (partition, replicas) in &plan {
            let different: BTreeSet<BrokerId> = replicas.iter().copied().collect();
            prop_assert_eq!(different.len(), current[partition].len());
            prop_assert!(different.is_subset(&allowed));
        }
        prop_assert_eq!(balance(&plan, &places, None).unwrap(), plan);
    }

    #[test]
    fn without_racks_brokers_have_equally_many_replicas((places, current) in clusters()) {
        let places: Vec<Place> = places.into_iter().map(|place| Place { rack: None, ..place }).collect();
        let plan = balance(&current, &places, None).unwrap();
        let count = |place: &Place| plan.values().flatten().filter(|broker| **broker == place.broker).count();
        let counts: Vec<usize> = places.iter().map(count).collect();
        prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{:?}", counts);
    }
}
