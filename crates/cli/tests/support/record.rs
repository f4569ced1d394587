//! A record as a client gives and gets it, and producing some.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::net::SocketAddr;

use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers as _, Message, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};

use super::client::{self, DEADLINE};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
    pub(crate) timestamp: i64,
}

/// Partition and offset, or why not.
pub(crate) type Delivered = Result<(i32, i64), KafkaError>;

impl Record {
    pub(crate) fn new(key: &str, value: &str) -> Record {
        Record { key: Some(key.into()), value: Some(value.into()), timestamp: 1_000, ..Record::default() }
    }

    /// So many that differ in everything.
    pub(crate) fn several(count: usize) -> Vec<Record> {
        let one = |at: usize| Record {
            value: Some(format!("value {at} ").repeat(at % 20 + 1).into_bytes()),
            headers: (0..at % 3).map(|header| (format!("h{header}"), Some(vec![7; at]))).collect(),
            timestamp: 1_000 + i64::try_from(at).expect("small"),
            ..Record::new(&format!("key {at}"), "")
        };
        (0..count).map(one).collect()
    }

    pub(crate) fn of(message: &OwnedMessage) -> Record {
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        Record {
            key: bytes(message.key()),
            value: bytes(message.payload()),
            headers: headers.map(|header| (header.key.to_owned(), bytes(header.value))).collect(),
            timestamp: message.timestamp().to_millis().unwrap_or(-1),
        }
    }
}

/// A producer that can be used again and again, also over restarts.
pub(crate) struct Producer(FutureProducer);

impl Producer {
    pub(crate) fn new(address: SocketAddr, settings: &[(&str, &str)]) -> Producer {
        let mut config = client::config(address);
        config.set("linger.ms", "2");
        settings.iter().for_each(|(key, value)| {
            config.set(*key, *value);
        });
        Producer(config.create().expect("a producer"))
    }

    /// Sends the records to one partition, and waits until what became of each is known.
    pub(crate) fn send(&self, topic: &str, partition: i32, records: &[Record]) -> Vec<Delivered> {
        let sent: Vec<DeliveryFuture> =
            records.iter().map(|record| self.start(topic, partition, record)).collect();
        client::block_on(async {
            let mut outcomes = Vec::new();
            for delivery in sent {
                outcomes.push(outcome(delivery).await);
            }
            outcomes
        })
    }

    /// Sends records of which none must fail, and gives their offsets.
    pub(crate) fn deliver(&self, topic: &str, partition: i32, records: &[Record]) -> Vec<i64> {
        let delivered = self.send(topic, partition, records).into_iter();
        delivered.map(|delivered| delivered.expect("it is delivered").1).collect()
    }

    fn start(&self, topic: &str, partition: i32, record: &Record) -> DeliveryFuture {
        let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: value.as_ref() })
        });
        let sent = self.0.send_result(FutureRecord {
            topic,
            partition: Some(partition),
            payload: record.value.as_ref(),
            key: record.key.as_ref(),
            timestamp: Some(record.timestamp),
            headers: Some(headers),
        });
        sent.map_err(|(error, _)| error).expect("there is room in the client's queue")
    }
}

async fn outcome(delivery: DeliveryFuture) -> Delivered {
    let told = tokio::time::timeout(DEADLINE, delivery).await.expect("it is told in time");
    match told.expect("the producer is there") {
        Ok(delivery) => Ok((delivery.partition, delivery.offset)),
        Err((error, _)) => Err(error),
    }
}

/// All that a topic holds.
pub(crate) fn read_records(address: SocketAddr, topic: &str) -> Vec<Record> {
    client::read_all(address, topic).iter().map(Record::of).collect()
}
