//! Creating topics and the defaults of their settings that are no part of the log.

use crate::option::{ConfigOption, boolean, class, int, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    boolean("auto.create.topics.enable").default("true").high()
        .doc("Whether a topic that a client asks for comes into being."),
    boolean("delete.topic.enable").default("true").high()
        .doc("Whether topics can be deleted."),
    int("num.partitions").default("1").at_least(1)
        .doc("The partitions of a topic that is created without a number of its own."),
    int("default.replication.factor").default("1")
        .doc("The replicas of a topic that is created without a number of its own."),
    int("min.insync.replicas").default("1").at_least(1).high().cluster_wide()
        .doc("The in-sync replicas that an acks=all produce needs; topics override it."),
    boolean("unclean.leader.election.enable").default("false").high().cluster_wide().ignored()
        .doc("Whether a replica that is not in sync may lead, at the cost of records; topics override it."),
    int("message.max.bytes").default("1048588").at_least(0).high().cluster_wide()
        .doc("The largest batch, as it is sent, that is accepted; the default of max.message.bytes."),
    string("compression.type").default("producer")
        .one_of(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]).high().cluster_wide()
        .doc("How batches are compressed on disk, or producer to keep what was sent; topics override it."),
    int("compression.gzip.level").default("-1").between_or(1, 9, -1).cluster_wide()
        .doc("The gzip level of batches that the broker compresses."),
    int("compression.lz4.level").default("9").between(1, 17).cluster_wide()
        .doc("The lz4 level of batches that the broker compresses."),
    int("compression.zstd.level").default("3").between(-131_072, 22).cluster_wide()
        .doc("The zstd level of batches that the broker compresses."),
    class("create.topic.policy.class.name").low().ignored()
        .doc("A Java plug-in that judges new topics."),
    class("alter.config.policy.class.name").low().ignored()
        .doc("A Java plug-in that judges changes of the configuration."),
];
