//! What Apache Kafka answers to each produced batch, and stores of it, is what this crate answers and leaves to store.

#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod common;

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_replica::{
    Acks, Appended, InvalidBatch, Origin, Place, Recovered, Recovery, Refusal, Replica, Rules, Scratch,
    Settings, validate,
};
use serde_json::Value;

use common::refusals::error_code;

/// After the timestamps of all vectors.
const NOW: i64 = 1_750_000_000_000;

/// Where Kafka answers UNKNOWN_SERVER_ERROR, this is better: the code tells the client what is wrong, and not to
/// try again.
const BETTER_ANSWERS: [(&str, i64); 18] = [
    ("bad/codec-5", 76),
    ("bad/codec-6", 76),
    ("bad/codec-7", 76),
    ("bad/gzip/not-compressed", 87),
    ("bad/gzip/truncated-payload", 87),
    ("bad/lz4/block-checksum", 87),
    ("bad/lz4/frame-checksum", 87),
    ("bad/lz4/frame-magic", 87),
    ("bad/lz4/frame-version", 87),
    ("bad/lz4/linked-blocks", 87),
    ("bad/lz4/not-compressed", 87),
    ("bad/lz4/truncated-payload", 87),
    ("bad/record/length-overlong-varint", 87),
    ("bad/record/length-varint-unended", 87),
    ("bad/snappy/not-compressed", 87),
    ("bad/snappy/truncated-payload", 87),
    ("bad/zstd/not-compressed", 87),
    ("bad/zstd/truncated-payload", 87),
];

/// What a client is told, and what is stored.
#[derive(Debug, PartialEq)]
struct Answer {
    error_code: i64,
    message: Option<String>,
    base_offset: i64,
    log_append_time: i64,
    log_start_offset: i64,
    record_errors: Vec<Value>,
    stored: Option<Bytes>,
}

#[test]
fn every_produced_batch_is_answered_and_stored_as_kafka_does() {
    let batches = batches();
    let vectors = common::testdata("produce.jsonl.gz");
    let mut better = Vec::new();
    for line in vectors.lines().map(common::parse) {
        let name = line["name"].as_str().unwrap();
        let mut expected = kafkas_answer(&line);
        let ours = answer(&batches[name]);
        if expected.error_code == -1 {
            better.push((name.to_owned(), ours.error_code));
            expected.error_code = ours.error_code;
        }
        assert_eq!(ours, expected, "{name}");
    }
    better.sort();
    assert_eq!(vectors.lines().count(), 180);
    assert_eq!(better, BETTER_ANSWERS.map(|(name, code)| (name.to_owned(), code)));
}

fn batches() -> BTreeMap<String, Bytes> {
    let lines = common::testdata("batches.jsonl.gz");
    let entry = |line: Value| (text(&line["name"]).unwrap(), common::hex(line["hex"].as_str().unwrap()));
    lines.lines().map(common::parse).map(entry).collect()
}

fn kafkas_answer(line: &Value) -> Answer {
    Answer {
        error_code: line["errorCode"].as_i64().unwrap(),
        message: text(&line["errorMessage"]),
        base_offset: line["baseOffset"].as_i64().unwrap(),
        log_append_time: line["logAppendTimeMs"].as_i64().unwrap(),
        log_start_offset: line["logStartOffset"].as_i64().unwrap(),
        record_errors: line["recordErrors"].as_array().unwrap().clone(),
        stored: line["stored"].as_str().filter(|stored| !stored.is_empty()).map(common::hex),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// As the broker answers for a new partition with default configs.
fn answer(bytes: &Bytes) -> Answer {
    let validated = match validate(bytes, &Rules::default(), NOW, &mut Scratch::default()) {
        Ok(validated) => validated,
        Err(refusal) => return refused(&refusal),
    };
    let mut replica = new_leader();
    let appended = replica.append(validated.header(), Acks::All, Origin::Client, None).unwrap();
    let Appended::New(Place { base_offset, leader_epoch, .. }) = appended else { panic!("{appended:?}") };
    Answer {
        error_code: 0,
        message: None,
        base_offset,
        log_append_time: validated.log_append_time.unwrap_or(-1),
        log_start_offset: replica.log_start_offset(),
        record_errors: Vec::new(),
        stored: Some(validated.batch.assign(base_offset, leader_epoch).to_bytes()),
    }
}

fn refused(refusal: &Refusal) -> Answer {
    Answer {
        error_code: error_code(refusal).into(),
        message: refusal.message(&"topic-0"),
        base_offset: -1,
        log_append_time: -1,
        log_start_offset: if refusal.tells_log_start() { 0 } else { -1 },
        record_errors: refusal.record_errors().iter().map(|error| error.message(&"topic-0").into()).collect(),
        stored: None,
    }
}

fn new_leader() -> Replica {
    let recovered = Recovered { high_watermark: 0, durable_end: 0 };
    let mut replica = Recovery::new(0, 0, []).finish(NOW, recovered, Settings::default());
    let lead = ottla_replica::Event::BecomeLeader { epoch: 0, replicas: ottla_replica::Replicas::default() };
    replica.on(NOW, &lead, &mut Vec::new());
    replica
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_batch_passes_or_panics() {
    let batches = batches();
    for name in
        ["v2/three", "v2/headers", "v2/gzip/three", "v2/snappy/three", "v2/lz4/three", "v2/zstd/three"]
    {
        let bytes = &batches[name];
        for end in 0..bytes.len() {
            let refused = validate(&bytes.slice(..end), &Rules::default(), NOW, &mut Scratch::default());
            assert_eq!(refused, Err(Refusal::Invalid(InvalidBatch::None)), "{name} cut at {end}");
        }
        for bit in 8 * 16..8 * bytes.len() {
            let mut flipped = bytes.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let result = validate(&flipped.into(), &Rules::default(), NOW, &mut Scratch::default());
            assert!(result.is_err(), "{name} with bit {bit} flipped");
        }
    }
}
