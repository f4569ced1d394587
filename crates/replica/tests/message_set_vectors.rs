//! What a leader of Apache Kafka 3.9.1 stores of the messages of old producers, and refuses, is what this crate does.

#![allow(clippy::unwrap_used, reason = "a test ends at what it does not expect")]

mod common;

use bytes::Bytes;
use ottla_records::{Batch, BatchHeader, Compression, Limits, Record, TimestampType};
use ottla_replica::{Converted, Rules, Scratch, validate, validate_any_version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use common::refusals::error_code;

fn lines() -> Vec<Value> {
    let text = common::testdata("downconversion.jsonl.gz");
    text.lines().map(common::parse).filter(|line| line["magic"] == 2).collect()
}

fn rules(line: &Value) -> Rules {
    let timestamp_type = match line["timestampType"].as_str().unwrap() {
        "LogAppendTime" => TimestampType::LogAppendTime,
        _ => TimestampType::CreateTime,
    };
    Rules { timestamp_type, ..Rules::default() }
}

fn kafkas_code(error: &str) -> i16 {
    match error {
        error if error.contains("InvalidTimestampException") => 32,
        error if error.contains("CorruptRecordException") => 2,
        error if error.contains("InvalidRecordException") => 87,
        error => panic!("{error}"),
    }
}

fn read(batch: &Batch) -> Vec<Record> {
    batch.records(&Limits::default()).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_message_set_is_stored_or_refused_as_kafka_does() {
    let lines = lines();
    assert_eq!(lines.len(), 66);
    for line in &lines {
        let what = format!("{} {}", line["name"], line["timestampType"]);
        let bytes = common::hex(line["from"].as_str().unwrap());
        let now = line["now"].as_i64().unwrap();
        let ours = validate_any_version(&bytes, &rules(line), now, &mut Scratch::default());
        match line["error"].as_str() {
            Some(error) => assert_eq!(error_code(&ours.unwrap_err()), kafkas_code(error), "{what}"),
            None => check_stored(&ours.unwrap().unwrap(), line, &what),
        }
    }
}

fn check_stored(ours: &Converted, line: &Value, what: &str) {
    assert!(ours.is_converted, "{what}");
    let ours = Batch::parse(ours.validated.batch.clone().assign(0, 0).to_bytes()).unwrap();
    let theirs = Batch::parse(common::hex(line["hex"].as_str().unwrap())).unwrap();
    assert!(ours.crc_is_valid(), "{what}");
    assert_eq!(read(&ours), read(&theirs), "{what}");
    if theirs.header().compression() == Ok(Compression::None) {
        assert_eq!(ours, theirs, "{what}");
    }
    // Compressed bytes are not the same from one library to another.
    let of = |header: &BatchHeader| BatchHeader { length: 0, crc: 0, ..*header };
    assert_eq!(of(ours.header()), of(theirs.header()), "{what}");
}

/// A message of version 1 without key and value.
fn message(magic: u8) -> Bytes {
    let name = format!("v{magic}/none");
    let line = lines().into_iter().find(|line| line["name"] == name.as_str()).unwrap();
    common::hex(line["from"].as_str().unwrap())
}

#[test]
fn an_incomplete_message_is_cut_off_and_alone_it_is_nothing() {
    let run = |bytes: &Bytes| validate_any_version(bytes, &Rules::default(), 0, &mut Scratch::default());
    let whole = message(0);
    let count = |bytes: &Bytes| run(bytes).unwrap().map(|c| c.validated.header().record_count);
    assert_eq!(count(&whole), Some(4));
    assert_eq!(count(&whole.slice(..whole.len() - 1)), Some(3));
    assert_eq!(count(&whole.slice(..10)), None);
    assert_eq!(count(&whole.slice(..20)), None);
    assert_eq!(count(&Bytes::new()), None);
}

#[test]
fn requests_of_today_take_no_messages() {
    for magic in [0, 1] {
        let refused = validate(&message(magic), &Rules::default(), 0, &mut Scratch::default()).unwrap_err();
        assert_eq!(error_code(&refused), 87);
    }
}

#[test]
fn limits_hold_for_each_message_and_for_the_batch_that_is_made() {
    let set = message(1);
    let check = |message_bytes_max, expected| {
        let rules = Rules { message_bytes_max, ..Rules::default() };
        let result = validate_any_version(&set, &rules, 1_700_000_100_000, &mut Scratch::default());
        assert_eq!(
            result.map_err(|refusal| error_code(&refusal)).map(|_| ()),
            expected,
            "{message_bytes_max}"
        );
    };
    check(97, Ok(()));
    check(96, Err(10));
    check(20, Err(10));
}

#[test]
fn a_compacted_topic_takes_no_message_without_a_key() {
    let rules = Rules { compacted: true, ..Rules::default() };
    let refused = validate_any_version(&message(1), &rules, 1_700_000_100_000, &mut Scratch::default());
    assert_eq!(error_code(&refused.unwrap_err()), 87);
}

/// Without the right one, nothing that is behind the first message's checksum would be looked at.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.get(8..12).and_then(|length| length.try_into().ok()).map_or(0, i32::from_be_bytes);
    let end = usize::try_from(length).unwrap_or(0).saturating_add(12);
    if let Some(checked) = bytes.get(16..end) {
        let mut crc = flate2::Crc::new();
        crc.update(checked);
        bytes[12..16].copy_from_slice(&crc.sum().to_be_bytes());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_of_damaged_messages_can_be_read(
        set in any::<Index>(),
        damages in vec(any::<(Index, u8)>(), 0..3),
    ) {
        let lines = LINES.get_or_init(lines);
        let mut bytes = common::hex(set.get(lines)["from"].as_str().unwrap()).to_vec();
        for (index, value) in damages {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let bytes = with_checksum(bytes);
        let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
        let rules = Rules { limits, ..Rules::default() };
        let accepted = validate_any_version(&bytes.into(), &rules, 1_700_000_100_000, &mut Scratch::default());
        let Ok(Some(Converted { validated, .. })) = accepted else { return Ok(()) };
        prop_assert!(validated.batch.crc_is_valid());
        let count = validated.batch.records(&limits).unwrap().map(Result::unwrap).count();
        prop_assert_eq!(i32::try_from(count).unwrap(), validated.header().record_count);
        prop_assert_eq!(validated.header().last_offset_delta, validated.header().record_count - 1);
    }
}

static LINES: std::sync::OnceLock<Vec<Value>> = std::sync::OnceLock::new();
