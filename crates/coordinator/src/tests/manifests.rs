//! The logs of `__consumer_offsets` in the data directories that a Kafka node left.

use std::{collections::BTreeMap, fs::File, path::Path};

use bytes::Bytes;
use flate2::read::GzDecoder;
use ottla_wire::{Message, Reader, decode_key, decode_value, messages::GroupMetadataKey};
use serde_json::Value;

use super::harness::config;
use crate::{Shard, appends::Stored, partition_for, record};

fn manifest(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(format!("{name}.json.gz"));
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_reader(GzDecoder::new(file)).expect("manifests are JSON")
}

fn hex(value: &Value) -> Option<Bytes> {
    let digits = value.as_str()?;
    let byte = |i: usize| u8::from_str_radix(&digits[i..i + 2], 16).expect("manifests are in hex");
    Some((0..digits.len()).step_by(2).map(byte).collect())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list").as_slice()
}

/// Calls back for each batch and record of a partition.
fn each_record(manifest: &Value, partition: i32, mut seen: impl FnMut(&Value, &Value)) {
    let log = &manifest["logs"][format!("__consumer_offsets-{partition}")];
    for segment in list(&log["segments"]) {
        for batch in list(&segment["batches"]) {
            list(&batch["records"]).iter().for_each(|record| seen(batch, record));
        }
    }
}

fn load(manifest: &Value, partition: i32) -> Shard {
    let mut shard = Shard::new(config());
    each_record(manifest, partition, |batch, record| {
        let producer =
            if batch["transactional"] == true { batch["producerId"].as_i64().unwrap() } else { -1 };
        if batch["control"] == true {
            shard.replay_end_of_transaction(producer, record["decoded"]["type"] == "COMMIT");
        } else {
            let (key, value) = (hex(&record["key"]).expect("a key"), hex(&record["value"]));
            shard
                .replay(record["offset"].as_i64().unwrap(), producer, &key, value.as_ref())
                .expect("Kafka wrote it");
        }
    });
    shard
}

/// Type, state, protocol type, and committed offsets.
type Seen = (String, String, String, BTreeMap<(String, i64), (i64, i64, String)>);

fn told(group: &Value) -> Seen {
    let text = |name: &str| group[name].as_str().expect("a text").to_string();
    let mut offsets = BTreeMap::new();
    for offset in list(&group["offsets"]).iter().filter(|offset| offset.get("offset").is_some()) {
        let topic = offset["topic"].as_str().unwrap().to_string();
        let committed = offset["offset"].as_i64().unwrap();
        let epoch = offset["leaderEpoch"].as_i64().unwrap_or(-1);
        let metadata = offset["metadata"].as_str().unwrap().to_string();
        offsets.insert((topic, offset["partition"].as_i64().unwrap()), (committed, epoch, metadata));
    }
    // Kafka's clients write the type otherwise than the wire does.
    (text("type").to_lowercase(), text("state"), text("protocol"), offsets)
}

fn found(shard: &Shard, groups: &mut BTreeMap<String, Seen>) {
    for listed in shard.list_groups(&Default::default()) {
        let offsets = shard.committed_offsets().filter(|(group, ..)| *group == &*listed.group_id);
        let offsets = offsets.map(|(_, topic, partition, offset)| {
            let value = (offset.offset, i64::from(offset.leader_epoch), offset.metadata.to_string());
            ((topic.to_string(), i64::from(partition)), value)
        });
        let seen = (
            listed.group_type.to_string(),
            listed.group_state.to_string(),
            listed.protocol_type.to_string(),
            offsets.collect(),
        );
        groups.insert(listed.group_id.to_string(), seen);
    }
}

fn check(name: &str, state: &str) {
    let manifest = manifest(name);
    let mut groups = BTreeMap::new();
    for partition in 0..2 {
        found(&load(&manifest, partition), &mut groups);
    }
    let expected = manifest[state]["groups"].as_object().expect("groups");
    let expected: BTreeMap<String, Seen> =
        expected.iter().map(|(id, group)| (id.clone(), told(group))).collect();
    assert_eq!(groups, expected, "{name}");
}

#[test]
fn a_cleanly_stopped_node_left_the_groups_and_offsets_that_it_told_of() {
    check("data-dir-clean", "state");
}

#[test]
fn a_killed_node_left_the_groups_and_offsets_that_it_told_of() {
    check("data-dir-killed", "stateAfterRecovery");
}

#[test]
fn groups_lie_where_kafka_puts_them() {
    for partition in 0..2 {
        each_record(&manifest("data-dir-killed"), partition, |batch, record| {
            if batch["control"] != true {
                let key = decode_key(&hex(&record["key"]).unwrap()).unwrap();
                // All keys begin with the group.
                let group = GroupMetadataKey::decode(&mut Reader::new(key.body), 0).unwrap().group;
                assert_eq!(partition_for(&group, 2), partition, "{group}");
            }
        });
    }
}

#[test]
fn records_are_written_as_kafka_writes_them() {
    let mut compared = 0;
    for partition in 0..2 {
        each_record(&manifest("data-dir-killed"), partition, |batch, stored| {
            let (Some(key), value) = (hex(&stored["key"]), hex(&stored["value"])) else { return };
            let kind = decode_key(&key).unwrap().kind;
            if batch["control"] == true || !matches!(kind, 1 | 2) {
                return;
            }
            let record = record::Record::decode(0, &key, value.as_ref()).unwrap();
            let [written] = &record::Record::encode(&[record])[..] else { panic!("one record") };
            assert_eq!((&written.key, &written.value), (&key, &value), "{}", stored["decoded"]);
            compared += 1;
        });
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn a_stored_group_is_stored_again_as_it_was() {
    let manifest = manifest("data-dir-killed");
    for partition in 0..2 {
        let shard = load(&manifest, partition);
        let mut last = BTreeMap::new();
        each_record(&manifest, partition, |batch, record| {
            let is_group = batch["control"] != true && record["decoded"]["type"] == "GROUP_METADATA";
            if let Some(value) = hex(&record["value"]).filter(|_| is_group) {
                last.insert(record["decoded"]["key"]["group"].as_str().unwrap().to_string(), value);
            }
        });
        for (id, group) in shard.all_groups() {
            let crate::group::Membership::Classic(classic) = &group.membership else { continue };
            let record::Record::Classic { value: Some(value), .. } = classic.record(|m| m.assignment.clone())
            else {
                panic!("a group has a record")
            };
            assert_eq!(*value, decode_value(&last[&**id]).unwrap(), "{id}");
        }
    }
}
