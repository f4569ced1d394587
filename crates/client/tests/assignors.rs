//! Each assignor beside Java's: groups that members join and leave, with subscriptions alike and not, racks, static members, topics that
//! grow, members that missed a generation, and subscriptions of every version.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::GzDecoder;
use ottla_client::TopicPartition;
use ottla_client::assignor::{
    self, Assignment, Assignor, MemberId, Replicas, Subscription, Topics, decode_assignment,
    decode_subscription, encode_assignment, encode_subscription,
};
use serde_json::Value;

type Members = BTreeMap<MemberId, Subscription>;
type Assignments = BTreeMap<MemberId, Assignment>;

/// One rebalance as Java saw it.
struct Rebalance {
    name: String,
    assignor: Box<dyn Assignor>,
    topics: Topics,
    members: Members,
    assignments: Assignments,
    raw: Value,
}

fn rebalances() -> Vec<Rebalance> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/assignments.jsonl.gz");
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| rebalance(serde_json::from_str(line).unwrap())).collect()
}

fn rebalance(raw: Value) -> Rebalance {
    let assignor = raw["assignor"].as_str().unwrap();
    let topics = raw["topics"].as_object().unwrap().iter();
    let members = raw["members"].as_array().unwrap().iter();
    let assignments = raw["assignments"].as_object().unwrap().iter();
    Rebalance {
        name: format!("{assignor}, group {}, round {}", raw["group"], raw["round"]),
        assignor: assignor::by_name(assignor).unwrap(),
        topics: topics.map(|(name, partitions)| (name.as_str().into(), list(partitions, replicas))).collect(),
        members: members.map(|member| (string(&member["id"]), subscription(member))).collect(),
        assignments: assignments.map(|(id, given)| (id.as_str().into(), assignment(given))).collect(),
        raw,
    }
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(item).collect()
}

fn string(value: &Value) -> Arc<str> {
    value.as_str().unwrap().into()
}

fn replicas(racks: &Value) -> Replicas {
    Replicas { racks: list(racks, string) }
}

fn partition(value: &Value) -> TopicPartition {
    TopicPartition::new(string(&value[0]), i32::try_from(value[1].as_i64().unwrap()).unwrap())
}

