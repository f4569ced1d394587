//! Flushes of what only the page cache has, at their time.

use ottla_log::disk::Loss;
use ottla_records::{Batch, BatchBuilder, BatchOptions};
use uuid::Uuid;

use super::node::{Node, new_disk, readable};

const TOPIC: Uuid = Uuid::from_u128(7);

fn batch() -> Batch {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    builder.append(0, None, Some(b"value"), &[]).expect("room in a batch");
    builder.build().expect("a batch")
}

/// How many of three batches outlive a loss of power.
fn check(settings: &[(&str, &str)], left: usize) {
    let disk = new_disk();
    let mut node = Node::open(&disk).expect("a broker");
    node.create_topic("cached", TOPIC, 1, settings);
    let partition = node.partition((TOPIC, 0)).expect("a partition");
    for _ in 0..3 {
        let produced = node.append(&partition, batch()).expect("room");
        assert!(node.durable.has_reached(produced.until), "nobody waits for a flush by time");
    }
    node.ask_for_timely_flushes();
    node.flush();
    let node = Node::open(&disk.crash(Loss::Everything)).expect("a broker");
    let partition = node.partition((TOPIC, 0)).expect("a partition");
    assert_eq!(readable(&partition).expect("a log").len(), left, "{settings:?}");
}

#[test]
fn what_has_waited_for_flush_ms_is_on_the_disk() {
    check(&[("ottla.durability", "os")], 0);
    check(&[("ottla.durability", "os"), ("flush.ms", "3600000")], 0);
    check(&[("ottla.durability", "os"), ("flush.ms", "0")], 3);
}
