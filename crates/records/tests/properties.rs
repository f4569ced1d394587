//! What holds for every batch: it is read as it was built, and no damage makes a reader panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use bytes::Bytes;
use common::{Dice, all_vectors, mutate, read_everything};
use ottla_records::{
    Batch, BatchBuilder, BatchOptions, Batches, Codec, Compression, HeaderView, Limits, Record, TimestampType,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Input {
    gap: i64,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Input {
    fn headers(&self) -> Vec<HeaderView<'_>> {
        self.headers.iter().map(|(key, value)| HeaderView { key, value: value.as_deref() }).collect()
    }

    fn is(&self, record: &Record) -> bool {
        let headers: Vec<_> = record.headers.views().collect();
        self.key.as_deref() == record.key.as_deref()
            && self.value.as_deref() == record.value.as_deref()
            && self.headers() == headers
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    // Bytes of few kinds, so that there is something to compress; long ones cross the varints' borders.
    prop_oneof![4 => vec(0_u8..4, 0..20), 2 => vec(any::<u8>(), 60..200), 1 => vec(0_u8..4, 8_000..20_000)]
}

fn input() -> impl Strategy<Value = Input> {
    let timestamp = prop_oneof![4 => 1_700_000_000_000..1_700_000_100_000_i64, 1 => -1..i64::MAX];
    (0..1_000_i64, timestamp, option::of(text()), option::of(text()), vec((text(), option::of(text())), 0..3))
        .prop_map(|(gap, timestamp, key, value, headers)| Input { gap, timestamp, key, value, headers })
}

fn codec() -> impl Strategy<Value = Codec> {
    let compression = prop_oneof![
        Just(Compression::None),
        Just(Compression::Gzip),
        Just(Compression::Snappy),
        Just(Compression::Lz4),
        Just(Compression::Zstd),
    ];
    (compression, option::of(-5..12)).prop_map(|(compression, level)| Codec { compression, level })
}

fn options() -> impl Strategy<Value = BatchOptions> {
    let producer = (any::<i64>(), any::<i16>(), any::<i32>());
    let place = (0..i64::MAX / 2, any::<i32>());
    (codec(), place, producer, any::<bool>(), any::<bool>(), option::of(0..1_800_000_000_000_i64)).prop_map(
        |(codec, (base_offset, leader_epoch), producer, transactional, control, delete_horizon)| {
            let (producer_id, producer_epoch, base_sequence) = producer;
            BatchOptions {
                base_offset,
                leader_epoch,
                codec,
                producer_id,
                producer_epoch,
                base_sequence,
                transactional,
                control,
                delete_horizon,
                ..BatchOptions::default()
            }
        },
    )
}

fn build(options: BatchOptions, inputs: &[Input]) -> Batch {
    let mut builder = BatchBuilder::new(options);
    for input in inputs {
        let offset = builder.next_offset() + input.gap;
        builder
            .append_at(
                offset,
                input.timestamp,
                input.key.as_deref(),
                input.value.as_deref(),
                &input.headers(),
            )
            .unwrap();
    }
    builder.build().unwrap()
}

fn read(batch: &Batch) -> Vec<Record> {
    batch.records(&Limits::default()).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Offsets and timestamps as the batch was asked for.
fn expected_places(base_offset: i64, inputs: &[Input]) -> Vec<(i64, i64)> {
    let mut next = base_offset;
    let place = |input: &Input| {
        let offset = next + input.gap;
        next = offset + 1;
        (offset, input.timestamp)
    };
    inputs.iter().map(place).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_batch_is_read_as_it_was_built(options in options(), inputs in vec(input(), 0..12)) {
        let built = build(options, &inputs);
        let batch = Batch::parse(built.bytes().clone()).unwrap();
        prop_assert_eq!(batch.header(), built.header());
        prop_assert!(batch.crc_is_valid());

        let records = read(&batch);
        prop_assert_eq!(records.len(), inputs.len());
        prop_assert!(inputs.iter().zip(&records).all(|(input, record)| input.is(record)));
        let places: Vec<_> = records.iter().map(|record| (record.offset, record.timestamp)).collect();
        let expected = expected_places(options.base_offset, &inputs);
        let last_offset = expected.last().map_or(options.base_offset - 1, |&(offset, _)| offset);
        let max_timestamp = expected.iter().map(|&(_, timestamp)| timestamp).max().unwrap_or(-1);
        prop_assert_eq!(places, expected);
        prop_assert_eq!(batch.header().last_offset(), last_offset);
        prop_assert_eq!(batch.header().max_timestamp, max_timestamp);
        prop_assert_eq!(batch.header().delete_horizon(), options.delete_horizon);
    }

    #[test]
    fn a_rebuilt_batch_is_the_same(options in options(), inputs in vec(input(), 1..12)) {
        let options = BatchOptions { codec: Codec::from(options.codec.compression), ..options };
        let batch = build(options, &inputs);
        let mut builder = BatchBuilder::new(BatchOptions::replacing(batch.header()).unwrap());
        let mut scratch = Vec::new();
        for view in batch.record_views(&Limits::default(), &mut scratch).unwrap() {
            builder.append_view(&view.unwrap()).unwrap();
        }
        prop_assert_eq!(builder.build().unwrap(), batch);
    }

    #[test]
    fn an_assigned_batch_is_the_batch_elsewhere(
        options in options(), inputs in vec(input(), 0..5), base_offset: i64, leader_epoch: i32, time: i64,
    ) {
        let batch = build(options, &inputs);
        let assigned = batch.clone().assign(base_offset, leader_epoch);
        let stored = Batch::parse(assigned.to_bytes()).unwrap();
        prop_assert_eq!(stored.header(), assigned.header());
        prop_assert_eq!(stored.payload(), batch.payload());
        prop_assert_eq!((stored.header().base_offset, stored.header().leader_epoch), (base_offset, leader_epoch));
        prop_assert!(stored.crc_is_valid());

        let stamped = batch.assign_with_time(base_offset, leader_epoch, TimestampType::LogAppendTime, time);
        let stored = Batch::parse(stamped.to_bytes()).unwrap();
        prop_assert_eq!(stored.header(), stamped.header());
        prop_assert!(stored.crc_is_valid());
        prop_assert!(read(&stored).iter().all(|record| record.timestamp == time));
    }

    #[test]
    fn batches_end_where_they_are_cut(options in options(), inputs in vec(input(), 0..4), cut: prop::sample::Index) {
        let bytes = build(options, &inputs).into_bytes();
        let twice = Bytes::from([bytes.clone(), bytes.clone()].concat());
        let cut = cut.index(twice.len());
        let mut batches = Batches::new(twice.slice(..cut));
        let found = batches.by_ref().filter_map(Result::ok).count();
        prop_assert_eq!(found, cut / bytes.len());
        prop_assert_eq!(batches.position(), found * bytes.len());
        prop_assert_eq!(batches.unread().len(), cut % bytes.len());
    }

    #[test]
    fn bytes_of_any_kind_do_not_make_a_reader_panic(bytes in vec(any::<u8>(), 0..300)) {
        read_everything(Bytes::from(bytes), &Limits::default(), &mut Vec::new());
    }

    #[test]
    fn any_payload_of_any_codec_does_not_make_a_reader_panic(
        codec in codec(), payload in vec(any::<u8>(), 0..300), record_count in 0..20_i32,
    ) {
        let mut header = *build(BatchOptions { codec, ..BatchOptions::default() }, &[]).header();
        header.attributes = header.attributes.with_compression(codec.compression);
        header.record_count = record_count;
        header.length += i32::try_from(payload.len()).unwrap();
        let bytes = [&header.encode()[..], &payload].concat();
        read_everything(Bytes::from(bytes), &Limits::default(), &mut Vec::new());
    }
}

#[test]
fn damaged_vectors_do_not_make_a_reader_panic() {
    let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let mut scratch = Vec::new();
    let mut dice = Dice::new(7);
    for vector in all_vectors() {
        for _ in 0..200 {
            read_everything(mutate(&vector, &mut dice), &limits, &mut scratch);
        }
    }
}
