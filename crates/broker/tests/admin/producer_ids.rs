//! Ids for idempotent producers.

use std::collections::BTreeSet;

use ottla_wire::messages::InitProducerIdRequest;

use crate::node::{Client, Node};

/// More than a block of the controller's has.
const COUNT: usize = 1_100;

async fn new_id(client: &mut Client) -> i64 {
    let request = InitProducerIdRequest { transactional_id: None, ..Default::default() };
    let response = client.call(4, &request).await;
    assert_eq!((response.error_code, response.producer_epoch), (0, 0));
    response.producer_id
}

async fn new_ids(node: &Node, count: usize) -> BTreeSet<i64> {
    let mut client = node.client().await;
    let mut ids = BTreeSet::new();
    for _ in 0..count {
        assert!(ids.insert(new_id(&mut client).await), "an id was given twice");
    }
    ids
}

#[tokio::test]
async fn no_id_is_given_twice_not_even_after_a_stop_or_a_kill() {
    let node = Node::start().await;
    let before = new_ids(&node, COUNT).await;
    let killed = node.start_on_copy().await;
    let stopped = node.restart().await;
    for node in [killed, stopped] {
        let after = new_ids(&node, 10).await;
        assert!(after.is_disjoint(&before), "{after:?}");
        node.stop().await;
    }
}

#[tokio::test]
async fn clients_that_ask_at_once_get_different_ids() {
    let node = Node::start().await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = node.client().await;
        clients.push(tokio::spawn(async move { new_id(&mut client).await }));
    }
    let mut ids = BTreeSet::new();
    for client in clients {
        assert!(ids.insert(client.await.expect("an id")));
    }
    node.stop().await;
}
