//! Groups of our members and librdkafka's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use ottla_client::TopicPartition;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;

use super::crew::{Log, Member};
use super::{Node, client, member, run};

/// A member with librdkafka, in a thread of its own.
struct Other {
    thread: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Other {
    fn start(node: &Node, strategy: &str, log: &Log) -> Other {
        let mut config = client::consumer_config(node.address);
        config
            .set("group.id", "g")
            .set("partition.assignment.strategy", strategy)
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "true")
            .set("heartbeat.interval.ms", "50")
            .set("session.timeout.ms", "6000");
        let consumer: BaseConsumer = config.create().expect("a consumer");
        consumer.subscribe(&["t"]).expect("a topic");
        let (stop, log) = (Arc::new(AtomicBool::new(false)), log.clone());
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if let Some(Ok(message)) = consumer.poll(client::TURN) {
                    log.add(TopicPartition::new(message.topic(), message.partition()), message.offset());
                }
            }
        });
        Other { thread, stop }
    }

    /// It commits and leaves.
    fn close(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does not panic");
    }
}

#[test]
fn our_members_and_librdkafkas_share_what_there_is() {
    for strategy in ["range", "roundrobin", "cooperative-sticky"] {
        let node = Node::start();
        node.create("t", 4);
        node.fill("t", 4, 50);
        run(async {
            let log = Log::default();
            // Each leads the group once: ours now, and librdkafka's when ours has left.
            let mut ours = Member::start(&node, member(strategy), "t", &log);
            ours.has(4).await;
            let theirs = Other::start(&node, strategy, &log);
            ours.has(2).await;
            log.has_all("t", 4, 50).await;
            node.fill("t", 4, 50);
            log.has_all("t", 4, 100).await;
            ours.close().await;
            let mut ours = Member::start(&node, member(strategy), "t", &log);
            ours.has(2).await;
            node.fill("t", 4, 50);
            log.has_all("t", 4, 150).await;
            theirs.close();
            ours.has(4).await;
            log.check_nothing_skipped();
            ours.close().await;
        });
    }
}
