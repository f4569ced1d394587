//! Transactions. They hold whatever the cluster's `transaction.version` is: run them with 2, which is the default, and with 1,
//!
//! ```sh
//! kafka-features --bootstrap-server 127.0.0.1:PORT downgrade --feature transaction.version=1
//! ```

use std::time::Duration;

use ottla_client::admin::{Admin, NewTopic, TransactionDescription};
use ottla_client::config::{ConsumerConfig, IsolationLevel, OffsetReset, ProducerConfig};
use ottla_client::consumer::{Consumer, StartAt};
use ottla_client::group::{CommittedOffset, GroupMetadata};
use ottla_client::producer::{Producer, ProducerRecord};
use ottla_client::{Client, Error, ErrorCode, TopicPartition};

use super::config;

const DEADLINE: Duration = Duration::from_secs(60);
/// Written last by each test, so that its reader knows when it has seen everything.
const LAST: &str = "last";

/// Two topics of one partition each and a transactional id, named after the test.
struct Bench {
    client: Client,
    topics: [String; 2],
    id: String,
}

impl Bench {
    async fn new(test: &str) -> Bench {
        let client = Client::connect(config()).await.unwrap();
        let id = format!("{test}-{}", std::process::id());
        let topics = ["a", "b"].map(|name| format!("{id}-{name}"));
        let wanted = topics.each_ref().map(|name| NewTopic::new(name).partitions(1).replication_factor(1));
        for (_, created) in Admin::new(client.clone()).create_topics(&wanted).await.unwrap() {
            created.unwrap();
        }
        Bench { client, topics, id }
    }

    /// A producer with a client of its own, as another process would be.
    fn producer(&self, options: ProducerConfig) -> Producer {
        Producer::new(config(), options.transactional_id(Some(self.id.clone()))).unwrap()
    }

    async fn initialized(&self) -> Producer {
        let producer = self.producer(ProducerConfig::default());
        producer.init_transactions().await.unwrap();
        producer
    }

    /// Sends to both topics.
    async fn send(&self, producer: &Producer, value: &str) -> Result<(), Error> {
        for topic in &self.topics {
            let _delivery =
                producer.send(ProducerRecord::new(topic.as_str()).value(value.to_owned())).await?;
        }
        Ok(())
    }

    async fn commit(&self, producer: &Producer, value: &str) {
        producer.in_transaction(async || self.send(producer, value).await).await.unwrap();
    }

    /// What a reader of committed records sees in each topic, up to what is written last.
    async fn check_committed(&self, expected: &[&str]) {
        let producer = self.initialized().await;
        self.commit(&producer, LAST).await;
        for topic in &self.topics {
            assert_eq!(self.values(topic, IsolationLevel::ReadCommitted).await, expected, "{topic}");
        }
    }

    async fn values(&self, topic: &str, isolation: IsolationLevel) -> Vec<String> {
        let options = ConsumerConfig::default().isolation_level(isolation);
        let consumer = Consumer::new(self.client.clone(), options).unwrap();
        consumer.assign([(TopicPartition::new(topic, 0), StartAt::Earliest)]).unwrap();
        let mut values = Vec::new();
        loop {
            let record =
                tokio::time::timeout(DEADLINE, consumer.recv()).await.expect("there is more").unwrap();
            match String::from_utf8_lossy(record.value.as_deref().unwrap()).into_owned() {
                value if value == LAST => return values,
                value => values.push(value),
            }
        }
    }

    /// What the group named after the test committed, once no transaction is about to commit more.
    async fn committed(&self) -> Option<CommittedOffset> {
        let (admin, partition) = (Admin::new(self.client.clone()), self.partition());
        let asked = [partition.clone()];
        let mut offsets = admin.list_group_offsets(&self.id, Some(&asked), true).await.unwrap();
        offsets.remove(&partition).unwrap().unwrap()
    }

    fn partition(&self) -> TopicPartition {
        TopicPartition::new(self.topics[0].as_str(), 0)
    }

    async fn described(&self) -> TransactionDescription {
        let admin = Admin::new(self.client.clone());
        admin.describe_transactions(&[&self.id]).await.unwrap().remove(&*self.id).unwrap().unwrap()
    }
}

