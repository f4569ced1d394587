//! Every vector that Kafka's own classes wrote: the same batches, the same records, the same refusals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use bytes::Bytes;
use common::describe::describe;
use ottla_records::{
    BatchBuilder, BatchError, BatchErrorKind, BatchHeader, BatchOptions, Batches, ControlKey, ControlType,
    EndTransactionMarker, Entries, Entry, EntryHeader, HeaderView, Limits, NO_TIMESTAMP, Record, RecordFault,
    TimestampType,
};
use serde_json::{Value, json};

struct Vector {
    name: String,
    bytes: Bytes,
    line: Value,
}

fn vectors() -> Vec<Vector> {
    common::json_lines("batches.jsonl.gz").into_iter().map(vector).collect()
}

fn vector(line: Value) -> Vector {
    let name = line["name"].as_str().unwrap().to_owned();
    Vector { name, bytes: common::from_hex(line["hex"].as_str().unwrap()), line }
}

/// What a reader finds, as the vectors describe it.
struct Found {
    batches: Vec<Value>,
    error: Option<BatchError>,
    unread: usize,
}

fn read(bytes: Bytes) -> Found {
    let mut entries = Entries::new(bytes);
    let mut batches = Vec::new();
    let mut error = None;
    for entry in entries.by_ref() {
        match entry.map_err(BatchError::from).and_then(|entry| describe(&entry)) {
            Ok(batch) => batches.push(batch),
            Err(found) => {
                error = Some(found);
                break;
            }
        }
    }
    // Kafka's reader does not complain of an incomplete batch at the end.
    let error = error.filter(|error| error.kind() != BatchErrorKind::Incomplete);
    Found { batches, error, unread: entries.unread().len() }
}

/// Whether our error says what Kafka's exception does.
fn is_same_error(kafka: &str, ours: &BatchError) -> bool {
    let kind = match kafka.split_once(':').unwrap() {
        ("CorruptRecordException", _) => BatchErrorKind::Corrupt,
        ("InvalidRecordException", _) => BatchErrorKind::Invalid,
        ("KafkaException", _) => BatchErrorKind::Undecodable,
        ("IllegalArgumentException", message) if message.contains("Unknown compression type") => {
            BatchErrorKind::UnknownCompression
        }
        ("IllegalArgumentException", message) if message.contains("Varint is too long") => {
            return matches!(ours, BatchError::BadRecord { fault: RecordFault::LengthVarint, .. });
        }
        other => panic!("an exception without a kind: {other:?}"),
    };
    ours.kind() == kind
}

#[test]
fn every_vector_gives_what_kafka_reads_from_it() {
    for Vector { name, bytes, line } in vectors() {
        let found = read(bytes);
        match (line["error"].as_str(), &found.error) {
            (None, None) => {}
            (Some(kafka), Some(ours)) if is_same_error(kafka, ours) => {}
            (kafka, ours) => panic!("{name}: Kafka says {kafka:?}, we say {ours:?}"),
        }
        assert_eq!(json!(found.batches), line["batches"], "{name}");
        assert_eq!(json!(found.unread), line["unread"], "{name}");
    }
}

/// The error code that a node answers with for an error of this kind.
fn kafkas_code(error: &BatchError) -> i64 {
    const UNKNOWN_SERVER_ERROR: i64 = -1;
    const CORRUPT_MESSAGE: i64 = 2;
    const INVALID_RECORD: i64 = 87;
    match error.kind() {
        _ if matches!(error, BatchError::BadRecord { fault: RecordFault::LengthVarint, .. }) => {
            UNKNOWN_SERVER_ERROR
        }
        BatchErrorKind::Corrupt => CORRUPT_MESSAGE,
        BatchErrorKind::Invalid | BatchErrorKind::Incomplete => INVALID_RECORD,
        BatchErrorKind::UnknownCompression | BatchErrorKind::Undecodable => UNKNOWN_SERVER_ERROR,
        BatchErrorKind::TooLarge => panic!("no vector is beyond the limits"),
    }
}

#[test]
fn the_kind_of_an_error_tells_the_code_that_a_node_answers_with() {
    let answers: Vec<Value> = common::json_lines("produce.jsonl.gz");
    for (Vector { name, bytes, .. }, answer) in vectors().into_iter().zip(answers) {
        assert_eq!(json!(name), answer["name"]);
        let batch = Batches::new(bytes).next().expect("no vector is empty").map_err(BatchError::from);
        let result = batch.and_then(|batch| {
            batch.check_crc()?;
            batch.record_views(&Limits::default(), &mut Vec::new())?.try_for_each(|view| view.map(drop))
        });
        if let Err(error) = result {
            assert_eq!(json!(kafkas_code(&error)), answer["errorCode"], "{name}: {error}");
        }
    }
}

#[test]
fn a_header_alone_tells_what_the_entry_does() {
    for Vector { name, bytes, .. } in vectors() {
        for entry in Entries::new(bytes).filter_map(Result::ok) {
            let head = &entry.bytes()[..entry.size_in_bytes().min(EntryHeader::SIZE_MAX)];
            let header = EntryHeader::parse(head).unwrap();
            assert_eq!(header, entry.header(), "{name}");
            assert_eq!(header.size_in_bytes(), entry.size_in_bytes(), "{name}");
        }
    }
}

