//! A program that waits.

use ottla_client::admin::Admin;
use ottla_client::blocking::Client;
use ottla_client::config::{ClientConfig, ConsumerConfig, ProducerConfig};
use ottla_client::consumer::StartAt;
use ottla_client::producer::ProducerRecord;
use ottla_client::{Error, TopicPartition};

use super::node::Node;
use super::support::ports::quiet_address;
use super::{DEADLINE, client};

#[test]
fn what_is_sent_is_consumed_and_each_thread_may_do_either() {
    let node = Node::start();
    client::create_topics(node.address, &[client::topic("t", 1)]);
    let client = Client::connect(ClientConfig::new(&node.address.to_string())).expect("it answers");
    let producer = client.producer(ProducerConfig::default()).expect("a producer");
    let consumer = client.consumer(ConsumerConfig::default()).expect("a consumer");
    let partition = TopicPartition::new("t", 0);
    consumer.assign([(partition.clone(), StartAt::Earliest)]).expect("it is assigned");

    let record = |number: usize| ProducerRecord::new("t").value(number.to_string());
    let written = producer.send_and_wait(record(0)).expect("it is written");
    assert_eq!(written.offset, Some(0));
    let sending = std::thread::spawn(move || {
        let deliveries: Vec<_> =
            (1..100).map(|number| producer.send(record(number)).expect("taken")).collect();
        for delivery in deliveries {
            delivery.wait().expect("it is written");
        }
        for outcome in producer.send_all((100..110).map(record)) {
            outcome.expect("it is written");
        }
        producer.close(DEADLINE).expect("it closes");
        assert!(matches!(producer.send(record(0)), Err(Error::Closed(_))));
    });
    let first: Vec<_> = consumer.records().take(50).map(|record| record.expect("a record").offset).collect();
    let mut offsets = first;
    while offsets.len() < 110 {
        let records = consumer.poll(DEADLINE).expect("records");
        offsets.extend(records.iter().map(|record| record.offset));
    }
    assert_eq!(offsets, (0..110).collect::<Vec<i64>>());
    sending.join().expect("all is sent");

    assert_eq!(consumer.position(&partition).expect("it is assigned"), Some(110));
    assert_eq!(consumer.end_offsets([&partition]).expect("an answer")[&partition], 110);
    let admin = Admin::new(client.asynchronous().clone());
    let brokers = client.run(admin.describe_cluster(false)).expect("an answer").brokers;
    assert_eq!(brokers.len(), 1);
    consumer.close();
    client.close();
}

#[test]
fn many_records_are_sent_at_once_and_told_of_by_the_batch() {
    let node = Node::start();
    client::create_topics(node.address, &[client::topic("t", 1)]);
    let client = Client::connect(ClientConfig::new(&node.address.to_string())).expect("it answers");
    let producer = client.producer(ProducerConfig::default()).expect("a producer");
    let record = |number: usize| ProducerRecord::new("t").value(number.to_string());

    let mut deliveries = producer.deliveries();
    assert!(deliveries.next().is_none(), "nothing is under way");
    producer.send_many((0..1000).map(record).collect(), &mut deliveries).expect("all are taken");
    deliveries.push(producer.send(record(1000)).expect("it is taken"));
    assert_eq!(deliveries.len(), 1001);
    let mut next = 0;
    for delivered in &mut deliveries {
        assert_eq!(delivered.result.expect("they are written"), Some(next));
        next += i64::try_from(delivered.count).expect("they are few");
    }
    assert_eq!(next, 1001);

    let too_large = ProducerRecord::new("t").value(vec![0; 2_000_000]);
    let refused = producer.send_many(vec![record(0), too_large, record(1)], &mut deliveries);
    assert!(matches!(refused, Err(Error::RecordTooLarge { .. })), "{refused:?}");
    assert_eq!(deliveries.len(), 1, "what comes before it is taken");
    producer.flush();
    let written = deliveries.try_next().expect("it is known").result.expect("it is written");
    assert_eq!((written, deliveries.is_empty()), (Some(1001), true));
    producer.close(DEADLINE).expect("it closes");
    client.close();
}

#[test]
fn errors_are_the_same() {
    let config = ClientConfig::new(&quiet_address().to_string());
    assert!(matches!(Client::connect(config), Err(Error::NoBroker(_))));
    assert!(matches!(Client::new(ClientConfig::new("a")), Err(Error::Config(_))));
}

#[test]
fn dropped_within_a_runtime_it_ends_without_waiting() {
    let client = Client::new(ClientConfig::new("127.0.0.1:1")).expect("it starts");
    client::block_on(async { drop(client) });
}
