//! Handlers of batches: what they get, what is committed, and where records go that keep failing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ottla_client::TopicPartition;
use ottla_client::consumer::{Consumer, ConsumerRecord, StartAt};
use ottla_client::group::{
    Batch, BatchHandler, BatchOptions, Batches, ConsumerGroup, DeadLetters, Handled, HandlerError, OnFailure,
};
use ottla_client::messaging::{Broker, Event, PublishOptions, ReaderOptions, WriterOptions};
use tokio::sync::Notify;

use super::{Node, member, partition, run};

const PARTITIONS: i32 = 2;
const COUNT: usize = 50;

/// Refuses one record of partition 0, and fails once in a while; tells when there is news.
#[derive(Clone, Default)]
struct Flaky {
    bad: Option<i64>,
    seen: Arc<Mutex<Seen>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Seen {
    /// How often each record was handled without an error.
    handled: BTreeMap<(i32, i64), usize>,
    sizes: Vec<usize>,
    /// How often the record was refused that is.
    attempt: u32,
}

impl Flaky {
    fn new(bad: Option<i64>) -> Flaky {
        Flaky { bad, ..Flaky::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no test panicked")
    }

    fn try_handle(&self, batch: Batch<'_>) -> Result<(), HandlerError> {
        let number = batch.partition().partition;
        let is_bad = batch.records().iter().any(|record| number == 0 && Some(record.offset) == self.bad);
        let mut seen = self.seen();
        seen.sizes.push(batch.records().len());
        if is_bad {
            seen.attempt = batch.attempt();
            return Err("a bad record".into());
        }
        if seen.sizes.len() % 7 == 3 {
            return Err("as it happens".into());
        }
        for record in batch.records() {
            *seen.handled.entry((number, record.offset)).or_default() += 1;
        }
        Ok(())
    }

    async fn has(&self, is_so: impl Fn(&Seen) -> bool) {
        loop {
            let changed = self.changed.notified();
            if is_so(&self.seen()) {
                return;
            }
            changed.await;
        }
    }
}

impl BatchHandler for Flaky {
    fn handle<'a>(&'a self, batch: Batch<'a>) -> Handled<'a> {
        let outcome = self.try_handle(batch);
        self.changed.notify_one();
        Box::pin(async move { outcome })
    }
}

fn options() -> BatchOptions {
    BatchOptions::default()
        .records_max(10_usize)
        .wait_max(Duration::from_millis(20))
        .attempts_max(3)
        .retry_backoff(Duration::from_millis(1), Duration::from_millis(5))
}

fn node() -> Node {
    let node = Node::start();
    node.create("t", PARTITIONS);
    node.create("dead", 1);
    node.fill("t", PARTITIONS, COUNT);
    node
}

/// What the group goes on with in each partition.
async fn committed(node: &Node) -> Vec<Option<i64>> {
    let consumer = node.consumer(member("range"));
    let partitions: Vec<TopicPartition> = (0..PARTITIONS).map(|number| partition("t", number)).collect();
    let committed = consumer.committed(&partitions).await.expect("an answer");
    partitions.iter().map(|of| committed[of].as_ref().map(|committed| committed.offset)).collect()
}

/// Consumes until the handler has what it should, or fails.
async fn consume(
    node: &Node,
    flaky: &Flaky,
    options: BatchOptions,
    is_enough: impl Fn(&Seen) -> bool + Send + Sync,
) -> Result<(), HandlerError> {
    let group = ConsumerGroup::new(node.client(), member("range")).expect("it has a group");
    group.consume(["t"], Batches::new(flaky.clone(), options), flaky.has(is_enough)).await
}

fn all_but(bad: usize) -> usize {
    COUNT * usize::try_from(PARTITIONS).expect("a few") - bad
}

#[test]
fn batches_are_handled_until_they_succeed_and_committed_as_far_as_all_before_has() {
    for concurrency in [1, 4] {
        let node = node();
        run(async {
            let flaky = Flaky::new(None);
            let options = options().concurrency(concurrency);
            let outcome = consume(&node, &flaky, options, |seen| seen.handled.len() == all_but(0)).await;
            outcome.expect("nothing keeps failing");
            assert!(flaky.seen().handled.values().all(|times| *times == 1));
            assert!(flaky.seen().sizes.iter().all(|size| (1..=10).contains(size)));
            assert_eq!(committed(&node).await, [Some(50), Some(50)], "{concurrency} at a time");
        });
    }
}

async fn dead_letters(node: &Node) -> Vec<ConsumerRecord> {
    let consumer: Consumer = node.consumer(member("range").group_id("undertaker".to_owned()));
    consumer.assign([(partition("dead", 0), StartAt::Earliest)]).expect("it assigns");
    let ends = consumer.end_offsets(&[partition("dead", 0)]).await.expect("an answer");
    let mut letters = Vec::new();
    while i64::try_from(letters.len()).expect("a few") < ends[&partition("dead", 0)] {
        letters.extend(consumer.poll(Duration::from_millis(100)).await.expect("records"));
    }
    letters
}

fn header(record: &ConsumerRecord, name: &str) -> String {
    let header = record.headers.iter().find(|header| header.key == name).expect("it is there");
    String::from_utf8(header.value.expect("it has a value").to_vec()).expect("it is text")
}

#[test]
fn a_record_that_keeps_failing_is_a_dead_letter_and_all_others_are_handled() {
    for concurrency in [1, 4] {
        let node = node();
        run(async {
            let letters = DeadLetters::new(&node.client(), "dead").expect("a producer");
            let options = options().concurrency(concurrency).on_failure(OnFailure::DeadLetters(letters));
            let flaky = Flaky::new(Some(23));
            let is_enough = |seen: &Seen| seen.handled.len() == all_but(1) && seen.attempt == 6;
            consume(&node, &flaky, options, is_enough).await.expect("it goes on");
            assert_eq!(committed(&node).await, [Some(50), Some(50)]);
            let letters = dead_letters(&node).await;
            let [letter] = letters.as_slice() else { panic!("one record keeps failing: {letters:?}") };
            let expected = [
                (DeadLetters::TOPIC, "t"),
                (DeadLetters::PARTITION, "0"),
                (DeadLetters::OFFSET, "23"),
                (DeadLetters::ERROR, "a bad record"),
                (DeadLetters::ATTEMPT, "6"),
            ];
            for (name, value) in expected {
                assert_eq!(header(letter, name), value, "{name}");
            }
        });
    }
}

#[test]
fn a_record_that_keeps_failing_stops_its_partition_or_everything() {
    for (on_failure, fails) in [(OnFailure::StopPartition, false), (OnFailure::Fail, true)] {
        let node = node();
        run(async {
            let flaky = Flaky::new(Some(23));
            // Those before it in its partition, and all of the other one.
            let is_enough = |seen: &Seen| !fails && seen.handled.len() == 73;
            let outcome = consume(&node, &flaky, options().on_failure(on_failure), is_enough).await;
            assert_eq!(outcome.is_err(), fails, "{outcome:?}");
            assert_eq!(committed(&node).await[0], Some(23), "what comes behind it is not passed over");
            assert!(flaky.seen().handled.keys().all(|(number, offset)| *number == 1 || *offset < 23));
        });
    }
}

#[test]
fn the_facade_gives_batches_and_buries_what_keeps_failing() {
    let node = Node::start();
    run(async {
        let broker = Broker::new(node.client(), WriterOptions::default());
        for topic in ["t", "dead"] {
            broker.create_topic(topic, 1, 1).await.expect("it is made");
        }
        for value in ["good", "bad", "good"] {
            broker.publish("t", value, PublishOptions::default()).await.expect("it is written");
        }
        let batches =
            options().on_failure(OnFailure::DeadLetters(broker.dead_letters("dead").expect("it is one")));
        let (good, changed) = (Arc::new(Mutex::new(0)), Arc::new(Notify::new()));
        let (count, tell) = (good.clone(), changed.clone());
        let handler = move |events: Vec<Event>| {
            let is_bad = events.iter().any(|event| event.record.value.as_deref() == Some(b"bad"));
            if !is_bad {
                *count.lock().expect("no test panicked") += events.len();
            }
            tell.notify_one();
            async move { if is_bad { Err("it is bad".into()) } else { Ok(()) } }
        };
        let subscription = broker.subscribe_batches("t", "g", ReaderOptions::default(), batches, handler);
        let subscription = subscription.await.expect("it subscribes");
        while *good.lock().expect("no test panicked") < 2 {
            changed.notified().await;
        }
        subscription.stop().await.expect("nothing ends it");
        let letters = dead_letters(&node).await;
        assert_eq!(letters.len(), 1);
        assert_eq!(header(&letters[0], DeadLetters::ERROR), "it is bad");
        assert_eq!(letters[0].value.as_deref(), Some(&b"bad"[..]));
        broker.close().await;
    });
}
