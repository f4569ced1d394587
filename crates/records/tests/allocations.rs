//! What reading costs in memory: nothing for a batch that is passed on, never more than the limits for any other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use allocation_counter::measure;
use bytes::Bytes;
use common::{Dice, all_vectors, mutate, read_everything};
use ottla_records::{
    BatchBuilder, BatchOptions, Batches, Codec, Compression, Limits, NO_LEADER_EPOCH, TimestampType,
};

fn batch(codec: Codec) -> Bytes {
    let mut builder = BatchBuilder::new(BatchOptions { codec, ..BatchOptions::default() });
    for timestamp in 0..50 {
        builder.append(timestamp, Some(b"key"), Some(&[7; 100]), &[]).unwrap();
    }
    builder.build().unwrap().into_bytes()
}

#[test]
fn a_batch_is_checked_and_assigned_without_allocating() {
    let bytes = batch(Codec::default());
    // Bytes that are shared from the start, as those of a frame are.
    let shared = bytes.clone();
    let mut scratch = Vec::new();
    let counted = measure(|| {
        for batch in Batches::new(shared.clone()) {
            let batch = batch.unwrap();
            assert!(batch.crc_is_valid());
            let records = batch.record_views(&Limits::default(), &mut scratch).unwrap();
            assert_eq!(records.filter(Result::is_ok).count(), 50);
            let assigned = batch.clone().assign(100, NO_LEADER_EPOCH);
            assert_eq!(assigned.header().last_offset(), 149);
            let stamped = batch.assign_with_time(100, 0, TimestampType::LogAppendTime, 5);
            assert_eq!(stamped.size_in_bytes(), shared.len());
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn compressed_batches_are_checked_in_a_buffer_that_is_used_again() {
    for compression in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let bytes = batch(compression.into());
        let mut scratch = Vec::new();
        let mut check = || {
            let batch = Batches::new(bytes.clone()).next().unwrap().unwrap();
            let records = batch.record_views(&Limits::default(), &mut scratch).unwrap();
            assert_eq!(records.filter(Result::is_ok).count(), 50);
        };
        check();
        assert_eq!(measure(check).count_total, 0, "{compression}");
    }
}

/// What a thread keeps for the codecs, and small change.
const FIXED_COSTS: usize = 128 << 10;

#[test]
fn damaged_batches_never_take_more_memory_than_the_limits() {
    let limits = Limits { unpacked_bytes_max: 1 << 20, ratio_max: 100, ratio_free_bytes: 64 << 10 };
    let vectors = all_vectors();
    let mut dice = Dice::new(1);
    for round in 0..20_000 {
        let bytes = mutate(&vectors[dice.below(vectors.len())], &mut dice);
        let allowed = limits.allowed(bytes.len());
        let mut scratch = Vec::new();
        let counted = measure(|| read_everything(bytes.clone(), &limits, &mut scratch));
        let peak = usize::try_from(counted.bytes_max).unwrap();
        // The same payload is unpacked twice: for slices, which are dropped, and into the scratch buffer.
        assert!(peak <= 2 * allowed + FIXED_COSTS, "round {round}: {peak} bytes, {allowed} allowed");
        assert!(scratch.capacity() <= allowed, "round {round}");
    }
}
