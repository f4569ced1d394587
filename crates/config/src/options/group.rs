//! Groups.

use crate::option::{ConfigOption, boolean, int, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("consumer.session.timeout.ms").default("45000").at_least(1)
        .falls_back_to("group.consumer.session.timeout.ms")
        .doc("How long a member of a consumer group may be silent before it is removed."),
    int("consumer.heartbeat.interval.ms").default("5000").at_least(1)
        .falls_back_to("group.consumer.heartbeat.interval.ms")
        .doc("How often a member of a consumer group sends a heartbeat."),
    int("consumer.assignment.interval.ms").default("1000").at_least(0)
        .falls_back_to("group.consumer.assignment.interval.ms")
        .doc("The least time between two assignments of a consumer group."),
    int("share.session.timeout.ms").default("45000").at_least(1)
        .falls_back_to("group.share.session.timeout.ms")
        .doc("How long a member of a share group may be silent before it is removed."),
    int("share.heartbeat.interval.ms").default("5000").at_least(1)
        .falls_back_to("group.share.heartbeat.interval.ms")
        .doc("How often a member of a share group sends a heartbeat."),
    int("share.record.lock.duration.ms").default("30000").at_least(1000)
        .falls_back_to("group.share.record.lock.duration.ms")
        .doc("How long a delivered record is held for its consumer."),
    int("share.delivery.count.limit").default("5").at_least(2)
        .falls_back_to("group.share.delivery.count.limit")
        .doc("How often a record is delivered before it is given up."),
    int("share.partition.max.record.locks").default("2000").at_least(100)
        .falls_back_to("group.share.partition.max.record.locks")
        .doc("Records of a partition that may be held at once."),
    string("share.auto.offset.reset").default("latest").offset_reset()
        .doc("Where a new share group begins: earliest, latest or by_duration:PnDTnHnMn.nS ago."),
    string("share.isolation.level").default("read_uncommitted")
        .one_of(&["read_committed", "read_uncommitted"])
        .doc("Whether records of open and aborted transactions are delivered."),
    boolean("share.renew.acknowledge.enable").default("true")
        .doc("Whether consumers may prolong the hold on a record."),
    int("share.assignment.interval.ms").default("1000").at_least(0)
        .falls_back_to("group.share.assignment.interval.ms")
        .doc("The least time between two assignments of a share group."),
    int("streams.session.timeout.ms").default("45000").at_least(1)
        .falls_back_to("group.streams.session.timeout.ms")
        .doc("How long a member of a streams group may be silent before it is removed."),
    int("streams.heartbeat.interval.ms").default("5000").at_least(1)
        .falls_back_to("group.streams.heartbeat.interval.ms")
        .doc("How often a member of a streams group sends a heartbeat."),
    int("streams.num.standby.replicas").default("0").at_least(0)
        .falls_back_to("group.streams.num.standby.replicas")
        .doc("The standby copies of each task."),
    int("streams.initial.rebalance.delay.ms").default("3000").at_least(0)
        .falls_back_to("group.streams.initial.rebalance.delay.ms")
        .doc("How long the first assignment of a streams group waits for more members."),
    int("streams.assignment.interval.ms").default("1000").at_least(0)
        .falls_back_to("group.streams.assignment.interval.ms")
        .doc("The least time between two assignments of a streams group."),
];
