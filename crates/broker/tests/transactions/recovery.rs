//! Transactions after a kill: from the log alone.

use ottla_wire::messages::EndTxnRequest;

use crate::{
    coordinator::client,
    node::Node,
    writer::{describe, ends, init, until_state},
};

#[tokio::test]
async fn an_open_transaction_goes_on_after_a_kill_or_a_stop() {
    for committed in [true, false] {
        let node = Node::start().await;
        let mut before = client(&node).await;
        let writer = init(&mut before, 60_000).await;
        writer.begin(&mut before, 0).await;
        let killed = node.start_on_copy().await;
        let stopped = node.restart().await;
        for node in [killed, stopped] {
            let mut client = node.client().await;
            assert_eq!(describe(&mut client).await.transaction_state, "Ongoing");
            assert_eq!(ends(&mut client, 0).await, (0, 1));
            assert_eq!(writer.write(&mut client, 0, 1).await, 0);
            assert_eq!(writer.end_v1(&mut client, committed).await, 0);
            until_state(&mut client, if committed { "CompleteCommit" } else { "CompleteAbort" }).await;
            assert_eq!((ends(&mut client, 0).await, ends(&mut client, 1).await), ((3, 3), (2, 2)));
            node.stop().await;
        }
    }
}

/// The copies are made while the end goes its way: decided or not, with none, some or all markers written.
#[tokio::test]
async fn a_kill_while_a_transaction_ends_leaves_it_open_or_ends_it_everywhere() {
    let node = Node::start().await;
    let mut client = client(&node).await;
    let writer = init(&mut client, 60_000).await;
    for round in 0..6 {
        let committed = round % 2 == 0;
        writer.begin(&mut client, round).await;
        let open = ends(&mut client, 0).await;
        client.send(4, &writer.end_request(committed)).await;
        let copy = node.start_on_copy().await;
        assert_eq!(client.receive::<EndTxnRequest>(4).await.error_code, 0);
        let answered = node.start_on_copy().await;
        for (node, was_answered) in [(copy, false), (answered, true)] {
            let mut client = node.client().await;
            if !was_answered && describe(&mut client).await.transaction_state == "Ongoing" {
                assert_eq!(ends(&mut client, 0).await, open);
            } else {
                until_state(&mut client, if committed { "CompleteCommit" } else { "CompleteAbort" }).await;
                for partition in 0..2 {
                    // A marker that was written before the kill may have been written again.
                    let (stable, end) = ends(&mut client, partition).await;
                    assert!(stable == end && end > open.1, "{stable} of {end}, open was {open:?}");
                }
            }
            node.stop().await;
        }
        until_state(&mut client, if committed { "CompleteCommit" } else { "CompleteAbort" }).await;
    }
    node.stop().await;
}
