//! Quotas and credentials, by kafka-configs.

use super::Comparison;

#[test]
fn quotas_are_set_shown_and_taken_away_alike() {
    let mut it = Comparison::new();
    let several = "--user {who} --alter --add-config consumer_byte_rate=1,producer_byte_rate=2";
    for line in [
        "--user {who} --describe",
        "--user {who} --alter --add-config consumer_byte_rate=1024",
        "--entity-type users --entity-name {who} --describe",
        "--user {who} --alter --add-config consumer_byte_rate=10485760.5",
        "--user {who} --describe",
        "--user {who} --client {who}-c --alter --add-config producer_byte_rate=100000000",
        "--user {who} --client {who}-c --describe",
        "--entity-type users --entity-name {who} --entity-type clients --entity-default --alter --add-config \
         request_percentage=0.5",
        "--entity-type users --entity-name {who} --entity-type clients --entity-default --describe",
        "--user {who} --client-defaults --describe",
        "--client {who}-c --alter --add-config controller_mutation_rate=0.0005",
        "--client {who}-c --describe",
        "--entity-type clients --entity-name {who}-c --alter --delete-config controller_mutation_rate",
        "--client {who}-c --describe",
        "--client {who}-c --alter --delete-config controller_mutation_rate",
        "--user-defaults --alter --add-config consumer_byte_rate=7",
        "--user-defaults --describe",
        "--entity-type users --entity-default --describe",
        "--ip 127.0.0.9 --alter --add-config connection_creation_rate=9",
        "--ip 127.0.0.9 --describe",
        "--ip-defaults --alter --add-config connection_creation_rate=8",
        "--entity-type ips --entity-default --describe",
        "--ip 127.0.0.9 --alter --add-config consumer_byte_rate=9",
        "--ip not.an.address.invalid --describe",
        "--user {who} --alter --add-config nonsense=1",
        "--user {who} --alter --add-config consumer_byte_rate=x",
        "--user {who} --alter --delete-config request_percentage",
        "--client {who}-c --alter --add-config SCRAM-SHA-256=[password=x]",
        "--entity-type users --alter --add-config consumer_byte_rate=1",
        "--entity-type users --entity-type users --describe",
        "--user {who} --topic a --describe",
        "--user {who} --entity-name b --describe",
        &several.replace(",producer_byte_rate=2", ""),
    ] {
        it.compare("kafka-configs", &format!("{{at}} {line}"));
    }
    // Of all entities there are those of both.
    it.compare_unordered("kafka-configs", "{at} --entity-type ips --describe");
    it.done();
}

#[test]
fn credentials_are_made_shown_and_deleted_alike() {
    let mut it = Comparison::new();
    for line in [
        "--user {who} --alter --add-config SCRAM-SHA-256=[password=secret]",
        "--user {who} --describe",
        "--user {who} --alter --add-config SCRAM-SHA-256=[iterations=8192,password=secret],SCRAM-SHA-512=[password=a=b]",
        "--user {who} --describe",
        "--user {who} --alter --add-config SCRAM-SHA-512=[password=secret]",
        "--entity-type users --entity-name {who} --describe",
        "--user nobody --describe",
        "--user {who} --alter --add-config SCRAM-SHA-256=[iterations=1,password=secret]",
        "--user {who} --alter --add-config SCRAM-SHA-256=[iterations=99999,password=secret]",
        "--user {who} --alter --add-config SCRAM-SHA-256=secret",
        "--user {who} --alter --add-config SCRAM-SHA-256=[password=x],consumer_byte_rate=1",
        "--user-defaults --alter --add-config SCRAM-SHA-256=[password=x]",
        "--user {who} --alter --delete-config SCRAM-SHA-256",
        "--user {who} --describe",
        "--user {who} --alter --delete-config SCRAM-SHA-256",
        "--user {who} --alter --delete-config SCRAM-SHA-512",
        "--user {who} --describe",
    ] {
        it.compare("kafka-configs", &format!("{{at}} {line}"));
    }
    it.done();
}

#[test]
fn log_levels_are_changed_and_shown_alike() {
    let mut it = Comparison::new();
    for line in [
        "--broker-logger 1 --alter --add-config kafka.server.{who}=DEBUG",
        "--broker-logger 1 --alter --add-config org.apache.kafka=DEBUG",
        "--entity-type broker-loggers --entity-name 1 --alter --delete-config org.apache.kafka",
        "--broker-logger 1 --alter --add-config org.apache.kafka=LOUD",
        "--broker-logger 7 --describe",
        "--broker-logger x --describe",
        "--entity-type broker-loggers --describe",
    ] {
        it.compare("kafka-configs", &format!("{{at}} {line}"));
    }
    it.compare_unordered("kafka-configs", "{at} --broker-logger 1 --describe");
    it.done();
}
