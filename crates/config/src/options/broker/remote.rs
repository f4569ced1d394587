//! Remote (tiered) storage, which is not there yet.

use crate::option::{ConfigOption, boolean, double, int, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    boolean("remote.log.storage.system.enable").default("false").ignored()
        .doc("Whether topics may use remote storage; there is none yet."),
    string("remote.log.storage.manager.impl.prefix").default("rsm.config.").not_empty().ignored()
        .doc("The prefix of the options of the storage plug-in."),
    string("remote.log.metadata.manager.impl.prefix").default("rlmm.config.").not_empty().ignored()
        .doc("The prefix of the options of the metadata plug-in."),
    string("remote.log.storage.manager.class.name").not_empty().ignored()
        .doc("The Java plug-in that stores segments."),
    string("remote.log.storage.manager.class.path").ignored()
        .doc("Where that plug-in lies."),
    string("remote.log.metadata.manager.class.name")
        .default("org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager")
        .not_empty().ignored()
        .doc("The Java plug-in that remembers what is stored."),
    string("remote.log.metadata.manager.class.path").ignored()
        .doc("Where that plug-in lies."),
    string("remote.log.metadata.manager.listener.name").not_empty().ignored()
        .doc("The listener that it uses."),
    int("remote.log.metadata.custom.metadata.max.bytes").default("128").at_least(0).low().ignored()
        .doc("The most that the storage plug-in may note with a segment."),
    long("remote.log.index.file.cache.total.size.bytes").default("1073741824").at_least(1).low()
        .cluster_wide().ignored()
        .doc("The size of the cache of remote indexes."),
    int("remote.log.manager.thread.pool.size").default("2").at_least(1).ignored()
        .doc("Threads that schedule remote tasks."),
    int("remote.log.manager.copier.thread.pool.size").default("10").at_least(1).cluster_wide().ignored()
        .doc("Threads that copy segments."),
    int("remote.log.manager.expiration.thread.pool.size").default("10").at_least(1).cluster_wide().ignored()
        .doc("Threads that delete remote segments."),
    int("remote.log.manager.follower.thread.pool.size").default("2").at_least(1).cluster_wide().ignored()
        .doc("Threads that follow remote state."),
    long("remote.log.manager.task.interval.ms").default("30000").at_least(1).low().ignored()
        .doc("How often remote tasks run."),
    int("remote.log.reader.threads").default("10").at_least(1).cluster_wide().ignored()
        .doc("Threads that read remote segments."),
    int("remote.log.reader.max.pending.tasks").default("100").at_least(1).ignored()
        .doc("Remote reads that may wait."),
    long("log.local.retention.ms").default("-2").at_least(-2).cluster_wide().ignored()
        .doc("How long records also stay on local disks, -2 for retention.ms; the default of local.retention.ms."),
    long("log.local.retention.bytes").default("-2").at_least(-2).cluster_wide().ignored()
        .doc("How much of a partition also stays on local disks, -2 for retention.bytes; the default of local.retention.bytes."),
    long("remote.log.manager.copy.max.bytes.per.second").default("9223372036854775807").at_least(1)
        .cluster_wide().ignored()
        .doc("The most that is copied in a second."),
    int("remote.log.manager.copy.quota.window.num").default("11").at_least(1).ignored()
        .doc("The windows that this limit looks back on."),
    int("remote.log.manager.copy.quota.window.size.seconds").default("1").at_least(1).ignored()
        .doc("The length of such a window."),
    long("remote.log.manager.fetch.max.bytes.per.second").default("9223372036854775807").at_least(1)
        .cluster_wide().ignored()
        .doc("The most that is read in a second."),
    int("remote.log.manager.fetch.quota.window.num").default("11").at_least(1).ignored()
        .doc("The windows that this limit looks back on."),
    int("remote.log.manager.fetch.quota.window.size.seconds").default("1").at_least(1).ignored()
        .doc("The length of such a window."),
    int("remote.fetch.max.wait.ms").default("500").at_least(1).cluster_wide().ignored()
        .doc("How long a fetch waits for remote records."),
    long("remote.list.offsets.request.timeout.ms").default("30000").at_least(1).cluster_wide().ignored()
        .doc("How long a search for an offset in remote storage may take."),
    long("remote.log.index.file.cache.ttl.ms").default("900000").at_least(-1).low().unlisted().ignored()
        .doc("How long an unused remote index stays in the cache."),
    long("remote.log.manager.task.retry.backoff.ms").default("500").at_least(1).low().unlisted().ignored()
        .doc("The pause before a failed remote task is repeated."),
    long("remote.log.manager.task.retry.backoff.max.ms").default("30000").at_least(1).low().unlisted()
        .ignored()
        .doc("The longest such pause."),
    double("remote.log.manager.task.retry.jitter").default("0.2").fraction(0.0, 0.5).low().unlisted()
        .ignored()
        .doc("The random part of such pauses."),
];