#[test]
fn views_give_the_same_records_and_errors_as_slices() {
    let mut scratch = Vec::new();
    for Vector { name, bytes, .. } in vectors() {
        for entry in Entries::new(bytes).filter_map(Result::ok) {
            let Entry::Batch(batch) = entry else { continue };
            let limits = Limits::default();
            let slices: Result<Vec<Record>, _> = batch.records(&limits).and_then(Iterator::collect);
            let views: Result<Vec<_>, _> =
                batch.record_views(&limits, &mut scratch).and_then(Iterator::collect);
            let slices = slices.as_ref().map(|records| records.iter().map(Record::view).collect());
            assert_eq!(slices.map_err(Clone::clone), views, "{name}");
        }
    }
}

/// Vectors whose bytes no header field or record determines: another writer's padding, unused bits.
const NOT_REBUILT: [&str; 4] = [
    "v2/record/padded-varints",
    "v2/record/attributes-set",
    "v2/attributes-unused-bits",
    "v2/max-timestamp-wrong",
];

#[test]
fn uncompressed_batches_are_built_byte_for_byte() {
    let mut built = 0;
    for Vector { name, bytes, line } in vectors() {
        if !line["error"].is_null() || NOT_REBUILT.contains(&name.as_str()) {
            continue;
        }
        for entry in Entries::new(bytes).filter_map(Result::ok) {
            let Entry::Batch(batch) = entry else { continue };
            if batch.header().compression() != Ok(ottla_records::Compression::None) {
                continue;
            }
            assert_eq!(rebuild(&batch), batch.bytes(), "{name}");
            built += 1;
        }
    }
    assert_eq!(built, 34, "of the 38 there are");
}

/// Builds a batch anew from the records and the header's fields.
fn rebuild(batch: &ottla_records::Batch) -> Bytes {
    let header = batch.header();
    let mut options = BatchOptions::replacing(header).unwrap();
    if header.record_count == 0 {
        options.max_timestamp = Some(header.max_timestamp);
    }
    let records: Vec<Record> = batch.records(&Limits::default()).unwrap().collect::<Result<_, _>>().unwrap();
    let mut builder = BatchBuilder::new(options);
    for record in with_create_time(records, header) {
        let headers: Vec<HeaderView<'_>> = record.headers.views().collect();
        builder
            .append_at(
                record.offset,
                record.timestamp,
                record.key.as_deref(),
                record.value.as_deref(),
                &headers,
            )
            .unwrap();
    }
    builder.build().unwrap().into_bytes()
}

/// Records with the time of their append have lost their own, which the vector made in steps of 7 ms.
fn with_create_time(records: Vec<Record>, header: &BatchHeader) -> Vec<Record> {
    let mut timestamp = header.base_timestamp;
    let correct = |mut record: Record| {
        if header.timestamp_type() == TimestampType::LogAppendTime {
            record.timestamp = timestamp;
            timestamp += 7;
        }
        record
    };
    records.into_iter().map(correct).collect()
}

#[test]
fn control_records_say_what_their_vectors_are_called() {
    let cases = [
        ("v2/control/abort", ControlType::Abort),
        ("v2/control/commit", ControlType::Commit),
        ("v2/control/leader-change", ControlType::LeaderChange),
        ("v2/control/snapshot-header", ControlType::SnapshotHeader),
        ("v2/control/snapshot-footer", ControlType::SnapshotFooter),
        ("v2/control/kraft-version", ControlType::KRaftVersion),
        ("v2/control/voters", ControlType::KRaftVoters),
    ];
    let vectors = vectors();
    for (name, control_type) in cases {
        let vector = vectors.iter().find(|vector| vector.name == name).unwrap();
        let record = only_record(vector.bytes.clone());
        let key = record.key.unwrap();
        assert_eq!(ControlKey::parse(&key), Ok(control_type.key()), "{name}");
        assert_eq!(control_type.key().encode(), *key, "{name}");
    }
}

fn only_record(bytes: Bytes) -> Record {
    let entry = Entries::new(bytes).next().unwrap().unwrap();
    entry.records(&Limits::default()).unwrap().next().unwrap().unwrap()
}

#[test]
fn end_transaction_markers_are_built_byte_for_byte() {
    for (name, control_type) in
        [("v2/control/abort", ControlType::Abort), ("v2/control/commit", ControlType::Commit)]
    {
        let bytes = vectors().into_iter().find(|vector| vector.name == name).unwrap().bytes;
        let record = only_record(bytes.clone());
        let marker = EndTransactionMarker::parse(&record.value.unwrap()).unwrap();
        let header = BatchHeader::parse(&bytes).unwrap();
        let batch =
            marker.to_batch(control_type, record.timestamp, header.producer_id, header.producer_epoch);
        let batch = batch.assign(header.base_offset, header.leader_epoch).to_bytes();
        assert_eq!(batch, bytes, "{name}");
    }
}

#[test]
fn log_append_time_is_set_as_kafka_sets_it() {
    let vectors = vectors();
    let bytes_of = |name: &str| vectors.iter().find(|vector| vector.name == name).unwrap().bytes.clone();
    for (produced, stored) in [
        ("v2/three", "v2/log-append-time"),
        ("v2/gzip/three", "v2/gzip/log-append-time"),
        ("v2/zstd/three", "v2/zstd/log-append-time"),
    ] {
        let stored = bytes_of(stored);
        let header = BatchHeader::parse(&stored).unwrap();
        assert_ne!(header.max_timestamp, NO_TIMESTAMP);
        let batch = ottla_records::Batch::parse(bytes_of(produced)).unwrap();
        let assigned = batch.assign_with_time(
            header.base_offset,
            header.leader_epoch,
            TimestampType::LogAppendTime,
            header.max_timestamp,
        );
        assert_eq!(assigned.to_bytes(), stored, "{produced}");
        assert_eq!(*assigned.header(), header, "{produced}");
        assert!(assigned.to_batch().crc_is_valid(), "{produced}");
    }
}
