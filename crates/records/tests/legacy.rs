//! What the outer message decides, and what it does not: vectors with a byte or two changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use bytes::Bytes;
use common::json_lines;
use ottla_records::{BatchError, Entries, Entry, Limits, NO_TIMESTAMP, Record};

const ATTRIBUTES_AT: usize = 17;
const LOG_APPEND_TIME: u8 = 1 << 3;

fn vector(name: &str) -> Vec<u8> {
    let lines = json_lines("batches.jsonl.gz");
    let line = lines.iter().find(|line| line["name"] == name).unwrap();
    common::from_hex(line["hex"].as_str().unwrap()).to_vec()
}

fn entry(bytes: Vec<u8>) -> Entry {
    Entries::new(Bytes::from(bytes)).next().unwrap().unwrap()
}

fn read(entry: &Entry) -> Result<Vec<Record>, BatchError> {
    entry.records(&Limits::default())?.collect()
}

/// The offsets of the records, once the outer message has been moved to `outer_offset`.
fn offsets(name: &str, outer_offset: i64) -> Vec<i64> {
    let mut bytes = vector(name);
    bytes[..8].copy_from_slice(&outer_offset.to_be_bytes());
    let entry = entry(bytes);
    let offsets: Vec<_> = read(&entry).unwrap().iter().map(|record| record.offset).collect();
    assert_eq!(entry.base_offset(&Limits::default()), Ok(offsets[0]), "{name}");
    offsets
}

#[test]
fn inner_offsets_are_absolute_in_version_0_and_relative_in_version_1() {
    assert_eq!(offsets("v0/none", 110), [110]);
    assert_eq!(offsets("v0/compacted-wrapper", 124), [21, 24]);
    assert_eq!(offsets("v1/none", 110), [110]);
    assert_eq!(offsets("v1/compacted-wrapper", 124), [121, 124]);
    assert_eq!(offsets("v1/compacted-wrapper", i64::MAX), [i64::MAX - 3, i64::MAX]);
}

#[test]
fn the_time_of_the_append_is_for_inner_messages_that_have_timestamps() {
    let timestamps = |name: &str| {
        let mut bytes = vector(name);
        bytes[ATTRIBUTES_AT] |= LOG_APPEND_TIME;
        let entry = entry(bytes);
        let records = read(&entry).unwrap();
        let timestamps: Vec<_> = records.iter().map(|record| record.timestamp).collect();
        (timestamps, entry.max_timestamp())
    };
    let (timestamps_1, outer) = timestamps("v1/gzip");
    assert_eq!(timestamps_1, [outer; 4]);
    let (timestamps_0, _) = timestamps("v1/inner-of-other-magic");
    assert_eq!(timestamps_0, [NO_TIMESTAMP]);
}

#[test]
fn a_compressed_message_must_have_a_value() {
    let mut bytes = vector("v1/none");
    // The third of the messages has no value; so has any that says it is compressed.
    for _ in 0..2 {
        let size = entry(bytes.clone()).size_in_bytes();
        bytes.drain(..size);
    }
    bytes[ATTRIBUTES_AT] |= 1;
    assert_eq!(read(&entry(bytes)), Err(BatchError::WrapperWithoutValue));
}

#[test]
fn a_length_that_is_too_small_for_the_fields_is_refused() {
    // The smallest length that a message of version 0 can have is too small in version 1.
    let mut bytes = vector("v1/none");
    bytes[8..12].copy_from_slice(&14_i32.to_be_bytes());
    bytes.truncate(26);
    let error = BatchError::from(Entries::new(Bytes::from(bytes)).next().unwrap().unwrap_err());
    assert!(matches!(error, BatchError::BadMessage(_)), "{error}");
}
