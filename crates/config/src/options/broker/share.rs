//! Share groups and their coordinator. Groups' own settings are bounded by these.

use crate::option::{ConfigOption, int, list, short, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("group.share.session.timeout.ms").default("45000").at_least(1)
        .doc("The session timeout of share groups; the default of share.session.timeout.ms."),
    int("group.share.min.session.timeout.ms").default("45000").at_least(1)
        .doc("The least that a group may set it to."),
    int("group.share.max.session.timeout.ms").default("60000").at_least(1)
        .doc("The most that a group may set it to."),
    int("group.share.heartbeat.interval.ms").default("5000").at_least(1)
        .doc("The heartbeat interval of share groups; the default of share.heartbeat.interval.ms."),
    int("group.share.min.heartbeat.interval.ms").default("5000").at_least(1)
        .doc("The least that a group may set it to."),
    int("group.share.max.heartbeat.interval.ms").default("15000").at_least(1)
        .doc("The most that a group may set it to."),
    int("group.share.max.size").default("200").between(1, 1000).ignored()
        .doc("Members that a share group may have."),
    list("group.share.assignors").default("simple").not_empty().ignored()
        .doc("The assignor of share groups."),
    int("group.share.assignment.interval.ms").default("1000").at_least(0).cluster_wide()
        .doc("The least time between two assignments of a group; the default of share.assignment.interval.ms."),
    int("group.share.min.assignment.interval.ms").default("0").at_least(0)
        .doc("The least that a group may set it to."),
    int("group.share.max.assignment.interval.ms").default("15000").at_least(0)
        .doc("The most that a group may set it to."),
    int("group.share.delivery.count.limit").default("5").between(2, 10)
        .doc("How often a record is delivered before it is given up; the default of share.delivery.count.limit."),
    int("group.share.min.delivery.count.limit").default("2").between(2, 5)
        .doc("The least that a group may set it to."),
    int("group.share.max.delivery.count.limit").default("10").between(5, 25)
        .doc("The most that a group may set it to."),
    int("group.share.record.lock.duration.ms").default("30000").between(1000, 3_600_000)
        .doc("How long a delivered record is held for its consumer; the default of share.record.lock.duration.ms."),
    int("group.share.min.record.lock.duration.ms").default("15000").between(1000, 30_000)
        .doc("The least that a group may set it to."),
    int("group.share.max.record.lock.duration.ms").default("60000").between(30_000, 3_600_000)
        .doc("The most that a group may set it to."),
    int("group.share.partition.max.record.locks").default("2000").between(100, 10_000)
        .doc("Records of a partition that may be held at once; the default of share.partition.max.record.locks."),
    int("group.share.min.partition.max.record.locks").default("100").between(100, 2000)
        .doc("The least that a group may set it to."),
    int("group.share.max.partition.max.record.locks").default("4000").between(2000, 10_000)
        .doc("The most that a group may set it to."),
    int("group.share.max.share.sessions").default("2000").at_least(1).ignored()
        .doc("Share sessions that are remembered."),
    int("share.fetch.purgatory.purge.interval.requests").default("1000").ignored()
        .doc("Kafka's housekeeping of waiting share fetches; here nothing has to be purged."),
    int("share.coordinator.state.topic.num.partitions").default("50").at_least(1).high().ignored()
        .doc("The partitions of __share_group_state."),
    short("share.coordinator.state.topic.replication.factor").default("3").at_least(1).high().ignored()
        .doc("The replicas of __share_group_state."),
    short("share.coordinator.state.topic.min.isr").default("2").at_least(1).high().ignored()
        .doc("The in-sync replicas that writes to __share_group_state need."),
    int("share.coordinator.state.topic.segment.bytes").default("104857600").at_least(1).high().ignored()
        .doc("The size of the segments of __share_group_state."),
    int("share.coordinator.state.topic.compression.codec").default("0").high().ignored()
        .doc("The codec of __share_group_state."),
    int("share.coordinator.threads").default("1").at_least(1).ignored()
        .doc("Kafka's threads for share coordinators."),
    int("share.coordinator.snapshot.update.records.per.snapshot").default("500").between(0, 500).ignored()
        .doc("Updates after which a share partition's state is written in full."),
    int("share.coordinator.load.buffer.size").default("5242880").at_least(1).high().ignored()
        .doc("The size of reads when a share coordinator loads its partition."),
    int("share.coordinator.append.linger.ms").default("-1").at_least(-1).ignored()
        .doc("How long a share coordinator collects records before it writes them."),
    int("share.coordinator.write.timeout.ms").default("5000").at_least(1).high().ignored()
        .doc("How long a write of a share coordinator may take."),
    int("share.coordinator.cached.buffer.max.bytes").default("1048588").at_least(524_288).cluster_wide()
        .ignored()
        .doc("The largest write buffer that a share coordinator keeps."),
    int("group.share.initialize.retry.interval.ms").default("30000").at_least(1).low().unlisted().ignored()
        .doc("The pause before a share partition's failed initialization is repeated."),
    string("group.share.persister.class.name")
        .default("org.apache.kafka.server.share.persister.DefaultStatePersister").unlisted().ignored()
        .doc("A Java plug-in that keeps the state of share groups."),
    int("share.coordinator.state.topic.prune.interval.ms").default("300000").at_least(1).low().unlisted()
        .ignored()
        .doc("How often old records of __share_group_state are deleted."),
    int("share.coordinator.cold.partition.snapshot.interval.ms").default("300000").at_least(1).low()
        .unlisted().ignored()
        .doc("How often unused share partitions' state is written in full."),
];
