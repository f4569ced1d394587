//! Logs: files, rolling, retention, flushing.

use crate::option::{ConfigOption, boolean, int, list, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    list("log.dir").default("ottla-data").not_empty().high()
        .doc("The data directory where log.dirs is not given."),
    list("log.dirs").not_empty().high()
        .doc("The data directories."),
    list("cordoned.log.dirs").default("").per_broker().ignored()
        .doc("Data directories that take no new partitions."),
    int("log.segment.bytes").default("1073741824").at_least(1_048_576).high().cluster_wide()
        .doc("The size at which a segment is closed; the default of segment.bytes."),
    long("log.roll.ms").high().cluster_wide()
        .doc("The age at which a segment is closed; the default of segment.ms."),
    int("log.roll.hours").default("168").at_least(1).high()
        .doc("The same in hours, where log.roll.ms is not given."),
    long("log.roll.jitter.ms").high().cluster_wide()
        .doc("The most that is taken off that age at random; the default of segment.jitter.ms."),
    int("log.roll.jitter.hours").default("0").at_least(0).high()
        .doc("The same in hours, where log.roll.jitter.ms is not given."),
    long("log.retention.ms").high().cluster_wide()
        .doc("How long records are kept, -1 for ever; the default of retention.ms."),
    int("log.retention.minutes").high()
        .doc("The same in minutes, where log.retention.ms is not given."),
    int("log.retention.hours").default("168").high()
        .doc("The same in hours, where neither of the others is given."),
    long("log.retention.bytes").default("-1").high().cluster_wide()
        .doc("How large a partition may grow before old segments go, -1 for no limit; the default of retention.bytes."),
    long("log.retention.check.interval.ms").default("300000").at_least(1)
        .doc("How often logs are searched for segments to delete."),
    list("log.cleanup.policy").default("delete").items(&["compact", "delete"]).cluster_wide()
        .doc("Whether old segments are deleted, compacted or both; the default of cleanup.policy."),
    int("log.index.size.max.bytes").default("10485760").at_least(4).cluster_wide()
        .doc("The size of an offset index at which its segment is closed; the default of segment.index.bytes."),
    int("log.index.interval.bytes").default("4096").at_least(0).cluster_wide()
        .doc("The bytes between two index entries; the default of index.interval.bytes."),
    long("log.segment.delete.delay.ms").default("60000").at_least(0).high().cluster_wide()
        .doc("How long the files of a deleted segment stay; the default of file.delete.delay.ms."),
    boolean("log.preallocate").default("false").cluster_wide()
        .doc("Whether the disk gives segments room for their full size at once; the default of preallocate."),
    long("log.flush.interval.messages").default("9223372036854775807").at_least(1).high().cluster_wide()
        .doc("With durability os, the records after which a log is flushed; the default of flush.messages."),
    long("log.flush.interval.ms").high().cluster_wide()
        .doc("With durability os, the time after which a log is flushed; the default of flush.ms."),
    long("log.flush.scheduler.interval.ms").default("9223372036854775807").high()
        .doc("How often it is looked at what has waited for flush.ms (every 250 ms if not given), and that time where log.flush.interval.ms is not given."),
    int("log.flush.offset.checkpoint.interval.ms").default("60000").at_least(0).high()
        .doc("How often the recovery points are written."),
    int("log.flush.start.offset.checkpoint.interval.ms").default("60000").at_least(0).high().ignored()
        .doc("How often the log start offsets are written; here with the recovery points, on which they rely."),
    string("log.message.timestamp.type").default("CreateTime").one_of(&["CreateTime", "LogAppendTime"])
        .cluster_wide()
        .doc("Whether records keep the producer's time or get the broker's; the default of message.timestamp.type."),
    long("log.message.timestamp.before.max.ms").default("9223372036854775807").at_least(0).cluster_wide()
        .doc("How far a record's time may lie before the broker's; the default of message.timestamp.before.max.ms."),
    long("log.message.timestamp.after.max.ms").default("3600000").at_least(0).cluster_wide()
        .doc("How far a record's time may lie after the broker's; the default of message.timestamp.after.max.ms."),
    int("num.recovery.threads.per.data.dir").default("2").at_least(1).high().cluster_wide().ignored()
        .doc("Threads for recovery at the start and for closing at the end; here as many as processors, and as a disk syncs at once."),
    long("log.dir.failure.timeout.ms").default("30000").at_least(1).low().ignored()
        .doc("How long a broker runs on with a failed directory that the controller does not know of."),
    long("log.initial.task.delay.ms").default("30000").at_least(0).low().unlisted().ignored()
        .doc("How long after the start the background tasks of logs begin; here each begins after its own interval."),
    int("num.replica.alter.log.dirs.threads").high().ignored()
        .doc("Threads that move replicas between directories."),
];
