//! Share groups, whose members notice soon what happens, and whose locks end soon, as the broker's settings let them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::admin::{Admin, AlterConfig, ConfigResource, NewTopic};
use ottla_client::config::{AcknowledgementMode, AcquireMode, ConsumerConfig, ProducerConfig};
use ottla_client::producer::ProducerRecord;
use ottla_client::share::{AcknowledgeType, AcknowledgementListener, ShareConsumer, ShareRecord};
use ottla_client::{Client, Error, ErrorCode, Offset, TopicPartition};

use super::config;

const DEADLINE: Duration = Duration::from_secs(90);

/// A topic with records, and a share group that begins with the first; both are named after the test.
struct Bench {
    client: Client,
    name: String,
    records: usize,
}

impl Bench {
    async fn new(test: &str, records: usize) -> Bench {
        Bench::with(test, records, 2).await
    }

    async fn with(test: &str, records: usize, partitions: i32) -> Bench {
        let client = Client::connect(config()).await.unwrap();
        let name = format!("share-{test}-{}", std::process::id());
        let bench = Bench { client, name, records };
        let wanted = [NewTopic::new(&bench.name).partitions(partitions).replication_factor(1)];
        for (_, created) in bench.admin().create_topics(&wanted).await.unwrap() {
            created.unwrap();
        }
        bench.set("share.auto.offset.reset", "earliest").await;
        let producer = bench.client.producer(ProducerConfig::default()).unwrap();
        for at in 0..records {
            let partition = i32::try_from(at).unwrap() % partitions;
            let record = ProducerRecord::new(bench.name.as_str()).partition(partition).value(format!("{at}"));
            drop(producer.send(record).await.unwrap());
        }
        producer.flush().await;
        bench
    }

    fn admin(&self) -> Admin {
        Admin::new(self.client.clone())
    }

    /// Sets something of the group.
    async fn set(&self, name: &str, value: &str) {
        let change = (ConfigResource::group(&self.name), vec![AlterConfig::set(name, value)]);
        for (_, altered) in self.admin().alter_configs(&[change].into(), false).await.unwrap() {
            altered.unwrap();
        }
    }

    fn consumer(&self, change: impl FnOnce(ConsumerConfig) -> ConsumerConfig) -> ShareConsumer {
        let options = ConsumerConfig::default()
            .group_id(self.name.clone())
            .share_acknowledgement_mode(AcknowledgementMode::Explicit);
        let client = Client::new(config()).unwrap();
        let consumer = ShareConsumer::new(client, change(options)).unwrap();
        consumer.subscribe([self.name.as_str()]);
        consumer
    }

    /// Records until so many were given, each acknowledged.
    async fn take(&self, consumer: &ShareConsumer, count: usize, what: AcknowledgeType) -> Vec<ShareRecord> {
        let mut taken = Vec::new();
        while taken.len() < count {
            for record in consumer.poll(Duration::from_secs(5)).await.unwrap() {
                consumer.acknowledge(&record, what).unwrap();
                taken.push(record);
            }
        }
        taken
    }

    async fn take_all(&self, consumer: &ShareConsumer, what: AcknowledgeType) -> Vec<ShareRecord> {
        self.take(consumer, self.records, what).await
    }
}

fn places(records: &[ShareRecord]) -> BTreeSet<(i32, Offset)> {
    records.iter().map(|record| (record.partition.partition, record.offset)).collect()
}

fn counts(records: &[ShareRecord]) -> BTreeSet<u16> {
    records.iter().map(|record| record.delivery_count).collect()
}

async fn commit(consumer: &ShareConsumer) {
    for (_, result) in consumer.commit().await {
        result.unwrap();
    }
}

/// Runs a test that waits for nothing longer than it may.
async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(DEADLINE, test).await.expect("it is done in time");
}

