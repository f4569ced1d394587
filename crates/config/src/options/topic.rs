//! Topics.

use crate::option::{ConfigOption, boolean, double, int, list, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("segment.bytes").default("1073741824").at_least(1_048_576).falls_back_to("log.segment.bytes")
        .doc("The size at which a segment file is closed and the next one begins."),
    long("segment.ms").default("604800000").at_least(1).falls_back_to("log.roll.ms")
        .doc("The age at which a segment is closed even if it is not full, so that retention and compaction can reach it."),
    long("segment.jitter.ms").default("0").at_least(0).falls_back_to("log.roll.jitter.ms")
        .doc("The most that is taken off segment.ms at random, so that not all segments are closed at once."),
    int("segment.index.bytes").default("10485760").at_least(4).falls_back_to("log.index.size.max.bytes")
        .doc("The size of the offset index at which its segment is closed."),
    long("flush.messages").default("9223372036854775807").at_least(1)
        .falls_back_to("log.flush.interval.messages")
        .doc("With durability os, the records after which a segment is flushed; the batch that makes so many is acknowledged after it. The journal flushes each anyway."),
    long("flush.ms").default("9223372036854775807").at_least(0).falls_back_to("log.flush.interval.ms")
        .doc("With durability os, the time after which a segment with new records is flushed in the background. The journal flushes each batch anyway."),
    long("retention.bytes").default("-1").falls_back_to("log.retention.bytes")
        .doc("How large a partition may grow before its oldest segments are deleted; -1 for no limit."),
    long("retention.ms").default("604800000").at_least(-1).falls_back_to("log.retention.ms")
        .doc("The maximum time we will retain a log before its oldest segments are deleted; -1 for ever."),
    int("max.message.bytes").default("1048588").at_least(0).falls_back_to("message.max.bytes")
        .doc("The largest record batch, as it is sent, that is accepted."),
    int("index.interval.bytes").default("4096").at_least(0).falls_back_to("log.index.interval.bytes")
        .doc("The bytes between two entries of the offset index."),
    long("delete.retention.ms").default("86400000").at_least(0)
        .falls_back_to("log.cleaner.delete.retention.ms")
        .doc("How long a tombstone of a compacted topic stays, so that a reader from the beginning sees it."),
    long("min.compaction.lag.ms").default("0").at_least(0)
        .falls_back_to("log.cleaner.min.compaction.lag.ms")
        .doc("How long a record stays uncompacted at least."),
    long("max.compaction.lag.ms").default("9223372036854775807").at_least(1)
        .falls_back_to("log.cleaner.max.compaction.lag.ms")
        .doc("After how long a record is compacted at the latest."),
    long("file.delete.delay.ms").default("60000").at_least(0).falls_back_to("log.segment.delete.delay.ms")
        .doc("How long the files of a deleted segment stay on disk."),
    double("min.cleanable.dirty.ratio").default("0.5").fraction(0.0, 1.0)
        .falls_back_to("log.cleaner.min.cleanable.ratio")
        .doc("The part of a log that must be new before it is compacted."),
    list("cleanup.policy").default("delete").items(&["compact", "delete"])
        .falls_back_to("log.cleanup.policy")
        .doc("Whether old segments are deleted, compacted or both; empty keeps everything."),
    boolean("unclean.leader.election.enable").default("false")
        .falls_back_to("unclean.leader.election.enable").ignored()
        .doc("Whether a replica that is not in sync may lead, at the cost of records."),
    int("min.insync.replicas").default("1").at_least(1).falls_back_to("min.insync.replicas")
        .doc("The in-sync replicas without which an acks=all produce is refused."),
    string("compression.type").default("producer")
        .one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"])
        .falls_back_to("compression.type")
        .doc("How batches are compressed on disk, or producer to keep what was sent."),
    int("compression.gzip.level").default("-1").between_or(1, 9, -1).falls_back_to("compression.gzip.level")
        .doc("The level if compression.type is gzip."),
    int("compression.lz4.level").default("9").between(1, 17).falls_back_to("compression.lz4.level")
        .doc("The level if compression.type is lz4."),
    int("compression.zstd.level").default("3").between(-131_072, 22).falls_back_to("compression.zstd.level")
        .doc("The level if compression.type is zstd."),
    boolean("preallocate").default("false").falls_back_to("log.preallocate")
        .doc("Whether the disk gives a segment room for segment.bytes when it begins, which it gives back when it is closed."),
    string("message.timestamp.type").default("CreateTime").one_of(&["CreateTime", "LogAppendTime"])
        .falls_back_to("log.message.timestamp.type")
        .doc("Whether records keep the time of their producer or get that of the broker."),
    long("message.timestamp.before.max.ms").default("9223372036854775807").at_least(0)
        .falls_back_to("log.message.timestamp.before.max.ms")
        .doc("How far a record's time may lie before the broker's; only with CreateTime."),
    long("message.timestamp.after.max.ms").default("3600000").at_least(0)
        .falls_back_to("log.message.timestamp.after.max.ms")
        .doc("How far a record's time may lie after the broker's; only with CreateTime."),
    list("leader.replication.throttled.replicas").default("").throttled_replicas().ignored()
        .doc("Replicas that are throttled where they lead, as partition:broker, or * for all."),
    list("follower.replication.throttled.replicas").default("").throttled_replicas().ignored()
        .doc("Replicas that are throttled where they follow, as partition:broker, or * for all."),
    boolean("remote.storage.enable").default("false").ignored()
        .doc("Whether old segments go to remote storage, which is not there yet."),
    long("local.retention.ms").default("-2").at_least(-2).falls_back_to("log.local.retention.ms").ignored()
        .doc("How long records also stay on local disks; -2 for retention.ms."),
    long("local.retention.bytes").default("-2").at_least(-2).falls_back_to("log.local.retention.bytes")
        .ignored()
        .doc("How much of a partition also stays on local disks; -2 for retention.bytes."),
    boolean("remote.log.copy.disable").default("false").ignored()
        .doc("Whether a topic with remote storage stops to copy segments there."),
    boolean("remote.log.delete.on.disable").default("false").ignored()
        .doc("Whether remote segments go when remote storage is switched off."),
    int("internal.segment.bytes").unlisted()
        .doc("segment.bytes without its lower bound, for tests alone."),
    string("ottla.durability").default("journal").one_of(&["journal", "os"]).falls_back_to("ottla.log.durability")
        .doc("Where acknowledged records are: journal, on stable storage; os, in the page cache as with Kafka."),
];
