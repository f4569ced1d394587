//! Handlers: one call for each partition, sessions, marks and resets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::config::ConsumerConfig;
use ottla_client::consumer::StartAt;
use ottla_client::group::{Claim, ConsumerGroup, GroupHandler, Handled, Session};
use tokio::sync::watch;

use super::crew::Log;
use super::{Node, member, partition, run};

/// Marks and logs what it gets, and counts its sessions.
#[derive(Clone, Debug, Default)]
struct Reader {
    log: Log,
    sessions: Arc<Mutex<(usize, usize)>>,
    most_claims: Arc<Mutex<usize>>,
    /// The partition whose handler takes no records.
    idle: Option<i32>,
}

impl GroupHandler for Reader {
    fn setup<'a>(&'a self, session: &'a Session) -> Handled<'a> {
        assert!(!session.is_ended() && session.member().generation > 0);
        self.sessions.lock().expect("no test panicked").0 += 1;
        Box::pin(async { Ok(()) })
    }

    fn consume_claim<'a>(&'a self, session: &'a Session, mut claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            if self.idle == Some(claim.partition().partition) {
                claim.ended().await;
                return Ok(());
            }
            while let Some(record) = claim.next().await {
                assert_eq!(record.partition, *claim.partition());
                self.log.add(record.partition.clone(), record.offset);
                session.mark(&record);
                let claims = session.claims().values().map(Vec::len).sum();
                let mut most = self.most_claims.lock().expect("no test panicked");
                *most = (*most).max(claims);
            }
            Ok(())
        })
    }

    fn cleanup<'a>(&'a self, session: &'a Session) -> Handled<'a> {
        assert!(session.is_ended());
        self.sessions.lock().expect("no test panicked").1 += 1;
        Box::pin(async { Ok(()) })
    }
}

/// A member with a handler in a task of its own.
struct Running {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(node: &Node, config: ConsumerConfig, handler: impl GroupHandler) -> Running {
        let group = ConsumerGroup::new(node.client(), config).expect("it has a group");
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let until = async move {
                let _stopped = stopped.wait_for(|stopped| *stopped).await;
            };
            group.consume(["t"], handler, until).await.expect("the handler does not fail");
        });
        Running { stop, task }
    }

    async fn stop(self) {
        self.stop.send(true).expect("it runs");
        self.task.await.expect("it does not panic");
    }
}

fn node_with_records(partitions: i32, count: usize) -> Node {
    let node = Node::start();
    node.create("t", partitions);
    node.fill("t", partitions, count);
    node
}

#[test]
fn handlers_consume_all_partitions_over_rebalances_and_what_they_marked_is_committed() {
    for strategy in ["range", "cooperative-sticky"] {
        let node = node_with_records(4, 100);
        run(async {
            let reader = Reader::default();
            let first = Running::start(&node, member(strategy), reader.clone());
            reader.log.has_all("t", 4, 100).await;
            let second = Running::start(&node, member(strategy), reader.clone());
            while reader.sessions.lock().expect("no test panicked").0 < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            node.fill("t", 4, 100);
            reader.log.has_all("t", 4, 200).await;
            first.stop().await;
            node.fill("t", 4, 100);
            reader.log.has_all("t", 4, 300).await;
            second.stop().await;
            reader.log.check_nothing_skipped();
            assert_eq!(reader.log.repeated(), 0, "{strategy}");
            assert_eq!(*reader.most_claims.lock().expect("no test panicked"), 4);
            let (begun, ended) = *reader.sessions.lock().expect("no test panicked");
            assert_eq!(begun, ended, "{strategy}");
            assert!(begun >= 2);
        });
    }
}

#[test]
fn a_handler_that_is_slow_keeps_nobody_else_waiting() {
    let node = node_with_records(2, 500);
    run(async {
        let reader = Reader { idle: Some(1), ..Reader::default() };
        let running = Running::start(&node, member("range"), reader.clone());
        reader.log.has_all("t", 1, 500).await;
        running.stop().await;
        assert_eq!(reader.log.count(), 500);
    });
}

