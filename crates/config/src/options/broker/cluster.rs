//! Who this node is, and what it keeps of the cluster's metadata.

use crate::option::{ConfigOption, boolean, int, list, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("node.id").default("1").at_least(0).high()
        .doc("This node's id; it must not change once the data directory is formatted."),
    int("broker.id").default("-1").high()
        .doc("The older name of node.id; both must agree if both are given."),
    string("broker.rack")
        .doc("The rack of this broker, reported to clients that prefer a near replica."),
    list("process.roles").default("broker,controller").items(&["broker", "controller"]).not_empty().high()
        .doc("What this process does: a single node is both broker and controller."),
    list("controller.quorum.voters").default("").voters().high()
        .doc("The controllers as id@host:port; no more than this node itself."),
    list("controller.quorum.bootstrap.servers").default("").servers().high()
        .doc("Controllers to find the others by; no more than this node itself."),
    int("controller.quorum.election.timeout.ms").default("1000").at_least(0).high().ignored()
        .doc("How long a controller waits for a leader before it stands for election."),
    int("controller.quorum.fetch.timeout.ms").default("2000").at_least(0).high().ignored()
        .doc("How long a controller goes without an answer of the leader before it looks for another."),
    int("controller.quorum.election.backoff.max.ms").default("1000").at_least(0).high().ignored()
        .doc("The longest pause between two elections."),
    int("controller.quorum.append.linger.ms").default("25").at_least(0).ignored()
        .doc("How long the leading controller collects records before it writes them."),
    int("controller.quorum.request.timeout.ms").default("2000").at_least(0).ignored()
        .doc("How long a controller waits for another's answer."),
    int("controller.quorum.retry.backoff.ms").default("20").at_least(0).low().ignored()
        .doc("The pause before a controller repeats a failed request."),
    boolean("controller.quorum.auto.join.enable").default("false").low().ignored()
        .doc("Whether a controller joins the voters by itself."),
    int("controller.quorum.fetch.snapshot.max.bytes").default("1048576").at_least(1).low().ignored()
        .doc("The most that one request for a metadata snapshot fetches."),
    int("controller.quorum.fetch.max.bytes").default("1048576").at_least(1).low().ignored()
        .doc("The most that one request for the metadata log fetches."),
    list("controller.listener.names").default("CONTROLLER").not_empty().high()
        .doc("The listeners of the controllers; clients are not told of them."),
    int("controller.socket.timeout.ms").default("30000").ignored()
        .doc("How long a broker waits for a controller's answer."),
    int("initial.broker.registration.timeout.ms").default("60000").ignored()
        .doc("How long a starting broker tries to register with a controller."),
    int("broker.heartbeat.interval.ms").default("2000").ignored()
        .doc("How often a broker reports to the controller."),
    int("broker.session.timeout.ms").default("9000").ignored()
        .doc("How long a broker may be silent before the controller fences it."),
    string("metadata.log.dir").high().ignored()
        .doc("The directory of the metadata log; here it is always in the one of log.dirs."),
    int("metadata.log.segment.bytes").default("1073741824").at_least(8_388_608).high()
        .doc("The size at which a segment of the metadata log is closed."),
    long("metadata.log.segment.ms").default("604800000").high()
        .doc("The age at which a segment of the metadata log is closed."),
    long("metadata.log.max.record.bytes.between.snapshots").default("20971520").at_least(1).high()
        .doc("How much may be appended to the metadata log before a snapshot is taken."),
    long("metadata.log.max.snapshot.interval.ms").default("3600000").at_least(0).high().ignored()
        .doc("The longest time between two metadata snapshots while there are new records; here they come after so many bytes alone."),
    long("metadata.max.retention.bytes").default("104857600").high()
        .doc("The size of metadata log and snapshots above which old ones are deleted."),
    long("metadata.max.retention.ms").default("604800000").high()
        .doc("The age above which old metadata segments and snapshots are deleted."),
    int("metadata.max.idle.interval.ms").default("500").at_least(0).low().ignored()
        .doc("How often an idle controller writes an empty record; 0 for never."),
    boolean("controlled.shutdown.enable").default("true").ignored()
        .doc("Whether partitions are moved away before a broker stops; a single node has nowhere to move them."),
    list("config.providers").default("").low().cluster_wide().ignored()
        .doc("Names of plug-ins that resolve ${...} in values."),
    boolean("unstable.api.versions.enable").default("false").high().unlisted().ignored()
        .doc("Whether versions of requests that are not final are offered."),
    boolean("unstable.feature.versions.enable").default("false").high().unlisted().ignored()
        .doc("Whether levels of features that are not final are offered."),
    long("controller.performance.sample.period.ms").default("60000").at_least(100).unlisted().ignored()
        .doc("How often the controller logs how long its events take."),
    long("controller.performance.always.log.threshold.ms").default("2000").at_least(0).unlisted().ignored()
        .doc("Events of the controller that take longer are logged."),
    long("server.max.startup.time.ms").default("9223372036854775807").at_least(0).unlisted().ignored()
        .doc("How long a start may take."),
    int("internal.metadata.log.segment.bytes").low().unlisted().ignored()
        .doc("metadata.log.segment.bytes without its lower bound, for Kafka's tests."),
    int("internal.metadata.max.batch.size.in.bytes").default("8388608").low().unlisted().ignored()
        .doc("The largest batch in Kafka's metadata log."),
    long("internal.metadata.delete.delay.millis").default("60000").low().unlisted().ignored()
        .doc("How long deleted files of Kafka's metadata log stay."),
];
