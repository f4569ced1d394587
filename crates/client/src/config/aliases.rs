//! Other clients' names for the same options.

/// Kafka's name of an option.
pub(super) fn kafkas(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, key)| key)
}

/// Only names whose values mean the same, in the same unit.
#[rustfmt::skip]
pub(super) const ALIASES: &[(&str, &str)] = &[
    // librdkafka
    ("metadata.broker.list", "bootstrap.servers"),
    ("message.max.bytes", "max.request.size"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("socket.timeout.ms", "request.timeout.ms"),
    ("socket.send.buffer.bytes", "send.buffer.bytes"),
    ("socket.receive.buffer.bytes", "receive.buffer.bytes"),
    ("sasl.mechanisms", "sasl.mechanism"),
    ("ssl.ca.location", "ssl.truststore.location"),
    ("ssl.ca.pem", "ssl.truststore.certificates"),
    ("ssl.certificate.location", "ssl.keystore.location"),
    ("ssl.certificate.pem", "ssl.keystore.certificate.chain"),
    ("ssl.key.pem", "ssl.keystore.key"),
    ("sasl.oauthbearer.client.id", "sasl.oauthbearer.client.credentials.client.id"),
    ("sasl.oauthbearer.client.secret", "sasl.oauthbearer.client.credentials.client.secret"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("message.send.max.retries", "retries"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("request.required.acks", "acks"),
    ("compression.codec", "compression.type"),
    ("partitioner", "partitioner.class"),
    ("fetch.wait.max.ms", "fetch.max.wait.ms"),
    ("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    // sarama
    ("ClientID", "client.id"),
    ("RackID", "client.rack"),
    ("Net.MaxOpenRequests", "max.in.flight.requests.per.connection"),
    ("Net.DialTimeout", "socket.connection.setup.timeout.ms"),
    ("Net.ReadTimeout", "request.timeout.ms"),
    ("Net.SASL.Mechanism", "sasl.mechanism"),
    ("Net.SASL.User", "sasl.username"),
    ("Net.SASL.Password", "sasl.password"),
    ("Metadata.RefreshFrequency", "metadata.max.age.ms"),
    ("Metadata.AllowAutoTopicCreation", "allow.auto.create.topics"),
    ("Producer.MaxMessageBytes", "max.request.size"),
    ("Producer.RequiredAcks", "acks"),
    ("Producer.Compression", "compression.type"),
    ("Producer.Idempotent", "enable.idempotence"),
    ("Producer.Flush.Bytes", "batch.size"),
    ("Producer.Flush.Frequency", "linger.ms"),
    ("Producer.Flush.MaxMessages", "batch.num.messages"),
    ("Producer.Retry.Max", "retries"),
    ("Producer.Transaction.ID", "transactional.id"),
    ("Producer.Transaction.Timeout", "transaction.timeout.ms"),
    ("Consumer.Fetch.Min", "fetch.min.bytes"),
    ("Consumer.Fetch.Default", "max.partition.fetch.bytes"),
    ("Consumer.MaxWaitTime", "fetch.max.wait.ms"),
    ("Consumer.IsolationLevel", "isolation.level"),
    ("Consumer.Offsets.AutoCommit.Enable", "enable.auto.commit"),
    ("Consumer.Offsets.Retention", "offset.retention.ms"),
    ("Consumer.Offsets.AutoCommit.Interval", "auto.commit.interval.ms"),
    ("Consumer.Group.InstanceId", "group.instance.id"),
    ("Consumer.Group.Session.Timeout", "session.timeout.ms"),
    ("Consumer.Group.Heartbeat.Interval", "heartbeat.interval.ms"),
];
