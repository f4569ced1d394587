//! What consuming allocates: something for each batch, and nothing for a record.

use allocation_counter::measure;
use ottla_client::config::ConsumerConfig;
use ottla_client::consumer::StartAt;

use super::record::{Producer, Record};
use super::{Node, partition, poll, run};

const RECORDS: usize = 50_000;
/// To connect, and for each response, batch and poll.
const ALLOCATIONS_MAX: u64 = 5_000;

/// The client runs on this thread alone, so that all that it allocates is counted.
#[test]
fn records_are_consumed_without_allocating_for_each() {
    for codec in ["none", "lz4"] {
        let node = Node::start();
        node.create("t", 1);
        let batches = [("compression.codec", codec), ("linger.ms", "50"), ("batch.num.messages", "5000")];
        let record = Record::new("key", &"value".repeat(20));
        Producer::new(node.address, &batches).deliver("t", 0, &vec![record; RECORDS]);
        let counted = measure(|| {
            run(async {
                let consumer = node.consumer(ConsumerConfig::default());
                consumer.assign([(partition("t", 0), StartAt::Earliest)]).expect("it assigns");
                let mut left = RECORDS;
                while left > 0 {
                    left -= poll(&consumer, 1).await.len();
                }
                consumer.close().await;
            });
        });
        eprintln!("{codec}: {} allocations for {RECORDS} records", counted.count_total);
        assert!(counted.count_total < ALLOCATIONS_MAX, "{codec}: {counted:?}");
    }
}
