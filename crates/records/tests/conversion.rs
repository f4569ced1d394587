//! What clients that know messages of the versions 0 and 1 alone are given: what Apache Kafka 3.9.1 gives them, within
//! bounds, and never anything that they cannot read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use bytes::Bytes;
use common::describe::describe;
use common::{Dice, all_vectors, from_hex, json_lines, mutate, read_everything};
use ottla_records::{
    Batch, BatchBuilder, BatchError, BatchOptions, Codec, Compression, Conversion, Entries, Entry, Limits,
    Record, Room,
};
use serde_json::{Value, json};

/// Its offsets do not ascend. Kafka's writer of messages has no way to say so; a client that reads batches gets its
/// records as they are, and so does one that reads messages.
const KAFKA_CANNOT: &str = "v2/record/unordered-offsets";

fn entries(bytes: Bytes) -> Vec<Entry> {
    Entries::new(bytes).map(Result::unwrap).collect()
}

fn records(bytes: Bytes) -> Vec<Record> {
    let limits = Limits::default();
    let records = |entry: Entry| entry.records(&limits).unwrap().map(Result::unwrap).collect::<Vec<_>>();
    entries(bytes).into_iter().flat_map(records).collect()
}

/// Converts as far as it goes.
fn convert(mut conversion: Conversion, bytes: Bytes) -> (Bytes, Option<BatchError>) {
    let mut error = None;
    for entry in Entries::new(bytes).map_while(Result::ok) {
        match conversion.add(&entry) {
            Ok(Room::Left) => {}
            Ok(Room::Full) => break,
            Err(refused) => {
                error = Some(refused);
                break;
            }
        }
    }
    (Bytes::from(conversion.into_messages()), error)
}

/// The header as the vectors have it. Compressed bytes are not the same from one library to another.
fn without_bytes(mut described: Value) -> Value {
    let map = described.as_object_mut().unwrap();
    map.remove("records");
    if map["compression"] != "none" {
        map.remove("size");
        map.remove("crc");
    }
    described
}

#[test]
fn every_good_batch_is_given_as_kafka_gives_it() {
    let mut seen = 0;
    for line in json_lines("downconversion.jsonl.gz").into_iter().filter(|line| line["magic"] != 2) {
        check(&line);
        seen += 1;
    }
    assert_eq!(seen, 230);
}

fn check(line: &Value) {
    let magic = i8::try_from(line["magic"].as_i64().unwrap()).unwrap();
    let what = format!("{} to {magic} from {}", line["name"], line["fetchOffset"]);
    let from = line["fetchOffset"].as_i64().unwrap();
    let conversion = Conversion::new(magic, from, usize::MAX, Limits::default());
    let (ours, error) = convert(conversion, from_hex(line["from"].as_str().unwrap()));
    if line["name"] == KAFKA_CANNOT {
        assert_eq!(error, None, "{what}");
        let offsets: Vec<_> = records(ours).iter().map(|record| record.offset).collect();
        assert_eq!(offsets, [1, 0], "{what}");
        return;
    }
    let is_zstd = matches!(error, Some(BatchError::CompressionTooNew { .. }));
    assert_eq!(is_zstd, !line["error"].is_null(), "{what}: {error:?}");
    assert_eq!(error.is_some(), is_zstd, "{what}: {error:?}");
    let theirs = from_hex(line["hex"].as_str().unwrap());
    let described: Vec<_> = entries(ours.clone()).iter().map(|entry| describe(entry).unwrap()).collect();
    let headers: Vec<_> = described.into_iter().map(without_bytes).collect();
    let expected: Vec<_> = line["batches"].as_array().unwrap().iter().cloned().map(without_bytes).collect();
    assert_eq!(json!(headers), json!(expected), "{what}");
    assert_eq!(records(ours.clone()), records(theirs.clone()), "{what}");
    if expected.iter().all(|header| header["compression"] == "none") {
        assert_eq!(ours, theirs, "{what}");
    }
}

