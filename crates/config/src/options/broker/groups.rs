//! Groups and their committed offsets.

use crate::option::{ConfigOption, int, list, long, short, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("group.min.session.timeout.ms").default("6000")
        .doc("The shortest session timeout that a member may ask for."),
    int("group.max.session.timeout.ms").default("1800000")
        .doc("The longest session timeout that a member may ask for."),
    int("group.initial.rebalance.delay.ms").default("3000")
        .doc("How long the first rebalance of a group waits for more members."),
    int("group.max.size").default("2147483647").at_least(1)
        .doc("Members that a group may have."),
    list("group.coordinator.rebalance.protocols").default("classic,consumer,streams")
        .items(&["consumer", "classic", "share", "streams"]).not_empty()
        .doc("The group protocols that are offered."),
    int("group.coordinator.threads").default("4").at_least(1).high().ignored()
        .doc("Kafka's threads for coordinators; here they share the runtime's threads."),
    int("group.coordinator.background.threads").default("2").at_least(1).high().ignored()
        .doc("Kafka's threads for slow work of coordinators."),
    int("group.coordinator.append.linger.ms").default("-1").at_least(-1).ignored()
        .doc("How long a coordinator collects records before it writes them."),
    int("group.coordinator.cached.buffer.max.bytes").default("1048588").at_least(524_288).cluster_wide()
        .ignored()
        .doc("The largest write buffer that a coordinator keeps."),
    int("offset.metadata.max.bytes").default("4096").high()
        .doc("The longest text that may be committed with an offset."),
    int("offsets.commit.timeout.ms").default("5000").at_least(1).high().ignored()
        .doc("How long a commit waits for its records to be replicated; on a single node there is nothing to wait for but the disk."),
    int("offsets.load.buffer.size").default("5242880").at_least(1).high().ignored()
        .doc("The size of reads when a coordinator loads its partition."),
    short("offsets.topic.replication.factor").default("3").at_least(1).high()
        .doc("The replicas of __consumer_offsets; never more than there are nodes."),
    int("offsets.topic.num.partitions").default("50").at_least(1).high()
        .doc("The partitions of __consumer_offsets; it must not change once the topic exists."),
    int("offsets.topic.segment.bytes").default("104857600").at_least(1).high()
        .doc("The size of the segments of __consumer_offsets."),
    int("offsets.topic.compression.codec").default("0").high()
        .doc("The codec of __consumer_offsets: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd."),
    int("offsets.retention.minutes").default("10080").at_least(1).high()
        .doc("How long the offsets of a group without members are kept."),
    long("offsets.retention.check.interval.ms").default("600000").at_least(1).high()
        .doc("How often expired offsets are looked for."),
    int("group.consumer.session.timeout.ms").default("45000").at_least(1)
        .doc("The session timeout of consumer groups; the default of consumer.session.timeout.ms."),
    int("group.consumer.min.session.timeout.ms").default("45000").at_least(1)
        .doc("The least that a group may set it to."),
    int("group.consumer.max.session.timeout.ms").default("60000").at_least(1)
        .doc("The most that a group may set it to."),
    int("group.consumer.heartbeat.interval.ms").default("5000").at_least(1)
        .doc("The heartbeat interval of consumer groups; the default of consumer.heartbeat.interval.ms."),
    int("group.consumer.min.heartbeat.interval.ms").default("5000").at_least(1)
        .doc("The least that a group may set it to."),
    int("group.consumer.max.heartbeat.interval.ms").default("15000").at_least(1)
        .doc("The most that a group may set it to."),
    int("group.consumer.max.size").default("2147483647").at_least(1).ignored()
        .doc("Members that a consumer group may have."),
    list("group.consumer.assignors").default("uniform,range").not_empty().ignored()
        .doc("The assignors of consumer groups, the default first."),
    string("group.consumer.migration.policy").default("bidirectional")
        .one_of_any_case(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]).ignored()
        .doc("Whether groups may change between the classic and the consumer protocol."),
    int("group.consumer.assignment.interval.ms").default("1000").at_least(0).cluster_wide()
        .doc("The least time between two assignments of a group; the default of consumer.assignment.interval.ms."),
    int("group.consumer.min.assignment.interval.ms").default("0").at_least(0)
        .doc("The least that a group may set it to."),
    int("group.consumer.max.assignment.interval.ms").default("15000").at_least(0)
        .doc("The most that a group may set it to."),
    int("group.streams.session.timeout.ms").default("45000").at_least(1)
        .doc("The session timeout of streams groups; the default of streams.session.timeout.ms."),
    int("group.streams.min.session.timeout.ms").default("45000").at_least(1)
        .doc("The least that a group may set it to."),
    int("group.streams.max.session.timeout.ms").default("60000").at_least(1)
        .doc("The most that a group may set it to."),
    int("group.streams.heartbeat.interval.ms").default("5000").at_least(1)
        .doc("The heartbeat interval of streams groups; the default of streams.heartbeat.interval.ms."),
    int("group.streams.min.heartbeat.interval.ms").default("5000").at_least(1)
        .doc("The least that a group may set it to."),
    int("group.streams.max.heartbeat.interval.ms").default("15000").at_least(1)
        .doc("The most that a group may set it to."),
    int("group.streams.max.size").default("2147483647").at_least(1).ignored()
        .doc("Members that a streams group may have."),
    int("group.streams.num.standby.replicas").default("0").at_least(0)
        .doc("The standby copies of each task; the default of streams.num.standby.replicas."),
    int("group.streams.max.standby.replicas").default("2").at_least(0)
        .doc("The most that a group may set it to."),
    int("group.streams.initial.rebalance.delay.ms").default("3000").at_least(0)
        .doc("How long the first assignment waits for more members; the default of streams.initial.rebalance.delay.ms."),
    int("group.streams.assignment.interval.ms").default("1000").at_least(0).cluster_wide()
        .doc("The least time between two assignments of a group; the default of streams.assignment.interval.ms."),
    int("group.streams.min.assignment.interval.ms").default("0").at_least(0)
        .doc("The least that a group may set it to."),
    int("group.streams.max.assignment.interval.ms").default("15000").at_least(0)
        .doc("The most that a group may set it to."),
    int("group.consumer.regex.refresh.interval.ms").default("600000").at_least(10_000).unlisted().ignored()
        .doc("How often patterns of subscriptions are looked up anew."),
];
