//! Groups, of both protocols. Members notice sooner what happens where the broker lets them:
//! `group.consumer.min.heartbeat.interval.ms=100`, `group.consumer.heartbeat.interval.ms=200`, `group.initial.rebalance.delay.ms=0`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::admin::{Admin, NewTopic};
use ottla_client::config::{ConsumerConfig, GroupProtocol, OffsetReset, ProducerConfig};
use ottla_client::consumer::Consumer;
use ottla_client::group::Pattern;
use ottla_client::producer::ProducerRecord;
use ottla_client::{Client, ErrorCode, TopicPartition};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config;

const DEADLINE: Duration = Duration::from_secs(90);
const PARTITIONS: i32 = 4;

/// A topic and a group, named after the test.
struct Bench {
    client: Client,
    name: String,
    log: Arc<Mutex<Vec<(i32, i64)>>>,
}

/// A member in a task of its own, which commits what it has processed.
struct Member {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    assigned: watch::Receiver<usize>,
}

impl Bench {
    async fn new(test: &str) -> Bench {
        let client = Client::connect(config()).await.unwrap();
        let name = format!("{test}-{}", std::process::id());
        let bench = Bench { client, name, log: Arc::default() };
        bench.create(&bench.name).await;
        bench
    }

    async fn create(&self, topic: &str) {
        let wanted = [NewTopic::new(topic).partitions(PARTITIONS).replication_factor(1)];
        for (_, created) in Admin::new(self.client.clone()).create_topics(&wanted).await.unwrap() {
            created.unwrap();
        }
    }

    /// So many records to each partition.
    async fn fill(&self, topic: &str, count: usize) {
        let producer = self.client.producer(ProducerConfig::default()).unwrap();
        for number in 0..PARTITIONS {
            for at in 0..count {
                let record = ProducerRecord::new(topic).partition(number).value(format!("{at}"));
                drop(producer.send(record).await.unwrap());
            }
        }
        producer.flush().await;
    }

    fn config(&self, protocol: GroupProtocol) -> ConsumerConfig {
        ConsumerConfig::default()
            .group_id(self.name.clone())
            .group_protocol(protocol)
            .auto_offset_reset(OffsetReset::Earliest)
            .heartbeat_interval(Duration::from_millis(100))
            .fetch_max_wait(Duration::from_millis(50))
            .max_poll_records(7_usize)
    }

    fn consumer(&self, options: ConsumerConfig) -> Consumer {
        let client = Client::new(config().metadata_max_age(Duration::from_millis(500))).unwrap();
        Consumer::new(client, options).unwrap()
    }

    fn member(&self, options: ConsumerConfig) -> Member {
        let consumer = self.consumer(options.enable_auto_commit(false));
        consumer.subscribe([self.name.as_str()]).unwrap();
        let (stop, stopped) = watch::channel(false);
        let (tell, assigned) = watch::channel(0);
        let task = tokio::spawn(consume(consumer, self.log.clone(), tell, stopped));
        Member { task, stop, assigned }
    }

    /// Waits until so many records of each partition were consumed, and sees that none was skipped.
    async fn consumed(&self, count: i64) {
        let expected: BTreeSet<(i32, i64)> =
            (0..PARTITIONS).flat_map(|number| (0..count).map(move |offset| (number, offset))).collect();
        while self.log.lock().unwrap().iter().copied().collect::<BTreeSet<_>>() != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut next = BTreeMap::<i32, i64>::new();
        for (number, offset) in self.log.lock().unwrap().iter() {
            let next = next.entry(*number).or_default();
            assert!(offset <= next, "{number}: {offset} came when {next} was next");
            *next = (*next).max(offset + 1);
        }
    }
}

async fn consume(
    consumer: Consumer,
    log: Arc<Mutex<Vec<(i32, i64)>>>,
    tell: watch::Sender<usize>,
    mut stopped: watch::Receiver<bool>,
) {
    while !*stopped.borrow() {
        let polled = tokio::select! {
            polled = consumer.poll(Duration::from_millis(50)) => polled,
            _ = stopped.changed() => break,
        };
        let records = polled.unwrap();
        log.lock().unwrap().extend(records.iter().map(|record| (record.partition.partition, record.offset)));
        if !records.is_empty() {
            // A rebalance may refuse it: then the records come again.
            let _refused = consumer.commit().await;
        }
        tell.send_replace(consumer.assignment().len());
    }
    consumer.close().await;
}

impl Member {
    async fn has(&mut self, count: usize) {
        self.assigned.wait_for(|assigned| *assigned == count).await.unwrap();
    }

