//! The segments that a Kafka node left behind: compacted, transactional, of the metadata log, cut by a kill.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use std::collections::BTreeMap;

use bytes::Bytes;
use common::describe::describe;
use common::testdata;
use ottla_records::{
    Batch, BatchBuilder, BatchErrorKind, BatchOptions, Batches, Compression, Entries, Limits, TimestampType,
};
use serde_json::{Value, json};

const DATA_DIRS: [&str; 2] = ["data-dir-clean", "data-dir-killed"];

/// A segment's bytes, and what the manifest says of it.
struct Segment {
    path: String,
    bytes: Bytes,
    manifest: Value,
}

fn segments(data_dir: &str) -> Vec<Segment> {
    let files = unpack_tar(&Bytes::from(testdata(&format!("{data_dir}.tar.gz"))));
    let manifest: Value = serde_json::from_slice(&testdata(&format!("{data_dir}.json.gz"))).unwrap();
    let mut segments = Vec::new();
    for (folder, log) in manifest["logs"].as_object().unwrap() {
        for segment in log["segments"].as_array().unwrap() {
            let path = format!("data/{folder}/{}", segment["file"].as_str().unwrap());
            let bytes = files[&path].clone();
            segments.push(Segment { path, bytes, manifest: segment.clone() });
        }
    }
    segments
}

/// The files of a tar archive whose names fit its headers.
fn unpack_tar(tar: &Bytes) -> BTreeMap<String, Bytes> {
    const BLOCK: usize = 512;
    let mut files = BTreeMap::new();
    let mut position = 0;
    while tar[position] != 0 {
        let header = &tar[position..position + BLOCK];
        let size = usize::from_str_radix(text(&header[124..136]), 8).unwrap();
        let start = position + BLOCK;
        files.insert(text(&header[..100]).to_owned(), tar.slice(start..start + size));
        position = start + size.next_multiple_of(BLOCK);
    }
    files
}

/// The text before the padding.
fn text(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap().trim_end_matches(['\0', ' '])
}

/// Takes out what only a segment's manifest has.
fn as_described(mut batch: Value) -> Value {
    batch.as_object_mut().unwrap().remove("position");
    for record in batch["records"].as_array_mut().unwrap() {
        record.as_object_mut().unwrap().remove("decoded");
    }
    batch
}

#[test]
fn every_segment_holds_what_its_manifest_says() {
    for Segment { path, bytes, manifest } in DATA_DIRS.into_iter().flat_map(segments) {
        let mut expected = manifest["batches"].as_array().unwrap().iter();
        let mut entries = Entries::new(bytes);
        loop {
            let position = entries.position();
            let Some(entry) = entries.next() else { break };
            let Ok(entry) = entry.inspect_err(|positioned| {
                assert_eq!(positioned.error.kind(), BatchErrorKind::Incomplete, "{path}");
            }) else {
                break;
            };
            let batch = expected.next().unwrap();
            assert_eq!(json!(position), batch["position"], "{path}");
            assert_eq!(describe(&entry).unwrap(), as_described(batch.clone()), "{path} at {position}");
        }
        assert!(expected.next().is_none(), "{path}");
        assert_eq!(json!(entries.unread().len()), manifest["unread"], "{path}");
    }
}

#[test]
fn what_the_node_wrote_uncompressed_is_built_byte_for_byte() {
    let mut built = 0;
    for Segment { path, bytes, .. } in DATA_DIRS.into_iter().flat_map(segments) {
        for batch in Batches::new(bytes).filter_map(Result::ok) {
            let header = batch.header();
            // With the time of the append, records have lost their own.
            let knows_times = header.timestamp_type() == TimestampType::CreateTime;
            if knows_times && header.compression() == Ok(Compression::None) {
                assert_eq!(rebuild(&batch), batch, "{path} at offset {}", header.base_offset);
                built += 1;
            }
        }
    }
    assert!(built > 3_000, "only {built} batches were built");
}

fn rebuild(batch: &Batch) -> Batch {
    let mut options = BatchOptions::replacing(batch.header()).unwrap();
    if batch.header().record_count == 0 {
        options.max_timestamp = Some(batch.header().max_timestamp);
    }
    let mut builder = BatchBuilder::new(options);
    for record in batch.record_views(&Limits::default(), &mut Vec::new()).unwrap() {
        builder.append_view(&record.unwrap()).unwrap();
    }
    builder.build().unwrap()
}