#[tokio::test]
async fn accepted_and_rejected_records_are_given_once() {
    in_time(async {
        for what in [AcknowledgeType::Accept, AcknowledgeType::Reject] {
            let bench = Bench::new(&format!("once-{what:?}"), 40).await;
            let consumer = bench.consumer(|options| options);
            let taken = bench.take_all(&consumer, what).await;
            assert_eq!((taken.len(), places(&taken).len(), counts(&taken)), (40, 40, BTreeSet::from([1])));
            let committed = consumer.commit().await;
            assert!(!committed.is_empty() && committed.values().all(Result::is_ok), "{committed:?}");
            assert!(consumer.poll(Duration::from_secs(1)).await.unwrap().is_empty());
            let metrics = consumer.client().metrics().share;
            assert_eq!((metrics.records, metrics.acknowledged, metrics.acknowledgements_failed), (40, 40, 0));
            consumer.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn released_records_are_given_again_until_the_limit_of_deliveries() {
    in_time(async {
        let bench = Bench::new("released", 10).await;
        bench.set("share.delivery.count.limit", "2").await;
        let consumer = bench.consumer(|options| options);
        let first = bench.take_all(&consumer, AcknowledgeType::Release).await;
        let second = bench.take_all(&consumer, AcknowledgeType::Release).await;
        assert_eq!((counts(&first), counts(&second)), (BTreeSet::from([1]), BTreeSet::from([2])));
        assert_eq!(places(&first), places(&second));
        assert!(consumer.poll(Duration::from_secs(1)).await.unwrap().is_empty());
        consumer.close().await;
    })
    .await;
}

#[tokio::test]
async fn asking_for_more_accepts_what_was_given_unless_that_is_said_one_by_one() {
    in_time(async {
        let bench = Bench::new("implicit", 20).await;
        let implicit =
            |options: ConsumerConfig| options.share_acknowledgement_mode(AcknowledgementMode::Implicit);
        let consumer = bench.consumer(implicit);
        let mut taken = 0;
        while taken < 20 {
            taken += consumer.poll(Duration::from_secs(5)).await.unwrap().len();
        }
        commit(&consumer).await;
        consumer.close().await;
        let consumer = bench.consumer(|options| options);
        assert!(consumer.poll(Duration::from_secs(1)).await.unwrap().is_empty());
        consumer.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_was_not_acknowledged_is_released_when_a_consumer_is_closed_or_dropped() {
    in_time(async {
        for is_closed in [true, false] {
            let bench = Bench::new(&format!("left-{is_closed}"), 10).await;
            let leaver = bench.consumer(|options| options);
            let mut given = Vec::new();
            while given.is_empty() {
                given = leaver.poll(Duration::from_secs(5)).await.unwrap();
            }
            leaver.acknowledge(&given[0], AcknowledgeType::Accept).unwrap();
            if is_closed {
                leaver.close().await;
            } else {
                leaver.client().close().await;
                drop(leaver);
            }
            let left = if is_closed { 9 } else { 10 };
            let heir = bench.consumer(|options| options);
            let taken = bench.take(&heir, left, AcknowledgeType::Accept).await;
            assert_eq!(taken.len(), left);
            assert_eq!(places(&taken).contains(&places(&given[..1]).pop_first().unwrap()), !is_closed);
            heir.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_is_renewed_lasts_longer_than_one_that_is_not() {
    in_time(async {
        let bench = Bench::new("renewed", 2).await;
        bench.set("share.record.lock.duration.ms", "2000").await;
        let consumer = bench.consumer(|options| options.max_poll_records(1_usize));
        let mut records = bench.take(&consumer, 1, AcknowledgeType::Renew).await;
        let renewed = records.pop().unwrap();
        assert_eq!(consumer.acquisition_lock_timeout(), Some(Duration::from_secs(2)));
        for _ in 0..4 {
            commit(&consumer).await;
            tokio::time::sleep(Duration::from_millis(800)).await;
            let again = consumer.poll(Duration::from_secs(5)).await.unwrap();
            assert_eq!(again, std::slice::from_ref(&renewed), "the same record, and no other");
            consumer.acknowledge(&again[0], AcknowledgeType::Renew).unwrap();
        }
        commit(&consumer).await;
        let again = consumer.poll(Duration::from_secs(5)).await.unwrap();
        consumer.acknowledge(&again[0], AcknowledgeType::Accept).unwrap();
        commit(&consumer).await;
        consumer.close().await;
    })
    .await;
}

#[tokio::test]
async fn it_is_told_that_a_lock_had_ended() {
    in_time(async {
        let bench = Bench::new("late", 1).await;
        bench.set("share.record.lock.duration.ms", "1000").await;
        let consumer = bench.consumer(|options| options);
        bench.take_all(&consumer, AcknowledgeType::Accept).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let outcome = consumer.commit().await;
        let error = outcome.into_values().next().unwrap().unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::InvalidRecordState), "{error}");
        let again = bench.take_all(&consumer, AcknowledgeType::Accept).await;
        assert_eq!(counts(&again), BTreeSet::from([2]));
        consumer.close().await;
    })
    .await;
}

#[tokio::test]
async fn with_a_record_limit_no_more_are_acquired_than_are_asked_for() {
    in_time(async {
        let bench = Bench::with("limit", 40, 1).await;
        let limited = |options: ConsumerConfig| {
            options.share_acquire_mode(AcquireMode::RecordLimit).max_poll_records(3_usize)
        };
        let (first, second) = (bench.consumer(limited), bench.consumer(limited));
        let held = bench.take(&first, 3, AcknowledgeType::Accept).await;
        assert_eq!(held.len(), 3);
        let others = bench.take(&second, 37, AcknowledgeType::Accept).await;
        assert_eq!((others.len(), places(&others).intersection(&places(&held)).count()), (37, 0));
        first.close().await;
        second.close().await;
    })
    .await;
}

#[tokio::test]
async fn consumers_of_a_group_get_each_record_once_between_them() {
    in_time(async {
        let bench = Bench::new("between", 400).await;
        let options = |options: ConsumerConfig| options.max_poll_records(5_usize);
        let consumers = [bench.consumer(options), bench.consumer(options), bench.consumer(options)];
        let seen = Mutex::new(Vec::new());
        let work = async |consumer: &ShareConsumer| {
            while seen.lock().unwrap().len() < 400 {
                for record in consumer.poll(Duration::from_millis(300)).await.unwrap() {
                    consumer.acknowledge(&record, AcknowledgeType::Accept).unwrap();
                    seen.lock().unwrap().push(record);
                }
                commit(consumer).await;
            }
        };
        let [first, second, third] = &consumers;
        tokio::join!(work(first), work(second), work(third));
        let seen = seen.into_inner().unwrap();
        assert_eq!((seen.len(), places(&seen).len()), (400, 400));
        for consumer in consumers {
            consumer.close().await;
        }
    })
    .await;
}

#[derive(Default)]
struct Log(Mutex<BTreeMap<TopicPartition, usize>>);

impl AcknowledgementListener for Log {
    fn acknowledged(
        &self,
        partition: &TopicPartition,
        offsets: &[RangeInclusive<Offset>],
        result: &Result<(), Error>,
    ) {
        assert!(result.is_ok());
        let count: usize = offsets.iter().map(|range| range.clone().count()).sum();
        *self.0.lock().unwrap().entry(partition.clone()).or_default() += count;
    }
}

#[tokio::test]
async fn a_listener_hears_of_what_was_committed_without_waiting() {
    in_time(async {
        let bench = Bench::new("listener", 20).await;
        let consumer = bench.consumer(|options| options);
        let log = Arc::new(Log::default());
        consumer.listen(Some(log.clone()));
        bench.take_all(&consumer, AcknowledgeType::Accept).await;
        consumer.commit_async();
        consumer.close().await;
        assert_eq!(log.0.lock().unwrap().values().copied().collect::<Vec<_>>(), [10, 10]);
    })
    .await;
}

#[tokio::test]
async fn records_come_one_by_one_as_a_stream_too() {
    in_time(async {
        let bench = Bench::new("stream", 10).await;
        let consumer = bench.consumer(|options| options);
        let mut taken = Vec::new();
        for _ in 0..10 {
            let record = consumer.recv().await.unwrap();
            let error = consumer.poll(Duration::ZERO).await.unwrap_err();
            assert!(matches!(error, Error::Unacknowledged { count: 1 }));
            consumer.acknowledge(&record, AcknowledgeType::Accept).unwrap();
            taken.push(record);
        }
        assert_eq!(places(&taken).len(), 10);
        commit(&consumer).await;
        consumer.close().await;
    })
    .await;
}
