//! The flags of `kafka-producer-performance`.

use crate::applets::sarama::flags::{Flag, FlagSet};

pub(super) static FLAGS: FlagSet = FlagSet {
    program: "kafka-producer-performance",
    brokers_variable: None,
    flags: &[
        Flag::text("brokers", "", "REQUIRED: A comma separated list of broker addresses."),
        Flag::int(
            "channel-buffer-size",
            "256",
            "The number of events to buffer in internal and external channels.",
        ),
        Flag::text("client-id", "sarama", "The client ID sent with every request to the brokers."),
        Flag::text("compression", "none", "The compression method to use (none, gzip, snappy, lz4)."),
        Flag::int("flush-bytes", "0", "The best-effort number of bytes needed to trigger a flush."),
        Flag::duration("flush-frequency", "0s", "The best-effort frequency of flushes."),
        Flag::int(
            "flush-max-messages",
            "0",
            "The maximum number of messages the producer will send in a single request.",
        ),
        Flag::int("flush-messages", "0", "The best-effort number of messages needed to trigger a flush."),
        Flag::int("max-message-bytes", "1000000", "The max permitted size of a message."),
        Flag::int(
            "max-open-requests",
            "5",
            "The maximum number of unacknowledged requests the client will send on a single connection before blocking.",
        ),
        Flag::int("message-load", "0", "REQUIRED: The number of messages to produce to -topic."),
        Flag::int(
            "message-size",
            "0",
            "REQUIRED: The approximate size (in bytes) of each message to produce to -topic.",
        ),
        Flag::int("partition", "-1", "The partition of -topic to run the performance test on."),
        Flag::text(
            "partitioner",
            "roundrobin",
            "The partitioning scheme to use (hash, manual, random, roundrobin).",
        ),
        Flag::int(
            "required-acks",
            "1",
            "The required number of acks needed from the broker (-1: all, 0: none, 1: local).",
        ),
        Flag::int("routines", "1", "The number of routines to send the messages from (-sync only)."),
        Flag::text(
            "security-protocol",
            "PLAINTEXT",
            "The name of the security protocol to talk to Kafka (PLAINTEXT, SSL).",
        ),
        Flag::switch("sync", "Use a synchronous producer."),
        Flag::int("throughput", "0", "The maximum number of messages to send per second (0 for no limit)."),
        Flag::duration("timeout", "10s", "The duration the producer will wait to receive -required-acks."),
        Flag::text(
            "tls-ca-certs",
            "",
            "The path to a file that contains a set of root certificate authorities in PEM format to trust when \
             verifying broker certificates when -security-protocol=SSL (leave empty to use the host's root CA set).",
        ),
        Flag::text(
            "tls-client-cert",
            "",
            "The path to a file that contains the client certificate to send to the broker in PEM format if client \
             authentication is required when -security-protocol=SSL (leave empty to disable client authentication).",
        ),
        Flag::text(
            "tls-client-key",
            "",
            "The path to a file that contains the client private key linked to the client certificate in PEM format \
             when -security-protocol=SSL (REQUIRED if tls-client-cert is provided).",
        ),
        Flag::text("topic", "", "REQUIRED: The topic to run the performance test on."),
        Flag::switch("verbose", "Turn on sarama logging to stderr"),
        Flag::text("version", "0.8.2.0", "The assumed version of Kafka."),
    ],
};
