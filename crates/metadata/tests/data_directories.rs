//! The metadata logs of a node of Apache Kafka 4.3.1, record by record.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use bytes::Bytes;
use flate2::read::GzDecoder;
use ottla_metadata::{Image, ResourceKind};
use ottla_wire::messages::MetadataRecord;
use serde_json::{Value, json};

fn manifest(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name);
    let mut text = String::new();
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    GzDecoder::new(file).read_to_string(&mut text).expect("the manifest is gzip");
    serde_json::from_str(&text).expect("the manifest is JSON")
}

/// The values of all records that are no control records.
fn values(batches: &Value) -> impl Iterator<Item = Bytes> {
    let batches = batches.as_array().expect("batches").iter().filter(|batch| batch["control"] == false);
    let records = batches.flat_map(|batch| batch["records"].as_array().expect("records"));
    records.map(|record| bytes(record["value"].as_str().expect("a value")))
}

fn bytes(hex: &str) -> Bytes {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect()
}

fn log(manifest: &Value) -> Vec<Bytes> {
    let segments = manifest["logs"]["__cluster_metadata-0"]["segments"].as_array().expect("segments");
    segments.iter().flat_map(|segment| values(&segment["batches"])).collect()
}

fn replay(values: impl IntoIterator<Item = Bytes>) -> Image {
    let mut image = Image::default();
    for value in values {
        let record = MetadataRecord::decode_framed(&value).expect("a record");
        image.replay(record, &mut Vec::new()).expect("it fits what was before");
    }
    image
}

fn kind(name: &str) -> ResourceKind {
    match name {
        "TOPIC" => ResourceKind::Topic,
        "BROKER" => ResourceKind::Broker,
        "GROUP" => ResourceKind::Group,
        "CLIENT_METRICS" => ResourceKind::ClientMetrics,
        other => panic!("unknown resource type {other}"),
    }
}

/// Topics as the manifest's state has them, without what only their logs tell.
fn topics(state: &Value) -> BTreeMap<String, (String, usize)> {
    let topics = state["topics"].as_object().expect("topics").iter();
    topics
        .map(|(name, topic)| {
            let partitions = topic["partitions"].as_array().expect("partitions").len();
            (name.clone(), (topic["topicId"].as_str().expect("an id").to_owned(), partitions))
        })
        .collect()
}

fn check(name: &str, state: &str, leader_epochs: bool) {
    let manifest = manifest(name);
    let (image, state) = (replay(log(&manifest)), &manifest[state]);

    let of_image = image
        .topics()
        .iter()
        .map(|topic| (topic.name.to_string(), (kafka_id(topic.id), topic.partitions.len())));
    assert_eq!(of_image.collect::<BTreeMap<_, _>>(), topics(state));
    for topic in image.topics().iter().filter(|_| leader_epochs) {
        let epochs = &state["topics"][&*topic.name]["partitions"];
        for partition in &topic.partitions {
            let id = usize::try_from(partition.id).expect("ids are not negative");
            assert_eq!(json!(partition.leader_epoch), epochs[id]["leaderEpoch"], "{} {id}", topic.name);
        }
    }

    let features: BTreeMap<_, _> =
        image.features().iter().map(|(name, level)| (name.to_string(), *level)).collect();
    assert_eq!(json!(features), state["finalizedFeatures"]);

    // The node's own config has what its file says, too.
    for (resource_kind, resources) in state["configs"].as_object().expect("configs") {
        for (resource, configs) in resources.as_object().expect("resources") {
            let overrides = image.configs().get(kind(resource_kind), resource);
            let overrides: BTreeMap<_, _> = overrides
                .iter()
                .flat_map(|overrides| overrides.iter())
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect();
            if resource_kind == "BROKER" && resource == "1" {
                assert_eq!(json!(overrides["log.cleaner.threads"]), configs["log.cleaner.threads"]);
            } else {
                assert_eq!(json!(overrides), *configs, "{resource_kind} {resource}");
            }
        }
    }

    let users: BTreeMap<_, _> =
        image.security().credentials().map(|one| (one.name.to_string(), one.iterations)).collect();
    let scram = state["scram"].as_object().expect("users").iter();
    let expected: BTreeMap<_, _> = scram
        .map(|(user, list)| {
            (user.clone(), i32::try_from(list[0]["iterations"].as_i64().expect("a number")).expect("small"))
        })
        .collect();
    assert_eq!(users, expected);
    assert_eq!(image.quotas().iter().count(), state["quotas"].as_array().expect("quotas").len());
    assert_eq!(image.security().acls().count(), state["acls"].as_array().expect("acls").len());
}

