//! Metrics, client telemetry and quotas.

use crate::option::{ConfigOption, class, int, list, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("metrics.num.samples").default("2").at_least(1).low().ignored()
        .doc("The samples that Kafka's metrics are computed from."),
    long("metrics.sample.window.ms").default("30000").at_least(1).low().ignored()
        .doc("The length of a sample."),
    list("metric.reporters").default("org.apache.kafka.common.metrics.JmxReporter").low().cluster_wide()
        .ignored()
        .doc("Java plug-ins that report metrics; here they are at /metrics."),
    string("metrics.recording.level").default("INFO").low().ignored()
        .doc("How detailed Kafka's metrics are."),
    list("kafka.metrics.reporters").default("").low().ignored()
        .doc("Java plug-ins that report Kafka's oldest metrics."),
    int("kafka.metrics.polling.interval.secs").default("10").at_least(1).low().ignored()
        .doc("How often these are polled."),
    int("telemetry.max.bytes").default("1048576").at_least(1).low().ignored()
        .doc("The largest push of client metrics."),
    int("quota.window.num").default("11").at_least(1).low().ignored()
        .doc("The windows that client quotas look back on."),
    int("quota.window.size.seconds").default("1").at_least(1).low().ignored()
        .doc("The length of such a window."),
    int("replication.quota.window.num").default("11").at_least(1).low().ignored()
        .doc("The windows that replication quotas look back on."),
    int("replication.quota.window.size.seconds").default("1").at_least(1).low().ignored()
        .doc("The length of such a window."),
    int("alter.log.dirs.replication.quota.window.num").default("11").at_least(1).low().ignored()
        .doc("The windows that quotas of moves between directories look back on."),
    int("alter.log.dirs.replication.quota.window.size.seconds").default("1").at_least(1).low().ignored()
        .doc("The length of such a window."),
    int("controller.quota.window.num").default("11").at_least(1).low().ignored()
        .doc("The windows that quotas of changes to the cluster look back on."),
    int("controller.quota.window.size.seconds").default("1").at_least(1).low().ignored()
        .doc("The length of such a window."),
    class("client.quota.callback.class").low().ignored()
        .doc("A Java plug-in that computes client quotas."),
];
