//! Replication; a single node keeps one replica of everything.

use crate::option::{ConfigOption, boolean, int, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    long("replica.high.watermark.checkpoint.interval.ms").default("5000").high().ignored()
        .doc("How often high watermarks are written to disk; here with the recovery points, since a single node knows them without."),
    long("replica.lag.time.max.ms").default("30000").high().ignored()
        .doc("How long a follower may lag before it leaves the in-sync replicas."),
    int("replica.socket.timeout.ms").default("30000").high().ignored()
        .doc("How long a follower waits for its leader's answer."),
    int("replica.socket.receive.buffer.bytes").default("65536").high().ignored()
        .doc("The receive buffer of a follower's connections."),
    int("replica.fetch.max.bytes").default("1048576").at_least(0).ignored()
        .doc("The most that a follower fetches of one partition."),
    int("replica.fetch.wait.max.ms").default("500").high().ignored()
        .doc("How long a leader lets a follower's fetch wait for records."),
    int("replica.fetch.backoff.ms").default("1000").at_least(0).ignored()
        .doc("The pause after a failed fetch of a follower."),
    int("replica.fetch.min.bytes").default("1").high().ignored()
        .doc("The bytes that a follower's fetch waits for."),
    int("replica.fetch.response.max.bytes").default("10485760").at_least(0).ignored()
        .doc("The most that one fetch of a follower returns."),
    int("num.replica.fetchers").default("1").at_least(1).high().cluster_wide().ignored()
        .doc("Threads that fetch from each leader."),
    boolean("auto.leader.rebalance.enable").default("true").high().ignored()
        .doc("Whether leadership goes back to the preferred replicas by itself."),
    long("leader.imbalance.check.interval.seconds").default("300").at_least(1).high().ignored()
        .doc("How often that is looked at."),
    string("replica.selector.class").ignored()
        .doc("A Java plug-in that chooses the replica to fetch from."),
    boolean("follower.fetch.last.tiered.offset.enable").default("false").cluster_wide().ignored()
        .doc("Whether an empty follower starts behind what lies in remote storage."),
    long("unclean.leader.election.interval.ms").default("300000").at_least(1).unlisted().ignored()
        .doc("How often partitions without a leader are looked for."),
    long("leader.replication.throttled.rate").at_least(0).cluster_wide().unlisted().ignored()
        .doc("Bytes in a second that throttled replicas are sent where this broker leads."),
    long("follower.replication.throttled.rate").at_least(0).cluster_wide().unlisted()
        .ignored()
        .doc("Bytes in a second that throttled replicas fetch where this broker follows."),
    long("replica.alter.log.dirs.io.max.bytes.per.second").at_least(0).cluster_wide()
        .unlisted().ignored()
        .doc("Bytes in a second that replicas use to move between directories."),
];
