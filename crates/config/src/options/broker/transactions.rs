//! Producers and transactions.

use crate::option::{ConfigOption, boolean, int, short};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    int("producer.id.expiration.ms").default("86400000").at_least(1).low().cluster_wide()
        .doc("How long a partition remembers a producer that sends nothing."),
    int("transactional.id.expiration.ms").default("604800000").at_least(1).high()
        .doc("How long a transactional id without a transaction is remembered."),
    int("transaction.max.timeout.ms").default("900000").at_least(1).high()
        .doc("The longest transaction timeout that a producer may ask for."),
    int("transaction.state.log.min.isr").default("2").at_least(1).high()
        .doc("The in-sync replicas that writes to __transaction_state need."),
    int("transaction.state.log.load.buffer.size").default("5242880").at_least(1).high().ignored()
        .doc("The size of reads when a transaction coordinator loads its partition."),
    short("transaction.state.log.replication.factor").default("3").at_least(1).high()
        .doc("The replicas of __transaction_state."),
    int("transaction.state.log.num.partitions").default("50").at_least(1).high()
        .doc("The partitions of __transaction_state."),
    int("transaction.state.log.segment.bytes").default("104857600").at_least(1).high()
        .doc("The size of the segments of __transaction_state."),
    boolean("transaction.partition.verification.enable").default("true").low().cluster_wide().ignored()
        .doc("Whether a partition asks the coordinator before it accepts transactional records."),
    int("transaction.abort.timed.out.transaction.cleanup.interval.ms").default("10000").at_least(1).low()
        .doc("How often transactions that took too long are aborted."),
    int("transaction.remove.expired.transaction.cleanup.interval.ms").default("3600000").at_least(1).low()
        .doc("How often expired transactional ids are removed."),
    boolean("transaction.two.phase.commit.enable").default("false").low().ignored()
        .doc("Whether transactions may take part in two-phase commits."),
    int("add.partitions.to.txn.retry.backoff.max.ms").default("100").at_least(0).high()
        .doc("The longest pause between two tries to add a partition to a transaction."),
    int("add.partitions.to.txn.retry.backoff.ms").default("20").at_least(1).high()
        .doc("The pause between two tries to add a partition to a transaction."),
    int("producer.id.expiration.check.interval.ms").default("600000").at_least(1).low().unlisted()
        .doc("How often producers that are to be forgotten are looked for."),
];
