//! The facade: publishing, and handlers that are subscribed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_client::ErrorCode;
use ottla_client::messaging::{
    Broker, Carrier, Event, OnError, PublishOptions, ReaderOptions, WriterOptions, json,
};
use ottla_client::partitioner::PartitionerKind;
use tokio::sync::Notify;

use super::{Node, run};

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn what_is_published_comes_to_the_handler_with_its_key_and_headers_once_over_subscriptions() {
    let node = Node::start();
    run(async {
        let broker = Broker::new(node.client(), WriterOptions::default());
        broker.create_topic("t", 2, 1).await.expect("it is made");
        broker.create_topic("t", 2, 1).await.expect("it is there");
        let seen = Arc::new(Mutex::new(Vec::new()));
        for round in 0..2 {
            let noted = seen.clone();
            let subscription = broker.subscribe("t", "g", ReaderOptions::default(), move |event| {
                let trace = event.headers().get("traceparent").map(str::to_owned);
                let value: Vec<usize> = event.json().expect("it was published so");
                noted.lock().expect("no test panicked").push((event.record.key.clone(), value, trace));
                async { Ok(()) }
            });
            let subscription = subscription.await.expect("it subscribes");
            let mut headers = Carrier::default();
            headers.set("traceparent", format!("00-{round}"));
            let options = PublishOptions::default().key(format!("k{round}")).headers(headers);
            let value = json(&[round]).expect("numbers are JSON");
            let written =
                broker.publish("t", value, options).await.expect("it is written").expect("it waits");
            assert_eq!(written.offset, Some(0), "round robin: each time the other partition");
            until(|| seen.lock().expect("no test panicked").len() > round).await;
            subscription.stop().await.expect("the handler does not fail");
        }
        let seen = seen.lock().expect("no test panicked").clone();
        let expected =
            [0, 1].map(|round| (Some(format!("k{round}").into()), vec![round], Some(format!("00-{round}"))));
        assert_eq!(seen, expected);
        broker.close().await;
    });
}

#[test]
fn a_handler_that_fails_ends_its_subscription_or_is_passed_over() {
    let node = Node::start();
    run(async {
        let broker = Broker::new(node.client(), WriterOptions::default());
        let count = Arc::new(Mutex::new(0));
        let handler = |count: Arc<Mutex<usize>>| {
            move |event: Event| {
                *count.lock().expect("no test panicked") += 1;
                let is_bad = event.record.value.as_deref() == Some(b"bad");
                async move { if is_bad { Err("it is bad".into()) } else { Ok(()) } }
            }
        };
        let options = ReaderOptions::default().auto_create_topic(1, 1);
        let stops =
            broker.subscribe("t", "stop", options.clone(), handler(count.clone())).await.expect("subscribed");
        for value in ["good", "bad", "good"] {
            broker.publish("t", value, PublishOptions::default()).await.expect("it is written");
        }
        assert_eq!(stops.failed().await.expect_err("it fails").to_string(), "it is bad");
        assert_eq!(*count.lock().expect("no test panicked"), 2);
        let again =
            broker.subscribe("t", "stop", options.clone(), handler(count.clone())).await.expect("subscribed");
        assert!(again.failed().await.is_err(), "it was not acknowledged and comes again");
        assert_eq!(*count.lock().expect("no test panicked"), 3);

        let skips = options.on_error(OnError::Skip).commit_interval(Duration::from_millis(50));
        let skips = broker.subscribe("t", "skip", skips, handler(count.clone())).await.expect("subscribed");
        until(|| *count.lock().expect("no test panicked") == 6).await;
        skips.stop().await.expect("errors are passed over");
    });
}

#[test]
fn a_topic_that_is_not_there_is_made_only_if_that_is_wanted_and_the_completion_tells_what_became_of_it() {
    let node = Node::start();
    run(async {
        let broker = Broker::new(node.client(), WriterOptions::default());
        let error =
            broker.publish("absent", "v", PublishOptions::default()).await.expect_err("it is not there");
        assert_eq!(error.code(), Some(ErrorCode::UnknownTopicOrPartition));

        let completed = Arc::new(Mutex::new(0));
        let count = completed.clone();
        let options = WriterOptions::default().allow_auto_topic_creation(true).asynchronous(true);
        let options = options.completion(move |outcome| {
            assert!(outcome.is_ok());
            *count.lock().expect("no test panicked") += 1;
        });
        let broker = Broker::new(node.client(), options);
        for _ in 0..3 {
            let written = broker.publish("made", "v", PublishOptions::default()).await.expect("it is taken");
            assert!(written.is_none());
        }
        until(|| *completed.lock().expect("no test panicked") == 3).await;
        broker.delete_topic("made").await.expect("it is there");
    });
}

#[test]
fn what_the_options_do_not_name_is_configured_and_lag_is_told() {
    let node = Node::start();
    run(async {
        let writer = WriterOptions::default()
            .batch_size(1_usize)
            .configure(|config| config.partitioner(PartitionerKind::KafkaGoHash));
        let broker = Broker::new(node.client(), writer);
        broker.create_topic("t", 2, 1).await.expect("it is made");
        let mut partitions = BTreeSet::new();
        for _ in 0..4 {
            let options = PublishOptions::default().key("the same");
            let written = broker.publish("t", "v", options).await.expect("it is written").expect("it waits");
            partitions.insert(written.topic_partition.partition);
        }
        assert_eq!(partitions.len(), 1, "by its key, and not in turn");
        let reader = ReaderOptions::default()
            .retention_time(Some(Duration::from_secs(3600)))
            .configure(|config| config.max_poll_records(1_usize));
        let (first_is_done, is_released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, released) = (first_is_done.clone(), is_released.clone());
        let handler = move |event: Event| {
            let (tell, released) = (tell.clone(), released.clone());
            async move {
                if event.record.offset == 3 {
                    tell.notify_one();
                    released.notified().await;
                }
                Ok(())
            }
        };
        let subscription = broker.subscribe("t", "g", reader, handler).await.expect("it subscribes");
        first_is_done.notified().await;
        until(|| subscription.lag().values().eq([&0, &0])).await;
        is_released.notify_one();
        subscription.stop().await.expect("the handler does not fail");
        broker.close().await;
    });
}
