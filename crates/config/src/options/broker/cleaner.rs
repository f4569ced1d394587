//! Compaction.

use crate::option::{ConfigOption, boolean, double, int, long};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    boolean("log.cleaner.enable").default("true")
        .doc("Whether compacted topics are compacted."),
    int("log.cleaner.threads").default("1").at_least(0).cluster_wide().ignored()
        .doc("Threads that compact; here one, which compacts the dirtiest log first."),
    double("log.cleaner.io.max.bytes.per.second").default("1.7976931348623157E308").cluster_wide()
        .ignored()
        .doc("The most that compaction reads and writes in a second; not limited here yet."),
    long("log.cleaner.dedupe.buffer.size").default("134217728").cluster_wide()
        .doc("The memory for the keys of what is compacted."),
    int("log.cleaner.io.buffer.size").default("524288").at_least(0).cluster_wide().ignored()
        .doc("Kafka's buffers for compaction; here batches are read as they lie."),
    double("log.cleaner.io.buffer.load.factor").default("0.9").cluster_wide().ignored()
        .doc("How full Kafka's key table may get."),
    long("log.cleaner.backoff.ms").default("15000").at_least(0).cluster_wide()
        .doc("The pause when there is nothing to compact."),
    double("log.cleaner.min.cleanable.ratio").default("0.5").fraction(0.0, 1.0).cluster_wide()
        .doc("The part of a log that must be new before it is compacted; the default of min.cleanable.dirty.ratio."),
    long("log.cleaner.delete.retention.ms").default("86400000").at_least(0).cluster_wide()
        .doc("How long tombstones stay; the default of delete.retention.ms."),
    long("log.cleaner.min.compaction.lag.ms").default("0").at_least(0).cluster_wide()
        .doc("How long a record stays uncompacted at least; the default of min.compaction.lag.ms."),
    long("log.cleaner.max.compaction.lag.ms").default("9223372036854775807").at_least(1).cluster_wide()
        .doc("After how long a record is compacted at the latest; the default of max.compaction.lag.ms."),
];