#[tokio::test]
async fn what_is_committed_is_seen_and_what_is_aborted_is_not() {
    let bench = Bench::new("ends").await;
    let producer = bench.initialized().await;
    for round in 0..5 {
        producer.begin_transaction().unwrap();
        bench.send(&producer, &format!("committed {round}")).await.unwrap();
        producer.commit_transaction().await.unwrap();
        producer.begin_transaction().unwrap();
        bench.send(&producer, &format!("aborted {round}")).await.unwrap();
        producer.flush().await;
        producer.abort_transaction().await.unwrap();
    }
    producer.close(DEADLINE).await.unwrap();
    let expected: Vec<String> = (0..5).map(|round| format!("committed {round}")).collect();
    bench.check_committed(&expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let all = bench.values(&bench.topics[0], IsolationLevel::ReadUncommitted).await;
    assert_eq!(all.len(), 10);
}

#[tokio::test]
async fn many_records_in_many_partitions_and_batches_are_committed_at_once() {
    let bench = Bench::new("many").await;
    let producer = bench.producer(ProducerConfig::default().batch_size(200_usize));
    producer.init_transactions().await.unwrap();
    let values: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    let sent = producer.in_transaction(async || {
        for value in &values {
            bench.send(&producer, value).await?;
        }
        Ok::<_, Error>(())
    });
    sent.await.unwrap();
    bench.check_committed(&values.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn with_version_2_each_transaction_has_an_epoch_of_its_own() {
    let bench = Bench::new("epochs").await;
    let features = Admin::new(bench.client.clone()).describe_features(None).await.unwrap();
    let level = features.finalized.get("transaction.version").map_or(0, |range| range.max);
    let producer = bench.initialized().await;
    let first = bench.described().await.producer_epoch;
    for _ in 0..3 {
        bench.commit(&producer, "v").await;
    }
    let expected = if level >= 2 { first + 3 } else { first };
    assert_eq!(bench.described().await.producer_epoch, expected, "transaction.version={level}");
}

#[tokio::test]
async fn a_producer_that_another_took_over_from_is_fenced_in_whatever_it_does() {
    for act in ["commits", "aborts", "sends", "commits offsets"] {
        let bench = Bench::new(&format!("fenced-{}", act.replace(' ', "-"))).await;
        let producer = bench.initialized().await;
        producer.begin_transaction().unwrap();
        bench.send(&producer, "of the first").await.unwrap();
        producer.flush().await;
        let second = bench.initialized().await;
        bench.commit(&second, "of the second").await;
        let error = match act {
            "commits" => producer.commit_transaction().await.unwrap_err(),
            "aborts" => producer.abort_transaction().await.unwrap_err(),
            "sends" => {
                let sent = ProducerRecord::new(bench.topics[0].as_str()).value("too late");
                let refused = producer.send_and_wait(sent).await.unwrap_err();
                assert!(refused.is_abortable(), "{refused}");
                assert_eq!(refused.code(), Some(ErrorCode::InvalidProducerEpoch), "{refused}");
                producer.abort_transaction().await.unwrap_err()
            }
            _ => {
                let offset = (bench.partition(), CommittedOffset::new(1));
                let group = GroupMetadata::new(bench.id.as_str());
                producer.send_offsets_to_transaction([offset], &group).await.unwrap_err()
            }
        };
        assert!(matches!(error, Error::ProducerFenced { .. }) && error.is_fatal(), "{act}: {error}");
        assert!(matches!(producer.begin_transaction(), Err(Error::ProducerFenced { .. })), "{act}");
        bench.check_committed(&["of the second"]).await;
    }
}

#[tokio::test]
async fn offsets_are_committed_with_the_transaction_or_not_at_all() {
    let bench = Bench::new("offsets").await;
    let producer = bench.initialized().await;
    let group = GroupMetadata::new(bench.id.as_str());
    for (offset, is_committed, expected) in [(5, true, Some(5)), (9, false, Some(5)), (12, true, Some(12))] {
        producer.begin_transaction().unwrap();
        bench.send(&producer, &offset.to_string()).await.unwrap();
        let next = CommittedOffset::new(offset).with_metadata("note");
        producer.send_offsets_to_transaction([(bench.partition(), next)], &group).await.unwrap();
        if is_committed {
            producer.commit_transaction().await.unwrap();
        } else {
            producer.abort_transaction().await.unwrap();
        }
        let found = bench.committed().await;
        assert_eq!(found.as_ref().map(|found| found.offset), expected);
        assert_eq!(found.as_ref().map(|found| &*found.metadata), Some("note"));
    }
    bench.check_committed(&["5", "12"]).await;
}

#[tokio::test]
async fn a_transaction_may_commit_offsets_alone() {
    let bench = Bench::new("offsets-alone").await;
    let producer = bench.initialized().await;
    let group = GroupMetadata::new(bench.id.as_str());
    for offset in [3, 4] {
        let commit = producer.in_transaction(async || {
            let next = CommittedOffset::new(offset);
            producer.send_offsets_to_transaction([(bench.partition(), next)], &group).await
        });
        commit.await.unwrap();
    }
    assert_eq!(bench.committed().await.map(|committed| committed.offset), Some(4));
}

#[tokio::test]
async fn offsets_of_somebody_who_is_no_member_are_refused_and_the_producer_lives_on() {
    let bench = Bench::new("no-member").await;
    let producer = bench.initialized().await;
    let mut group = GroupMetadata::new(bench.id.as_str());
    group.generation = 3;
    group.member_id = "nobody".into();
    producer.begin_transaction().unwrap();
    let offset = (bench.partition(), CommittedOffset::new(1));
    let error = producer.send_offsets_to_transaction([offset], &group).await.unwrap_err();
    assert!(error.is_abortable(), "{error}");
    assert!(producer.commit_transaction().await.unwrap_err().is_abortable());
    producer.abort_transaction().await.unwrap();
    bench.commit(&producer, "after it").await;
    bench.check_committed(&["after it"]).await;
}

#[tokio::test]
async fn after_a_record_that_is_refused_the_transaction_is_aborted_and_the_next_commits() {
    let bench = Bench::new("refused").await;
    let producer = bench.producer(ProducerConfig::default().max_request_size(4_000_000_usize));
    producer.init_transactions().await.unwrap();
    for round in 0..3 {
        let failed = producer.in_transaction(async || {
            bench.send(&producer, "never seen").await?;
            let large = ProducerRecord::new(bench.topics[0].as_str()).value(vec![7; 2_000_000]);
            let _delivery = producer.send(large).await?;
            bench.send(&producer, "never seen either").await
        });
        let error = failed.await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::MessageTooLarge), "{error}");
        bench.commit(&producer, &format!("round {round}")).await;
    }
    bench.check_committed(&["round 0", "round 1", "round 2"]).await;
}

#[tokio::test]
async fn what_a_producer_that_died_left_open_is_aborted_by_the_next_of_its_name() {
    let bench = Bench::new("died").await;
    let producer = bench.initialized().await;
    bench.commit(&producer, "whole").await;
    producer.begin_transaction().unwrap();
    bench.send(&producer, "half").await.unwrap();
    producer.flush().await;
    // Its connections end, and nobody says a word.
    producer.client().close().await;
    drop(producer);
    assert_eq!(&*bench.described().await.state, "Ongoing");
    let next = bench.initialized().await;
    bench.commit(&next, "by the next").await;
    bench.check_committed(&["whole", "by the next"]).await;
}

#[tokio::test]
async fn closing_aborts_what_is_open() {
    let bench = Bench::new("closed").await;
    let producer = bench.initialized().await;
    producer.begin_transaction().unwrap();
    bench.send(&producer, "v").await.unwrap();
    producer.flush().await;
    producer.close(DEADLINE).await.unwrap();
    assert!(bench.described().await.state.ends_with("Abort"));
    bench.check_committed(&[]).await;
}

#[tokio::test]
async fn a_transaction_that_takes_too_long_is_aborted_by_the_coordinator() {
    let bench = Bench::new("slow").await;
    let producer = bench.producer(ProducerConfig::default().transaction_timeout(Duration::from_millis(500)));
    producer.init_transactions().await.unwrap();
    producer.begin_transaction().unwrap();
    bench.send(&producer, "v").await.unwrap();
    producer.flush().await;
    let aborted = async {
        while !bench.described().await.state.ends_with("Abort") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, aborted).await.expect("the coordinator looks now and then");
    let error = producer.commit_transaction().await.unwrap_err();
    assert!(matches!(error, Error::ProducerFenced { .. }), "{error}");
    bench.check_committed(&[]).await;
}

/// Consumes the first topic as a member, and sends what it makes of each record to the second, up to what was written last. After
/// so many transactions it aborts one and gives up, as a program that fails does.
async fn transform(bench: &Bench, commits_max: usize) -> bool {
    let producer = bench.initialized().await;
    let options = ConsumerConfig::default()
        .group_id(Some(bench.id.clone()))
        .enable_auto_commit(false)
        .auto_offset_reset(OffsetReset::Earliest)
        .isolation_level(IsolationLevel::ReadCommitted)
        .max_poll_records(10_usize);
    let consumer = Consumer::new(bench.client.clone(), options).unwrap();
    consumer.subscribe([bench.topics[0].as_str()]).unwrap();
    for commits in 0.. {
        let records = consumer.poll(DEADLINE).await.unwrap();
        let Some(last) = records.last() else { continue };
        producer.begin_transaction().unwrap();
        for record in &records {
            let made = ProducerRecord::new(bench.topics[1].as_str()).value(record.value.clone().unwrap());
            let _delivery = producer.send(made).await.unwrap();
        }
        let next = (last.partition.clone(), CommittedOffset::new(last.offset + 1));
        producer.send_offsets_to_transaction([next], &consumer.group_metadata().unwrap()).await.unwrap();
        if commits == commits_max {
            producer.abort_transaction().await.unwrap();
            // So that nobody waits for its session to end.
            consumer.close().await;
            return false;
        }
        producer.commit_transaction().await.unwrap();
        if last.value.as_deref() == Some(LAST.as_bytes()) {
            consumer.close().await;
            return true;
        }
    }
    unreachable!("it ends within")
}

#[tokio::test]
async fn what_a_member_makes_of_records_is_written_once_however_often_it_fails() {
    let bench = Bench::new("transform").await;
    let values: Vec<String> = (0..95).map(|number| number.to_string()).collect();
    let input = Producer::new(config(), ProducerConfig::default()).unwrap();
    for value in values.iter().map(String::as_str).chain([LAST]) {
        input
            .send_and_wait(ProducerRecord::new(bench.topics[0].as_str()).value(value.to_owned()))
            .await
            .unwrap();
    }
    let transforming = async { while !transform(&bench, 3).await {} };
    tokio::time::timeout(DEADLINE, transforming).await.expect("it is done in time");
    assert_eq!(bench.values(&bench.topics[1], IsolationLevel::ReadCommitted).await, values);
    assert!(bench.values(&bench.topics[1], IsolationLevel::ReadUncommitted).await.len() > values.len());
}
