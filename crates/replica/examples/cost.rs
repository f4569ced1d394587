//! Measures what a produced batch costs on its way to its offset.
//!
//! `cargo run --release -p ottla-replica --example cost`

#![allow(clippy::disallowed_methods, reason = "it measures time")]
#![allow(clippy::print_stdout, reason = "it tells what it measured")]
#![allow(clippy::unwrap_used, reason = "nothing here comes from outside")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ottla_records::{Batch, BatchBuilder, BatchHeader, BatchOptions, Codec, Compression, TimestampType};
use ottla_replica::{
    Acks, Event, Origin, Recovered, Recovery, Replica, Replicas, Rules, Scratch, Settings, validate,
};

const NOW: i64 = 1_750_000_000_000;
const MEASURED: Duration = Duration::from_millis(500);

fn main() {
    for producers in [0, 1, 100, 10_000] {
        measure_append(producers);
    }
    for (records, value_size) in [(1, 900), (10, 100), (128, 1_000), (1_000, 100)] {
        for compression in
            [Compression::None, Compression::Lz4, Compression::Snappy, Compression::Zstd, Compression::Gzip]
        {
            measure_validate(&batch(records, value_size, compression), compression);
        }
    }
    measure_append_time(&batch(128, 1_000, Compression::None));
}

fn measure_append(producers: i64) {
    let mut replica = leader();
    let mut headers: Vec<_> =
        (0..producers.max(1)).map(|id| header(if producers == 0 { -1 } else { id })).collect();
    let mut at = 0;
    let cost = time(|| {
        // All in turn, but never neighbours.
        at = (at + 7_919) % headers.len();
        let header = &mut headers[at];
        black_box(replica.append(header, Acks::All, Origin::Client, None)).unwrap();
        header.base_sequence = (header.base_sequence + 1) & i32::MAX;
    });
    println!("append, {producers} idempotent producers: {cost} ns");
}

fn measure_validate(batch: &Batch, compression: Compression) {
    let (rules, mut scratch) = (Rules::default(), Scratch::default());
    let cost = time(|| {
        black_box(validate(batch.bytes(), &rules, NOW, &mut scratch)).unwrap();
    });
    let crc = time(|| assert!(black_box(batch).crc_is_valid()));
    let (count, size) = (batch.header().record_count, batch.size_in_bytes());
    println!(
        "validate, {count} records in {size} bytes, {compression}: {cost} ns, of which {crc} for the checksum"
    );
}

fn measure_append_time(batch: &Batch) {
    let rules = Rules { timestamp_type: TimestampType::LogAppendTime, ..Rules::default() };
    let mut scratch = Scratch::default();
    let cost = time(|| {
        black_box(validate(batch.bytes(), &rules, NOW, &mut scratch)).unwrap();
    });
    println!("validate, {} bytes, LogAppendTime: {cost} ns", batch.size_in_bytes());
}

/// Nanoseconds for each call, the best of five.
fn time(mut call: impl FnMut()) -> u128 {
    (0..5).map(|_| time_once(&mut call)).min().unwrap()
}

fn time_once(call: &mut impl FnMut()) -> u128 {
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < MEASURED / 5 {
        (0..1_000).for_each(|_| call());
        calls += 1_000;
    }
    start.elapsed().as_nanos() / calls
}

fn leader() -> Replica {
    let recovered = Recovered { high_watermark: 0, durable_end: 0 };
    let mut replica = Recovery::new(0, 0, []).finish(NOW, recovered, Settings::default());
    replica.on(NOW, &Event::BecomeLeader { epoch: 0, replicas: Replicas::default() }, &mut Vec::new());
    replica
}

fn header(producer_id: i64) -> BatchHeader {
    BatchHeader {
        producer_id,
        producer_epoch: 0,
        base_sequence: 0,
        ..*batch(1, 10, Compression::None).header()
    }
}

/// Half of each value is text, half of it noise.
fn batch(records: usize, value_size: usize, compression: Compression) -> Batch {
    let mut builder =
        BatchBuilder::new(BatchOptions { codec: Codec::from(compression), ..BatchOptions::default() });
    let mut noise = 1_u64;
    for record in 0..records {
        let value: Vec<u8> = (0..value_size)
            .map(|at| {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if at % 2 == 0 { b"a few words "[at % 12] } else { noise.to_be_bytes()[0] }
            })
            .collect();
        let timestamp = NOW + i64::try_from(record).unwrap();
        builder.append(timestamp, Some(b"some-key"), Some(&value), &[]).unwrap();
    }
    builder.build().unwrap()
}