/// Goes where it is told once, and then writes down where it is.
struct Returner {
    to: StartAt,
    /// Before its claims begin, or in them.
    in_setup: bool,
    is_there: Arc<Mutex<bool>>,
    seen: Arc<Mutex<Vec<i64>>>,
}

impl GroupHandler for Returner {
    fn setup<'a>(&'a self, session: &'a Session) -> Handled<'a> {
        Box::pin(async move {
            for (topic, numbers) in session.claims().into_iter().filter(|_| self.in_setup) {
                for number in numbers {
                    session.reset_offset(&partition(&topic, number), self.to).await?;
                }
            }
            Ok(())
        })
    }

    fn consume_claim<'a>(&'a self, session: &'a Session, mut claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            if !self.in_setup {
                session.reset_offset(claim.partition(), self.to).await?;
            }
            *self.is_there.lock().expect("no test panicked") = true;
            while let Some(record) = claim.next().await {
                self.seen.lock().expect("no test panicked").push(record.offset);
                if record.offset == 49 {
                    session.mark(&record);
                    session.commit().await?;
                }
            }
            Ok(())
        })
    }
}

#[test]
fn a_reset_really_goes_there_whatever_was_committed() {
    let node = node_with_records(1, 50);
    let places = [
        (StartAt::Offset(40), Some(40)),
        (StartAt::Earliest, Some(0)),
        (StartAt::Offset(7), Some(7)),
        (StartAt::Timestamp(1_030), Some(30)),
        (StartAt::Latest, None),
    ];
    for ((to, first), in_setup) in places.into_iter().flat_map(|place| [(place, false), (place, true)]) {
        run(async {
            let (seen, is_there) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
            let handler = Returner { to, in_setup, is_there: is_there.clone(), seen: seen.clone() };
            let running = Running::start(&node, member("range"), handler);
            let committed = node.consumer(member("range"));
            let zero = partition("t", 0);
            let expected: Vec<i64> = (first.unwrap_or(50)..50).collect();
            let is_committed = async || {
                let offsets = committed.committed([&zero]).await.expect("it answers");
                offsets[&zero].as_ref().is_some_and(|committed| committed.offset == 50)
            };
            let has_seen = || {
                let seen = seen.lock().expect("no test panicked");
                *is_there.lock().expect("no test panicked") && seen.ends_with(&expected)
            };
            while !(has_seen() && is_committed().await) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            running.stop().await;
            assert!(has_seen(), "{to:?}, in setup: {in_setup}");
        });
    }
}

/// Fails at a record.
struct Failing;

impl GroupHandler for Failing {
    fn consume_claim<'a>(&'a self, session: &'a Session, mut claim: Claim) -> Handled<'a> {
        Box::pin(async move {
            loop {
                let batch = claim.next_batch(5, Duration::from_millis(100)).await;
                let Some(last) = batch.last() else { return Ok(()) };
                if last.offset >= 30 {
                    return Err("it cannot be processed".into());
                }
                session.mark(last);
            }
        })
    }
}

#[test]
fn a_handler_that_fails_ends_the_consuming_with_its_error_and_what_it_marked_is_committed() {
    let node = node_with_records(1, 50);
    run(async {
        let group = ConsumerGroup::new(node.client(), member("range")).expect("it has a group");
        let outcome = group.consume(["t"], Failing, std::future::pending()).await;
        assert_eq!(outcome.expect_err("it fails").to_string(), "it cannot be processed");
        let zero = partition("t", 0);
        let committed: BTreeMap<_, _> = group.consumer().committed([&zero]).await.expect("it answers");
        let committed = committed[&zero].as_ref().map(|committed| committed.offset);
        assert_eq!(committed, Some(30));
    });
}