fn hex(value: &Value) -> Option<Bytes> {
    let digits = value.as_str()?.as_bytes().chunks(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    Some(bytes.collect())
}

/// What Java's leader saw of a member.
fn subscription(member: &Value) -> Subscription {
    Subscription {
        topics: list(&member["topics"], string),
        user_data: hex(&member["user_data"]),
        owned_partitions: list(&member["owned"], partition),
        generation: member["generation"].as_i64().map(|generation| i32::try_from(generation).unwrap()),
        rack: member["rack"].as_str().map(Arc::from),
        instance_id: member["instance"].as_str().map(Arc::from),
    }
}

fn assignment(given: &Value) -> Assignment {
    Assignment { partitions: list(&given["partitions"], partition), user_data: None }
}

#[test]
fn members_are_assigned_what_java_assigns_them() {
    let mut differ = Vec::new();
    let all = rebalances();
    for Rebalance { name, assignor, topics, members, assignments, .. } in &all {
        let assigned = assignor.assign(topics, members);
        if assigned != *assignments {
            differ.push(format!("{name}:\n  ours {assigned:?}\n  Java {assignments:?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), all.len(), differ.join("\n"));
}

#[test]
fn subscriptions_of_every_version_are_read_as_java_reads_them_and_written_as_it_writes_them() {
    let mut newest = 0;
    for rebalance in rebalances() {
        for member in rebalance.raw["members"].as_array().unwrap() {
            let bytes = hex(&member["bytes"]).unwrap();
            let read = decode_subscription(&bytes).unwrap();
            // The instance id comes from the coordinator.
            let expected = Subscription { instance_id: None, ..subscription(member) };
            assert_eq!(read, expected, "{}", rebalance.name);
            // Java writes an empty rack, and reads it as none.
            if bytes.starts_with(&[0, 3]) && !bytes.ends_with(&[0, 0]) {
                assert_eq!(encode_subscription(&read), bytes, "{}", rebalance.name);
                newest += 1;
            }
        }
    }
    assert!(newest > 1_000, "{newest} subscriptions were compared");
}

#[test]
fn assignments_are_read_and_written_as_java_does() {
    for rebalance in rebalances() {
        for (member, given) in rebalance.raw["assignments"].as_object().unwrap() {
            let bytes = hex(&given["bytes"]).unwrap();
            let assignment = &rebalance.assignments[member.as_str()];
            assert_eq!(encode_assignment(assignment), bytes, "{}", rebalance.name);
            let mut read = decode_assignment(&bytes).unwrap().partitions;
            let mut expected = assignment.partitions.clone();
            read.sort();
            expected.sort();
            assert_eq!(read, expected, "{}", rebalance.name);
        }
    }
}

/// Each existing partition that somebody wants is somebody's, who wants it, and nobody else's; during a cooperative rebalance it may be
/// nobody's yet.
fn check_valid(rebalance: &Rebalance, assigned: &Assignments) {
    let cooperative = rebalance.assignor.name() == "cooperative-sticky";
    let name = &rebalance.name;
    let mut all: Vec<&TopicPartition> = Vec::new();
    for (member, assignment) in assigned {
        let wanted = &rebalance.members[member].topics;
        assert!(assignment.partitions.iter().all(|it| wanted.contains(&it.topic)), "{name}: {member}");
        all.extend(&assignment.partitions);
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "{name}: a partition is assigned twice");
    let wanted = |topic: &Arc<str>| rebalance.members.values().any(|member| member.topics.contains(topic));
    let existing = rebalance.topics.iter().filter(|(topic, _)| wanted(topic));
    let existing: usize = existing.map(|(_, partitions)| partitions.len()).sum();
    assert!(if cooperative { count <= existing } else { count == existing }, "{name}: {count} of {existing}");
}

#[test]
fn assignments_are_valid_whatever_ids_and_topics_are_called() {
    for mut rebalance in rebalances() {
        check_valid(&rebalance, &rebalance.assignor.assign(&rebalance.topics, &rebalance.members));
        // Names whose order in Java's tables would be any.
        let renamed = |id: &MemberId| MemberId::from(format!("{}-consumer-{id}", id.len() * 7919 % 13));
        rebalance.members = rebalance.members.iter().map(|(id, it)| (renamed(id), it.clone())).collect();
        check_valid(&rebalance, &rebalance.assignor.assign(&rebalance.topics, &rebalance.members));
    }
}

/// Members as they join again after an assignment.
fn rejoin(rebalance: &Rebalance, assigned: &Assignments, generation: i32) -> Members {
    let joined = rebalance.members.iter().map(|(id, member)| {
        let mut assignor = assignor::by_name(rebalance.assignor.name()).unwrap();
        assignor.on_assignment(&assigned[id], generation);
        let owned_partitions = assigned[id].partitions.clone();
        let user_data = assignor.user_data();
        let generation = Some(generation);
        (id.clone(), Subscription { user_data, owned_partitions, generation, ..member.clone() })
    });
    joined.collect()
}

fn partitions(assigned: &Assignments) -> BTreeMap<MemberId, Vec<TopicPartition>> {
    let sorted = assigned.iter().map(|(id, assignment)| {
        let mut partitions = assignment.partitions.clone();
        partitions.sort();
        (id.clone(), partitions)
    });
    sorted.collect()
}

#[test]
fn where_nothing_changes_sticky_members_keep_what_they_have() {
    for mut rebalance in rebalances().into_iter().filter(|it| it.assignor.name().contains("sticky")) {
        let mut last = BTreeMap::new();
        for generation in 100..110 {
            let assigned = rebalance.assignor.assign(&rebalance.topics, &rebalance.members);
            rebalance.members = rejoin(&rebalance, &assigned, generation);
            if generation > 106 {
                assert_eq!(partitions(&assigned), last, "{}, generation {generation}", rebalance.name);
            }
            last = partitions(&assigned);
        }
        // Nothing is on its way any more.
        let assigned: usize = last.values().map(Vec::len).sum();
        let wanted =
            |topic: &Arc<str>| rebalance.members.values().any(|member| member.topics.contains(topic));
        let existing = rebalance.topics.iter().filter(|(topic, _)| wanted(topic));
        assert_eq!(assigned, existing.map(|(_, it)| it.len()).sum::<usize>(), "{}", rebalance.name);
    }
}

#[test]
fn members_that_subscribe_alike_differ_by_one_partition_at_most_when_they_are_sticky() {
    let alike = |it: &Rebalance| {
        let sorted = |member: &Subscription| {
            let mut topics = member.topics.clone();
            topics.sort();
            topics
        };
        let mut all = it.members.values().map(sorted);
        let first = all.next();
        all.all(|topics| Some(topics) == first)
    };
    let mut compared = 0;
    for rebalance in rebalances().into_iter().filter(|it| it.assignor.name() == "sticky" && alike(it)) {
        let assigned = rebalance.assignor.assign(&rebalance.topics, &rebalance.members);
        let sizes: Vec<usize> = assigned.values().map(|it| it.partitions.len()).collect();
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{}", rebalance.name);
        compared += 1;
    }
    assert!(compared > 50, "{compared} were compared");
}

#[test]
fn what_members_claim_is_not_believed_beyond_what_exists() {
    let claim = |topic: &str, number| TopicPartition::new(topic, number);
    let topics = Topics::from([("orders".into(), vec![Replicas::default(); 2])]);
    let member = |owned_partitions: Vec<TopicPartition>| Subscription {
        topics: vec!["orders".into(), "orders".into(), "gone".into()],
        generation: Some(3),
        owned_partitions,
        ..Subscription::default()
    };
    let claims = vec![
        claim("orders", 1),
        claim("orders", 7),
        claim("orders", -1),
        claim("gone", 0),
        claim("orders", 1),
    ];
    let members = Members::from([("a".into(), member(claims)), ("b".into(), member(vec![]))]);
    for name in ["range", "roundrobin", "sticky", "cooperative-sticky"] {
        let assigned = assignor::by_name(name).unwrap().assign(&topics, &members);
        let numbers: Vec<_> = assigned.values().flat_map(|it| &it.partitions).collect();
        assert!(numbers.iter().all(|it| *it.topic == *"orders" && it.partition < 2), "{name}: {assigned:?}");
        assert_eq!(assignor::by_name(name).unwrap().assign(&topics, &Members::new()), Assignments::new());
        assert_eq!(assignor::by_name(name).unwrap().assign(&Topics::new(), &members).len(), 2);
    }
}

#[test]
fn bytes_that_are_no_subscription_are_refused() {
    for bytes in [&[][..], &[0], &[0, 3], &[0xff, 0xff, 0, 0, 0, 0], &[0, 0, 0x7f, 0xff, 0xff, 0xff]] {
        assert!(decode_subscription(&Bytes::copy_from_slice(bytes)).is_err(), "{bytes:?}");
    }
    assert_eq!(decode_assignment(&Bytes::new()), Ok(Assignment::default()));
}

#[test]
fn a_subscription_of_a_later_version_is_read_as_the_newest_that_is_known() {
    let known =
        Subscription { topics: vec!["orders".into()], rack: Some("a".into()), ..Subscription::default() };
    let mut later = encode_subscription(&known).to_vec();
    later[1] = 9;
    later.extend_from_slice(b"fields of the future");
    assert_eq!(decode_subscription(&later.into()), Ok(known));
}