fn batch(compression: Compression, values: &[&[u8]]) -> Batch {
    let mut builder = BatchBuilder::new(BatchOptions {
        base_offset: 1_000,
        codec: Codec::from(compression),
        ..BatchOptions::default()
    });
    for value in values {
        builder.append(7, Some(b"key"), Some(value), &[]).unwrap();
    }
    builder.build().unwrap()
}

/// Fetches again and again, from behind what it was given, as clients do.
fn fetch_all(magic: i8, bytes_max: usize, batch: &Batch) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let from = all.last().map_or(0, |last| last.offset + 1);
        let conversion = Conversion::new(magic, from, bytes_max, Limits::default());
        let (given, error) = convert(conversion, batch.bytes().clone());
        assert_eq!(error, None);
        if given.is_empty() {
            return all;
        }
        let one_alone = entries(given.clone()).len() == 1;
        assert!(given.len() <= bytes_max || one_alone, "{} bytes of {bytes_max}", given.len());
        let new: Vec<_> = records(given).into_iter().filter(|record| record.offset >= from).collect();
        assert!(!new.is_empty(), "no progress from {from}");
        all.extend(new);
    }
}

#[test]
fn however_little_the_client_takes_at_once_it_gets_every_record_once() {
    let values: Vec<Vec<u8>> = (0..300_u32).map(|i| i.to_be_bytes().repeat(2_000)).collect();
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    let wanted: Vec<_> = (1_000..).zip(&values).map(|(offset, value)| (offset, value.to_vec())).collect();
    for compression in [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4] {
        let batch = batch(compression, &values);
        for magic in [0, 1] {
            for bytes_max in [100, 100_000, 1_000_000] {
                let bytes_max = if compression == Compression::None { bytes_max * 10 } else { bytes_max };
                let got = fetch_all(magic, bytes_max, &batch);
                let got: Vec<_> = got.iter().map(|r| (r.offset, r.value.clone().unwrap().to_vec())).collect();
                assert!(got == wanted, "{compression} to {magic} within {bytes_max}: {} records", got.len());
            }
        }
    }
}

#[test]
fn a_compressed_message_takes_a_bounded_number_of_inner_messages() {
    let value = vec![0; 400_000];
    let batch = batch(Compression::Gzip, &[&value, &value, &value, &value, &value]);
    let (given, _) = convert(Conversion::new(1, 0, usize::MAX, Limits::default()), batch.bytes().clone());
    let lasts: Vec<_> = entries(given).iter().map(Entry::last_offset).collect();
    assert_eq!(lasts, [1_001, 1_003, 1_004]);
}

#[test]
fn a_batch_that_unpacks_to_more_than_the_limits_allow_is_refused() {
    let batch = batch(Compression::Gzip, &[&vec![0; 1 << 20]]);
    let limits = Limits { unpacked_bytes_max: 1 << 16, ..Limits::default() };
    let (given, error) = convert(Conversion::new(0, 0, usize::MAX, limits), batch.bytes().clone());
    assert!(given.is_empty());
    assert!(matches!(error, Some(BatchError::UnpackedTooLarge { .. })), "{error:?}");
}

#[test]
fn damaged_batches_make_no_conversion_panic_and_what_it_gives_is_whole() {
    let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let mut scratch = Vec::new();
    let mut dice = Dice::new(0x10_4e);
    for vector in all_vectors() {
        for round in 0..60_i8 {
            let damaged = mutate(&vector, &mut dice);
            let conversion = Conversion::new(round % 2, i64::from(round % 3), 1 << 18, limits);
            let (given, _) = convert(conversion, damaged);
            assert!(given.len() <= (1 << 20) * 2, "{} bytes", given.len());
            let whole: usize = entries(given.clone()).iter().map(Entry::size_in_bytes).sum();
            assert_eq!(whole, given.len());
            read_everything(given, &limits, &mut scratch);
        }
    }
}
