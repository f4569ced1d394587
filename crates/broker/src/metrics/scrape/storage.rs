//! The data directory: the journal, what waits in memory, and the room that is left.

use super::requests::put_seconds;
use crate::{
    Broker,
    metrics::text::{Exposition, Family, Labels},
};

const OFFLINE_DIRECTORIES: Family = Family::gauge(
    "kafka_log_logmanager_offlinelogdirectorycount",
    "Log directories that failed; the first one ends the process.",
);
const FLUSHES: Family = Family::histogram(
    "ottla_journal_flush_seconds",
    "What a sync of the journal took. All that was produced meanwhile shares the next one.",
);
const BATCHES: Family =
    Family::histogram("ottla_journal_flush_batches", "Batches that one sync made durable.");
const WRITTEN: Family =
    Family::counter("ottla_journal_written_bytes_total", "Bytes that went to the journal.");
const QUEUED: Family = Family::gauge(
    "ottla_journal_queued_bytes",
    "Bytes of batches that wait for the journal, or are being written.",
);
const NEEDED: Family = Family::gauge(
    "ottla_journal_needed_bytes",
    "Journal files whose batches are not all in synced segments.",
);
const FILES: Family = Family::gauge("ottla_journal_file_bytes", "All files of the journal.");
const LIMIT: Family =
    Family::gauge("ottla_journal_limit_bytes", "Beyond which producers wait until segments are synced.");
const UNWRITTEN: Family =
    Family::gauge("ottla_unwritten_bytes", "Bytes in memory that are in no segment file yet.");
const FETCH_SESSIONS: Family = Family::gauge("ottla_fetch_sessions", "Open fetch sessions.");
const COLD_READS: Family = Family::histogram(
    "ottla_cold_read_seconds",
    "What readers waited for the disk, for bytes that were not in the page cache.",
);
const DISK_FREE: Family =
    Family::gauge("ottla_disk_free_bytes", "Room on the file system of the data directory.");
const DISK_TOTAL: Family =
    Family::gauge("ottla_disk_total_bytes", "The size of the file system of the data directory.");
const DISK_IS_LOW: Family =
    Family::gauge("ottla_disk_is_low", "1 while produce is refused because the disk is nearly full.");

/// Bounds are one below powers of two: 1, 3, 7 and so on to 4095 batches.
const BATCH_BOUNDS: std::ops::RangeInclusive<u32> = 1..=12;

pub(super) fn write(broker: &Broker, out: &mut Exposition<'_>) {
    write_journal(broker, out);
    let storage = &broker.storage;
    out.one(&UNWRITTEN, storage.room.unwritten_bytes());
    out.one(&FETCH_SESSIONS, broker.fetch_sessions.len());
    put_seconds(&mut out.family(&COLD_READS), &Labels::NONE, &broker.cold_reads.times.counts());
    out.one(&OFFLINE_DIRECTORIES, 0_u64);
    out.one(&DISK_IS_LOW, storage.room.space_is_low());
    if let Ok(space) = storage.files.disk().free_space(&storage.dir) {
        out.one(&DISK_FREE, space.free);
        out.one(&DISK_TOTAL, space.total);
    }
}

fn write_journal(broker: &Broker, out: &mut Exposition<'_>) {
    let metrics = &broker.metrics.journal;
    put_seconds(&mut out.family(&FLUSHES), &Labels::NONE, &metrics.flushes.counts());
    write_batches(broker, out);
    out.one(&WRITTEN, metrics.written());
    let journal = &broker.storage.journal;
    let usage = journal.usage();
    out.one(&QUEUED, journal.queued_bytes());
    out.one(&NEEDED, usage.needed);
    out.one(&FILES, usage.total);
    out.one(&LIMIT, usage.limit);
}

fn write_batches(broker: &Broker, out: &mut Exposition<'_>) {
    let counts = broker.metrics.journal.batches.counts();
    let mut batches = out.family(&BATCHES);
    for exponent in BATCH_BOUNDS {
        let bound = (1_u64 << exponent) - 1;
        batches.put_with("_bucket", &Labels::of("le", bound), counts.below(exponent));
    }
    let total = counts.total();
    batches.put_with("_bucket", &Labels::of("le", "+Inf"), total);
    batches.put_with("_sum", &Labels::NONE, counts.sum);
    batches.put_with("_count", &Labels::NONE, total);
}
