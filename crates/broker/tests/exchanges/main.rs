//! What Apache Kafka answered to these bytes is what this broker answers.

mod batches;
#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "../common/node.rs"]
mod node;
mod raw;
mod vectors;