    async fn close(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

/// Runs a test that waits for nothing longer than it may.
async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(DEADLINE, test).await.expect("it is done in time");
}

async fn check_sharing(test: &str, options: impl Fn(&Bench) -> ConsumerConfig) {
    let bench = Bench::new(test).await;
    bench.fill(&bench.name, 50).await;
    let mut first = bench.member(options(&bench));
    first.has(4).await;
    let mut second = bench.member(options(&bench));
    second.has(2).await;
    first.has(2).await;
    bench.consumed(50).await;
    bench.fill(&bench.name, 50).await;
    first.close().await;
    second.has(4).await;
    bench.consumed(100).await;
    second.close().await;
}

#[tokio::test]
async fn members_share_what_there_is_in_the_classic_protocol() {
    for strategy in ["range", "roundrobin", "sticky", "cooperative-sticky"] {
        in_time(check_sharing(strategy, |bench| {
            let strategies = vec![strategy.to_owned()];
            bench.config(GroupProtocol::Classic).partition_assignment_strategy(strategies)
        }))
        .await;
    }
}

#[tokio::test]
async fn members_share_what_there_is_in_the_protocol_consumer() {
    for assignor in ["uniform", "range"] {
        in_time(check_sharing(&format!("848-{assignor}"), |bench| {
            bench.config(GroupProtocol::Consumer).group_remote_assignor(assignor.to_owned())
        }))
        .await;
    }
}

#[tokio::test]
async fn a_group_moves_from_the_classic_protocol_to_the_other_member_by_member() {
    in_time(async {
        let bench = Bench::new("moving").await;
        bench.fill(&bench.name, 50).await;
        let mut old = bench.member(bench.config(GroupProtocol::Classic));
        old.has(4).await;
        let mut new = bench.member(bench.config(GroupProtocol::Consumer));
        new.has(2).await;
        old.has(2).await;
        bench.fill(&bench.name, 50).await;
        bench.consumed(100).await;
        old.close().await;
        new.has(4).await;
        new.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_coordinator_matches_a_pattern_and_refuses_what_is_none() {
    in_time(async {
        let bench = Bench::new("regex").await;
        bench.fill(&bench.name, 5).await;
        let other = format!("{}-other", bench.name);
        bench.create(&other).await;
        bench.fill(&other, 1).await;
        let consumer = bench.consumer(bench.config(GroupProtocol::Consumer));
        consumer.subscribe_pattern(Pattern::new(&format!("{}.*", bench.name)).unwrap()).unwrap();
        let mut topics = BTreeSet::new();
        while topics.len() < 2 {
            let records = consumer.poll(Duration::from_millis(100)).await.unwrap();
            topics.extend(records.into_iter().map(|record| record.partition.topic));
        }
        consumer.close().await;

        // What RE2 does not have but the client's own library has.
        let wrong = bench.consumer(bench.config(GroupProtocol::Consumer));
        wrong.subscribe_pattern(Pattern::new("(?x) orders").unwrap()).unwrap();
        let error = loop {
            if let Err(error) = wrong.poll(Duration::from_millis(100)).await {
                break error;
            }
        };
        assert_eq!(error.code(), Some(ErrorCode::InvalidRegularExpression));
    })
    .await;
}

#[tokio::test]
async fn a_static_member_comes_back_to_what_it_had() {
    in_time(async {
        let bench = Bench::new("static").await;
        bench.fill(&bench.name, 10).await;
        let options = |name: &str| bench.config(GroupProtocol::Consumer).group_instance_id(name.to_owned());
        let mut stays = bench.member(options("a"));
        stays.has(4).await;
        let goes = bench.consumer(options("b"));
        goes.subscribe([bench.name.as_str()]).unwrap();
        while goes.assignment().len() != 2 {
            goes.poll(Duration::from_millis(50)).await.unwrap();
        }
        let had = goes.assignment();
        goes.close().await;
        let back = bench.consumer(options("b"));
        back.subscribe([bench.name.as_str()]).unwrap();
        while back.assignment() != had {
            back.poll(Duration::from_millis(50)).await.unwrap();
        }
        stays.has(2).await;

        let usurper = bench.consumer(options("b"));
        usurper.subscribe([bench.name.as_str()]).unwrap();
        let error = loop {
            back.poll(Duration::from_millis(50)).await.unwrap();
            if let Err(error) = usurper.poll(Duration::from_millis(50)).await {
                break error;
            }
        };
        assert_eq!(error.code(), Some(ErrorCode::UnreleasedInstanceId), "the first has not left");
        back.close().await;
        stays.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_member_that_is_slow_loses_what_it_has_and_gets_it_back() {
    in_time(async {
        let bench = Bench::new("slow").await;
        bench.fill(&bench.name, 10).await;
        let options = bench.config(GroupProtocol::Consumer).max_poll_interval(Duration::from_millis(800));
        let slow = bench.consumer(options.clone());
        slow.subscribe([bench.name.as_str()]).unwrap();
        while slow.poll(Duration::from_secs(5)).await.unwrap().is_empty() {}
        let mut other = bench.member(options);
        other.has(4).await;
        bench.consumed(10).await;
        assert!(slow.commit().await.is_err(), "another has the partitions");
        other.close().await;
        bench.fill(&bench.name, 1).await;
        let mut again = BTreeSet::new();
        while again.len() < 4 {
            let records = slow.poll(Duration::from_secs(5)).await.unwrap();
            again.extend(records.into_iter().map(|record| (record.partition, record.offset)));
        }
        let expected = (0..PARTITIONS).map(|number| (TopicPartition::new(bench.name.as_str(), number), 10));
        assert_eq!(again, expected.collect());
        slow.close().await;
    })
    .await;
}
