//! Listeners, connections, requests.

use crate::option::{ConfigOption, int, list, long, string};

#[rustfmt::skip]
pub(crate) static OPTIONS: &[ConfigOption] = &[
    list("listeners").default("PLAINTEXT://127.0.0.1:9092").not_empty().high()
        .doc("The addresses to listen on, as NAME://host:port; an empty host means every interface."),
    list("advertised.listeners").not_empty().high()
        .doc("The addresses that clients are told to connect to; without it those of listeners."),
    string("listener.security.protocol.map")
        .default("SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT").low()
        .doc("The security protocol of each listener name."),
    list("early.start.listeners").high().ignored()
        .doc("Listeners that open before the others."),
    string("inter.broker.listener.name")
        .doc("The listener that brokers use among themselves."),
    string("security.inter.broker.protocol").default("PLAINTEXT")
        .one_of(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
        .doc("The protocol that brokers use among themselves, where no listener is named."),
    int("socket.send.buffer.bytes").default("102400").high()
        .doc("The send buffer of each connection's socket. -1, or nothing given: the system sizes it by what the connection needs."),
    int("socket.receive.buffer.bytes").default("102400").high()
        .doc("The receive buffer of each connection's socket. -1, or nothing given: the system sizes it by what the connection needs."),
    int("socket.request.max.bytes").default("104857600").at_least(1).high()
        .doc("The largest request that is accepted."),
    int("socket.listen.backlog.size").default("50").at_least(1)
        .doc("Connections that may wait to be accepted; 4096 if nothing is given, and no more than the system lets."),
    int("max.connections.per.ip").default("2147483647").at_least(0).cluster_wide()
        .doc("Connections that one address may hold."),
    string("max.connections.per.ip.overrides").default("").cluster_wide()
        .doc("Other limits for single addresses, as host:number."),
    int("max.connections").default("2147483647").at_least(0).cluster_wide()
        .doc("Connections that this broker holds at once; others wait. Also for a single listener, as listener.name.NAME.max.connections."),
    int("max.connection.creation.rate").default("2147483647").at_least(0).cluster_wide()
        .doc("Connections that a broker accepts in a second; others wait. Also for a single listener, as listener.name.NAME.max.connection.creation.rate."),
    long("connections.max.idle.ms").default("600000")
        .doc("How long a connection may be idle before it is closed."),
    int("connection.failed.authentication.delay.ms").default("100").at_least(0).low().ignored()
        .doc("How long the answer to a failed authentication is held back."),
    int("queued.max.requests").default("500").at_least(1).high().ignored()
        .doc("Kafka's queue between its threads; here requests are bounded by their bytes."),
    long("queued.max.request.bytes").default("-1")
        .doc("The bytes that large requests may take while they are read and served; -1 for 128 MiB."),
    int("num.network.threads").default("3").at_least(1).high().cluster_wide().ignored()
        .doc("Kafka's threads for connections; here every connection shares the runtime's threads."),
    int("num.io.threads").default("8").at_least(1).high().cluster_wide().ignored()
        .doc("Kafka's threads for requests; here every connection shares the runtime's threads."),
    int("background.threads").default("10").at_least(1).high().cluster_wide().ignored()
        .doc("Kafka's threads for background work; here it has threads of its own."),
    int("request.timeout.ms").default("30000").high().ignored()
        .doc("How long a broker waits for the answer of another."),
    long("socket.connection.setup.timeout.ms").default("10000").ignored()
        .doc("How long a broker waits for a connection to another."),
    long("socket.connection.setup.timeout.max.ms").default("30000").ignored()
        .doc("The longest such wait after repeated failures."),
    int("fetch.max.bytes").default("57671680").at_least(1024)
        .doc("The most that one fetch returns, unless the first batch is larger."),
    int("max.request.partition.size.limit").default("2000").at_least(1)
        .doc("The partitions that one DescribeTopicPartitions request may ask for."),
    int("max.incremental.fetch.session.cache.slots").default("1000").at_least(0)
        .doc("The fetch sessions that are remembered."),
    int("fetch.purgatory.purge.interval.requests").default("1000").ignored()
        .doc("Kafka's housekeeping of waiting fetches; here nothing has to be purged."),
    int("producer.purgatory.purge.interval.requests").default("1000").ignored()
        .doc("Kafka's housekeeping of waiting produces; here nothing has to be purged."),
    int("delete.records.purgatory.purge.interval.requests").default("1").ignored()
        .doc("Kafka's housekeeping of waiting deletions; here nothing has to be purged."),
];
