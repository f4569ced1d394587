//! What reading costs in memory: nothing for a batch that is passed on, never more than the limits for any other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytes::Bytes;
use common::{Dice, all_vectors, mutate, read_everything};
use ottla_records::{
    BatchBuilder, BatchOptions, Batches, Codec, Compression, Limits, NO_LEADER_EPOCH, TimestampType,
};

/// Counts what the thread that runs a test allocates.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn count_more(size: usize) {
    let live = LIVE.get().saturating_add(size);
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
    CALLS.set(CALLS.get() + 1);
}

fn count_less(size: usize) {
    LIVE.set(LIVE.get().saturating_sub(size));
}

// SAFETY: everything is left to the system's allocator; counting touches cells that need neither memory nor a drop.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_more(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count_less(layout.size());
        // SAFETY: the pointer is from `alloc` with this layout, which the system's allocator served.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `action`; gives how many allocations it made, and by how much they rose at most.
fn measure(action: impl FnOnce()) -> (usize, usize) {
    let (calls, live) = (CALLS.get(), LIVE.get());
    PEAK.set(live);
    action();
    (CALLS.get() - calls, PEAK.get() - live)
}

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
    let (calls, _) = measure(|| {
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
    assert_eq!(calls, 0);
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
        let (calls, _) = measure(check);
        assert_eq!(calls, 0, "{compression}");
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
        let (_, peak) = measure(|| read_everything(bytes.clone(), &limits, &mut scratch));
        // The same payload is unpacked twice: for slices, which are dropped, and into the scratch buffer.
        assert!(peak <= 2 * allowed + FIXED_COSTS, "round {round}: {peak} bytes, {allowed} allowed");
        assert!(scratch.capacity() <= allowed, "round {round}");
    }
}
