//! A consumer without a group.

use std::time::Duration;

use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::{ConsumerConfig, IsolationLevel, OffsetReset, ProducerConfig};
use ottla_client::consumer::{ConsumerRecord, StartAt};
use ottla_client::producer::ProducerRecord;
use ottla_client::{Error, ErrorCode};
use rustix::process::Signal;

use super::record::{Producer, Record};
use super::{Node, offsets, partition, poll, run};

/// A topic `t` of one partition with records at 0 to 99, whose times are 1000 to 1099.
fn node_with_records(settings: &[(&str, &str)]) -> Node {
    let node = Node::start();
    node.create("t", 1);
    Producer::new(node.address, settings).deliver("t", 0, &Record::several(100));
    node
}

/// As the producer gave it.
fn given(record: &ConsumerRecord) -> Record {
    let text = |key: bytes::Bytes| String::from_utf8(key.to_vec()).expect("names are UTF-8");
    Record {
        key: record.key.as_ref().map(|key| key.to_vec()),
        value: record.value.as_ref().map(|value| value.to_vec()),
        headers: record
            .headers
            .iter()
            .map(|header| (text(header.key), header.value.map(|value| value.to_vec())))
            .collect(),
        timestamp: record.timestamp,
    }
}

#[test]
fn records_come_as_they_were_produced_in_every_codec() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let node = node_with_records(&[("compression.codec", codec), ("linger.ms", "20")]);
        run(async {
            let consumer = node.consumer(ConsumerConfig::default());
            consumer.assign([(partition("t", 0), StartAt::Earliest)]).expect("it assigns");
            let records = poll(&consumer, 100).await;
            assert_eq!(records.iter().map(given).collect::<Vec<_>>(), Record::several(100), "{codec}");
            assert_eq!(offsets(&records), (0..100).collect::<Vec<i64>>());
            assert_eq!(records[99].lag(), 0);
            consumer.close().await;
        });
    }
}

#[test]
fn a_consumer_begins_where_it_is_told() {
    let node = node_with_records(&[]);
    run(async {
        let config = ConsumerConfig::default()
            .auto_offset_reset(OffsetReset::ByDuration(Duration::from_secs(1_000_000_000)))
            .max_poll_records(1_usize);
        let consumer = node.consumer(config);
        let long_ago = Duration::from_secs(1_000_000_000).as_millis();
        assert!(long_ago > 1_099, "all records are older");
        for (start, first) in [
            (StartAt::Earliest, 0),
            (StartAt::Offset(42), 42),
            (StartAt::Timestamp(1_070), 70),
            (StartAt::Timestamp(0), 0),
        ] {
            consumer.assign([(partition("t", 0), start)]).expect("it assigns");
            assert_eq!(offsets(&poll(&consumer, 1).await), [first], "{start:?}");
            assert_eq!(consumer.position(&partition("t", 0)).expect("assigned"), Some(first + 1));
            assert_eq!(consumer.lag(&partition("t", 0)), Some(99 - first));
        }
        for start in [StartAt::Latest, StartAt::Timestamp(2_000), StartAt::Reset, StartAt::Offset(5_000)] {
            consumer.assign([(partition("t", 0), start)]).expect("it assigns");
            while consumer.position(&partition("t", 0)).expect("assigned") != Some(100) {
                assert_eq!(
                    consumer.poll(Duration::from_millis(20)).await.expect("no error"),
                    [],
                    "{start:?}"
                );
            }
            assert_eq!(consumer.lag(&partition("t", 0)), Some(0), "{start:?}");
        }
    });
}

#[test]
fn bounds_and_times_are_found() {
    let node = node_with_records(&[]);
    node.create("empty", 2);
    run(async {
        let consumer = node.consumer(ConsumerConfig::default());
        let all = [partition("t", 0), partition("empty", 0), partition("empty", 1)];
        let begins = consumer.beginning_offsets(&all).await.expect("offsets");
        assert_eq!(begins.into_values().collect::<Vec<_>>(), [0, 0, 0]);
        let ends = consumer.end_offsets(&all).await.expect("offsets");
        assert_eq!(ends.into_values().collect::<Vec<_>>(), [0, 0, 100]);
        for (timestamp, expected) in [(0, Some((0, 1_000))), (1_042, Some((42, 1_042))), (1_100, None)] {
            let found = consumer.offsets_for_times([(partition("t", 0), timestamp)]).await.expect("offsets");
            let found = found[&partition("t", 0)].map(|at| (at.offset, at.timestamp));
            assert_eq!(found, expected, "{timestamp}");
        }
    });
}

