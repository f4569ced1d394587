//! The examples that want what Apache Kafka has.
#![allow(dead_code, reason = "the main of an example is not called here")]

#[path = "../../examples/async_producer.rs"]
mod async_producer;
#[path = "../../examples/share_consumer.rs"]
mod share_consumer;
#[path = "../../examples/transactions.rs"]
mod transactions;

use super::bootstrap;

#[tokio::test]
async fn records_are_worked_through_by_a_share_group() {
    let written = async_producer::run(&bootstrap()).await.unwrap();
    assert!(share_consumer::run(&bootstrap()).await.unwrap() >= written.len());
}

#[tokio::test]
async fn records_are_made_of_others_in_transactions() {
    let written = async_producer::run(&bootstrap()).await.unwrap();
    assert!(transactions::run(&bootstrap()).await.unwrap() >= written.len());
}
