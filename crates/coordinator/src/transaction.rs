//! Transactions, as Kafka's transaction coordinator keeps them.

mod partitions;

pub use partitions::TopicPartition;