#[test]
fn seeking_and_pausing_take_effect_at_once() {
    let node = node_with_records(&[]);
    node.create("u", 1);
    Producer::new(node.address, &[]).deliver("u", 0, &Record::several(100));
    run(async {
        let consumer = node.consumer(ConsumerConfig::default().max_poll_records(10_usize));
        let (t, u) = (partition("t", 0), partition("u", 0));
        consumer
            .assign([(t.clone(), StartAt::Earliest), (u.clone(), StartAt::Earliest)])
            .expect("it assigns");
        poll(&consumer, 10).await;
        consumer.pause([&t]).expect("it is assigned");
        assert_eq!(consumer.paused(), std::slice::from_ref(&t));
        consumer.seek(&u, StartAt::Offset(90)).expect("it is assigned");
        let records = poll(&consumer, 10).await;
        assert!(records.iter().all(|record| record.partition == u));
        assert_eq!(offsets(&records), (90..100).collect::<Vec<_>>());
        let at = consumer.position(&t).expect("it is assigned").expect("it is known");
        consumer.resume([&t]).expect("it is assigned");
        let more = poll(&consumer, 1).await;
        assert_eq!((more[0].partition.clone(), more[0].offset), (t, at));
    });
}

#[test]
fn an_offset_that_is_not_there_is_an_error_if_nobody_says_where_else_to_begin() {
    let node = node_with_records(&[]);
    run(async {
        let consumer = node.consumer(ConsumerConfig::default().auto_offset_reset(OffsetReset::None));
        consumer.assign([(partition("t", 0), StartAt::Offset(5_000))]).expect("it assigns");
        let error = consumer.poll(super::client::DEADLINE).await.expect_err("it is out of range");
        assert_eq!(error.code(), Some(ErrorCode::OffsetOutOfRange), "{error}");
        consumer.seek(&partition("t", 0), StartAt::Offset(99)).expect("it is assigned");
        assert_eq!(offsets(&poll(&consumer, 1).await), [99]);
        let stranger = consumer.seek(&partition("t", 7), StartAt::Earliest).expect_err("nobody assigned it");
        assert!(matches!(stranger, Error::NotAssigned { .. }));
    });
}

#[test]
fn a_topic_that_is_deleted_and_made_again_is_consumed_from_its_first_record() {
    let node = node_with_records(&[]);
    run(async {
        let consumer = node.consumer(ConsumerConfig::default());
        consumer.assign([(partition("t", 0), StartAt::Offset(50))]).expect("it assigns");
        assert_eq!(offsets(&poll(&consumer, 50).await), (50..100).collect::<Vec<_>>());
        let admin = Admin::new(consumer.client().clone());
        assert!(admin.delete_topics(&["t"]).await.expect("an answer")["t"].is_ok());
        assert!(admin.create_topics(&[NewTopic::new("t")]).await.expect("an answer")["t"].is_ok());
        // There are records again where the old topic was read up to.
        let producer = consumer.client().producer(ProducerConfig::default()).expect("a producer");
        for _ in 0..200 {
            drop(producer.send(ProducerRecord::new("t").value("again")).await.expect("it is taken"));
        }
        producer.flush().await;
        assert_eq!(offsets(&poll(&consumer, 200).await), (0..200).collect::<Vec<_>>());
        consumer.close().await;
    });
}

#[test]
fn a_broker_that_is_killed_and_comes_back_costs_no_record() {
    let mut node = node_with_records(&[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let config = ConsumerConfig::default().isolation_level(IsolationLevel::ReadCommitted);
    let consumer = {
        let _entered = runtime.enter();
        node.consumer(config)
    };
    consumer.assign([(partition("t", 0), StartAt::Earliest)]).expect("it assigns");
    let before = runtime.block_on(poll(&consumer, 100));
    node.restart(Signal::KILL);
    Producer::new(node.address, &[]).deliver("t", 0, &Record::several(20));
    let after = runtime.block_on(poll(&consumer, 20));
    assert_eq!(offsets(&[before, after].concat()), (0..120).collect::<Vec<i64>>());
}
