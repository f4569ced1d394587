//! Members that come, go and die, and a broker that does: each record is consumed, and none is skipped.

use std::time::Duration;

use ottla_client::config::ConsumerConfig;
use rustix::process::Signal;

use super::crew::{Log, Member};
use super::{Node, member, run};

const STRATEGIES: [&str; 4] = ["range", "roundrobin", "sticky", "cooperative-sticky"];

fn node_with_records(partitions: i32, count: usize) -> Node {
    let node = Node::start();
    node.create("t", partitions);
    node.fill("t", partitions, count);
    node
}

#[test]
fn members_share_what_there_is_and_one_that_leaves_leaves_it_to_the_others() {
    for strategy in STRATEGIES {
        let node = node_with_records(4, 50);
        run(async {
            let log = Log::default();
            let mut first = Member::start(&node, member(strategy), "t", &log);
            first.has(4).await;
            let mut second = Member::start(&node, member(strategy), "t", &log);
            second.has(2).await;
            first.has(2).await;
            log.has_all("t", 4, 50).await;
            first.close().await;
            second.has(4).await;
            node.fill("t", 4, 50);
            log.has_all("t", 4, 100).await;
            second.close().await;
            log.check_nothing_skipped();
            assert_eq!(log.repeated(), 0, "{strategy}: all was committed before it was given away");
        });
    }
}

#[test]
fn a_cooperative_member_keeps_what_does_not_move() {
    let node = node_with_records(4, 10);
    run(async {
        let log = Log::default();
        let mut first = Member::start(&node, member("cooperative-sticky"), "t", &log);
        first.has(4).await;
        let before = first.assigned();
        let second = Member::start(&node, member("cooperative-sticky"), "t", &log);
        let mut fewest = before.len();
        while second.assigned().len() < 2 {
            fewest = fewest.min(first.assigned().len());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(fewest, 2, "it never had less than it has in the end");
        assert!(first.assigned().iter().all(|kept| before.contains(kept)));
        second.close().await;
        first.has(4).await;
        first.close().await;
    });
}

#[test]
fn what_a_member_that_died_had_goes_to_the_others_when_its_session_ends() {
    let node = node_with_records(2, 100);
    run(async {
        let log = Log::default();
        let config = member("range").enable_auto_commit(false);
        let mut first = Member::start(&node, config.clone(), "t", &log);
        first.has(2).await;
        let mut second = Member::start(&node, config, "t", &log);
        second.has(1).await;
        second.kill().await;
        first.has(1).await;
        node.fill("t", 2, 100);
        first.has(2).await;
        log.has_all("t", 2, 200).await;
        log.check_nothing_skipped();
        first.close().await;
    });
}

#[test]
fn a_broker_that_is_killed_costs_no_record() {
    let mut node = node_with_records(4, 100);
    run(async {
        let log = Log::default();
        let config = |strategy: &str| member(strategy).enable_auto_commit(false).max_poll_records(3_usize);
        let mut members = Vec::new();
        for _ in 0..3 {
            members.push(Member::start(&node, config("cooperative-sticky"), "t", &log));
        }
        while members.iter().map(|member| member.assigned().len()).sum::<usize>() < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for round in 1..=3 {
            node.restart(if round == 2 { Signal::TERM } else { Signal::KILL });
            node.fill("t", 4, 50);
            log.has_all("t", 4, 100 + 50 * round).await;
        }
        log.check_nothing_skipped();
        for member in members {
            member.close().await;
        }
    });
}

#[test]
fn members_that_come_and_go_all_the_time_leave_nothing_out() {
    for strategy in ["range", "cooperative-sticky"] {
        let node = node_with_records(6, 200);
        run(async {
            let log = Log::default();
            let config = || member(strategy).enable_auto_commit(false).max_poll_records(5_usize);
            let mut stays = Member::start(&node, config(), "t", &log);
            stays.has(6).await;
            for _ in 0..4 {
                let mut comes = Member::start(&node, config(), "t", &log);
                comes.has(3).await;
                comes.close().await;
            }
            log.has_all("t", 6, 200).await;
            log.check_nothing_skipped();
            stays.close().await;
        });
    }
}

#[test]
fn a_member_that_is_slow_loses_what_it_has_and_gets_it_back() {
    let node = node_with_records(1, 40);
    run(async {
        let config: ConsumerConfig = member("range").max_poll_interval(Duration::from_millis(600));
        let slow = node.consumer(config.clone());
        slow.subscribe(["t"]).expect("it has a group");
        let first = slow.poll(Duration::from_secs(30)).await.expect("records");
        assert_eq!(first[0].offset, 0);

        // It does not ask for more, and so leaves.
        let log = Log::default();
        let mut other = Member::start(&node, config, "t", &log);
        other.has(1).await;
        log.has_all("t", 1, 40).await;
        assert!(slow.commit().await.is_err(), "another has the partition");
        other.close().await;

        // What the other had committed is not consumed again.
        node.fill("t", 1, 1);
        let again = slow.poll(Duration::from_secs(30)).await.expect("records");
        assert_eq!(again[0].offset, 40);
        slow.close().await;
    });
}