/// URL-safe base64 without padding.
fn kafka_id(id: uuid::Uuid) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = id.as_u128();
    let digit = |i: u32| {
        let index = if i == 21 { (bits & 0b11) << 4 } else { (bits >> (122 - 6 * i)) & 0x3F };
        char::from(DIGITS[usize::try_from(index).expect("six bits")])
    };
    (0..22).map(digit).collect()
}

#[test]
fn the_log_of_a_node_that_stopped_cleanly_gives_the_state_that_it_told_its_clients() {
    // The state was asked for before the node stopped, which begins another leader epoch.
    check("data-dir-clean.json.gz", "state", false);
}

#[test]
fn the_log_of_a_node_that_was_killed_gives_the_state_that_it_told_its_clients() {
    check("data-dir-killed.json.gz", "stateBefore", true);
}

#[test]
fn each_snapshot_is_what_the_log_before_it_gives() {
    let manifest = manifest("data-dir-killed.json.gz");
    let log = &manifest["logs"]["__cluster_metadata-0"];
    let all: Vec<&Value> = log["segments"][0]["batches"].as_array().expect("batches").iter().collect();
    for snapshot in log["snapshots"].as_array().expect("snapshots") {
        let end: i64 = snapshot["file"].as_str().expect("a name")[..20].parse().expect("an offset");
        let before: Vec<&Value> = all
            .iter()
            .copied()
            .filter(|batch| batch["lastOffset"].as_i64().expect("an offset") < end)
            .collect();
        let (replayed, loaded) = (replay(values(&json!(before))), replay(values(&snapshot["batches"])));
        let written: Vec<MetadataRecord> = replayed.records().collect();
        assert_eq!(written, loaded.records().collect::<Vec<_>>(), "before {end}");
    }
}

#[test]
fn an_images_records_give_the_image_and_are_those_that_kafka_writes() {
    let manifest = manifest("data-dir-killed.json.gz");
    let image = replay(log(&manifest));
    let values: Vec<Bytes> =
        image.records().map(|record| record.encode_framed(image.record_version(&record))).collect();
    assert_eq!(replay(values.iter().cloned()), image);

    let snapshot =
        manifest["logs"]["__cluster_metadata-0"]["snapshots"].as_array().expect("snapshots").last();
    let kafkas: Vec<Bytes> = self::values(&snapshot.expect("there are some")["batches"]).collect();
    let loaded = replay(kafkas.iter().cloned());
    let ours = loaded.records().map(|record| record.encode_framed(loaded.record_version(&record)));
    assert!(as_a_set(ours) == as_a_set(kafkas), "the same records, but for their order");
}

/// Records in an order of their own. That of a broker's features is Kafka's hash map's, so its bytes are sorted.
fn as_a_set(records: impl IntoIterator<Item = Bytes>) -> Vec<Vec<u8>> {
    const REGISTER_BROKER: u8 = 0;
    let mut records: Vec<Vec<u8>> = records.into_iter().map(Vec::from).collect();
    for record in records.iter_mut().filter(|record| record[1] == REGISTER_BROKER) {
        record.sort_unstable();
    }
    records.sort_unstable();
    records
}
