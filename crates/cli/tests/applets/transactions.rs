//! Transactions.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::Comparison;

/// Nothing here takes that long, on any machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A producer with a transaction that has one record in that topic.
fn open_transaction(it: &Comparison, id: &str, topic: &str) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &it.brokers).set("transactional.id", id);
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(DEADLINE).unwrap();
    producer.begin_transaction().unwrap();
    let record: BaseRecord<'_, str, str> = BaseRecord::to(topic).partition(0).payload("a");
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(DEADLINE).unwrap();
    producer
}

#[test]
fn transactions_are_shown_and_ended_alike() {
    let mut it = Comparison::new();
    it.compare("kafka-topics", "{at} --create --topic {who}-a");
    let name = "kafka-transactions";
    it.original("kafka-topics", "{at} --create --topic other", "", &[]);
    let _other = open_transaction(&it, "one", "other");
    for line in ["list", "list --duration-filter 0", "list --transactional-id-pattern on.*"] {
        it.compare(name, &format!("{{at}} {line}"));
    }
    let _open = ["gamma", "delta"].map(|who| open_transaction(&it, who, &format!("{who}-a")));
    let masks = &[r"[0-9]+[ \t]+"];
    it.compare(name, "{at} describe --transactional-id nobody");
    it.compare_masked(name, "{at} describe --transactional-id {who}", "", masks);
    it.compare_masked(name, "{at} describe-producers --topic {who}-a --partition 0", "", masks);
    it.compare_masked(name, "{at} describe-producers --topic {who}-a --partition 0 --broker-id 1", "", masks);
    for line in [
        "{at} list --duration-filter 3600000",
        "{at} list --transactional-id-pattern nobody",
        "{at} find-hanging --broker-id 1",
        "{at} find-hanging --topic {who}-a --max-transaction-timeout 0",
        "{at} find-hanging --topic {who}-a --partition 0",
        "{at} find-hanging",
        "{at} find-hanging --broker-id 1 --partition 0",
        "{at} abort --topic {who}-a --partition 0",
        "{at} abort --topic {who}-a --partition 0 --start-offset 7",
        "{at} abort --topic {who}-a --partition 0 --producer-id 1",
        "{at} abort --topic {who}-a --partition 0 --start-offset 0",
        "{at} abort --topic {who}-a --partition 0 --start-offset 0",
        "{at} abort --topic {who}-a",
        "{at} forceTerminateTransaction --transactionalId {who}",
        "{at} forceTerminateTransaction",
        "list",
        "{at}",
    ] {
        it.compare(name, line);
    }
    it.compare_masked(name, "{at} describe --transactional-id {who}", "", masks);
    it.done();
}
